"""Brian2's exact solution of linear equations, in a form that costs less."""


def exact_by_variable(equations, variables=None, method_options=None, factor="({})".format):
    """Brian2's `exact`, with one factor for each variable that a new value depends on.

    Brian2 multiplies and divides each variable by one constant after the other. With all of them in
    one factor, `I*(tau_s*(exp(...) - exp(...))/(tau_s - tau_m))`, what neurons share is computed
    once in a step. A variable that stands still in a refractory neuron takes over its new value in
    an active one alone, so that is computed as in an active one. `factor` is how one is written.
    """
    from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
    from brian2.stateupdaters.exact import linear
    from sympy import Symbol, diff

    symbols = {name: Symbol(name, real=True) for name in equations.diff_eq_names}
    active = str_to_sympy("int(not_refractory)", variables)
    lines = []
    for line in linear(equations, variables, method_options).splitlines():
        new, _, solution = line.partition(" = ")
        name = new.removeprefix("_")
        if name == solution.removeprefix("_"):  # the new value is taken over
            lines.append(line)
            continue
        solution = str_to_sympy(solution, variables)
        if "unless refractory" in equations[name].flags:
            solution = solution.subs(active, 1)
        factors = {n: diff(solution, symbol) for n, symbol in symbols.items()}
        terms = [f"{n}*{factor(sympy_to_str(f))}" for n, f in factors.items() if f != 0]
        if (rest := solution.subs(dict.fromkeys(symbols.values(), 0))) != 0:
            terms.append(factor(sympy_to_str(rest)))
        lines.append(f"{new} = {' + '.join(terms)}")
    return "\n".join(lines)

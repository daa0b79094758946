"""How differential equations are integrated: each variable by a method of its own."""


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

    symbols = {name: Symbol(name, real=True) for name in sorted(equations.diff_eq_names)}
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


def by_variable(equations, variables=None, method_options=None):
    """A new value of each variable from the old ones of all, by the method of its part: `parts`
    has (a method of Brian2's or of ours, the variables that it integrates)."""
    from brian2 import Equations
    from brian2.stateupdaters.base import StateUpdateMethod

    computed, taken_over = [], []
    for method, names in method_options["parts"]:
        integrate = StateUpdateMethod.stateupdaters[method] if isinstance(method, str) else method
        others = set(equations.diff_eq_names) - set(names)
        part = Equations([e for e in equations.values() if e.varname not in others])
        for line in integrate(part, variables).splitlines():
            new, _, value = line.partition(" = ")
            (taken_over if value == f"_{new}" else computed).append(line)
    return "\n".join(computed + taken_over)


def exponential(equations, variables=None, method_options=None):
    """Exponential Euler: exact where an equation is linear in its own variable, if all else stands
    still in the step. Brian2's divides by the rate of decay, which may be 0; this one does not."""
    from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
    from sympy import Symbol, diff

    active = str_to_sympy("int(not_refractory)", variables)
    lines = []
    for name, expression in equations.get_substituted_expressions(variables):
        slope = str_to_sympy(expression.code, variables)
        if "unless refractory" in equations[name].flags:
            slope = slope.subs(active, 1)
        rate = sympy_to_str(diff(slope, Symbol(name, real=True)))
        lines.append(f"_{name} = {name} + dt*({sympy_to_str(slope)})*exprel(dt*({rate}))")
    return "\n".join([*lines, *(f"{name} = _{name}" for name in sorted(equations.diff_eq_names))])

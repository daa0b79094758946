"""How differential equations are integrated: each variable by its own method."""


def exact_by_variable(equations, variables=None, method_options=None, written=None):
    """Brian2's `exact`, with one factor for each variable that a new value depends on.

    Brian2 multiplies and divides each variable by one constant after another. With all constants in
    one factor, `I*(tau_s*(exp(...) - exp(...))/(tau_s - tau_m))`, what neurons share is computed
    once per step. A variable that is frozen in a refractory neuron takes its new value only in an
    active one, so the value is computed as in an active neuron. `written` turns a factor into code.
    """
    from brian2 import linear
    from brian2.parsing.sympytools import str_to_sympy, sympy_to_str

    zero = {str_to_sympy(name, variables): 0 for name in sorted(equations.diff_eq_names)}
    lines = linear(equations, variables, method_options).splitlines()
    for k, line in enumerate(lines[: len(zero)]):  # of new values, which the others take over
        new, _, solution = line.partition(" = ")
        solution = str_to_sympy(solution, variables)
        if "unless refractory" in equations[new[1:]].flags:
            solution = solution.subs(str_to_sympy("int(not_refractory)", variables), 1)
        factors = {f"{old}*": solution.diff(old) for old in zero} | {"": solution.subs(zero)}
        terms = [f"{old}({(written or sympy_to_str)(f)})" for old, f in factors.items() if f != 0]
        lines[k] = f"{new} = {' + '.join(terms)}"
    return "\n".join(lines)


def solve_quickly():
    """Make sympy compute exp() of a matrix, by which Brian2 solves linear equations, separately for
    each independent part, and see whether an entry is 0 without trying numbers. The code is the
    same to the letter. As one matrix, nine independent decaying traces took sympy 5 s, and a
    membrane with one current 0.6 s."""
    import sympy

    whole = sympy.Matrix.exp
    if hasattr(whole, "of_whole"):
        return

    def is_zero(entry):
        known = entry.is_zero
        return sympy.cancel(entry) == 0 if known is None else known

    simplify, _ = sympy.Matrix.nullspace.__defaults__
    sympy.Matrix.nullspace.__defaults__ = simplify, is_zero

    def exp(matrix):
        parts = independent(matrix)
        # If there is one decimal number anywhere, sympy writes 1.0*x for x everywhere.
        if parts is None or matrix.has(sympy.Float):
            return whole(matrix)
        found = sympy.zeros(matrix.rows)
        for part in parts:
            own = matrix.extract(part, part)
            solved = own.applyfunc(sympy.exp) if len(part) == 1 else whole(own)
            for row, i in enumerate(part):
                for column, j in enumerate(part):
                    found[i, j] = solved[row, column]
        return found

    exp.of_whole = whole  # type: ignore[attr-defined]
    sympy.Matrix.exp = exp


def independent(matrix):
    """The indices of a square matrix, grouped into parts that no entry joins; None if that is the
    whole."""
    part = list(range(matrix.rows))
    for i, j in matrix.todok():
        joined, other = part[i], part[j]
        part = [joined if k == other else k for k in part]
    found = [[i for i, k in enumerate(part) if k == one] for one in dict.fromkeys(part)]
    return found if len(found) > 1 else None


def at_equal_rates(method, equal):
    """`exact_by_variable` or `exact_in_single`, for pairs of variables whose rates may be equal."""

    def with_pairs(equations, variables=None, method_options=None):
        lines, written = where_rates_are_equal(equations, variables, equal)
        code = method(equations, variables, method_options, written)
        return "\n".join([*lines, code])

    return with_pairs


def where_rates_are_equal(equations, variables, pairs):
    """Lines of code, and a function that writes a factor of an exact solution so that it holds when
    the rates of a pair are equal: (exp(a*dt) - exp(d*dt))/(a - d) is then dt*exp(d*dt).

    In an element, at most one of the pairs that a factor divides by is equal. Elsewhere the
    original factor is used, with the same value to the last bit. Only if a pair is equal is that
    factor computed with another parameter, so that it is finite, and multiplied by 0.
    """
    import re

    from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
    from sympy import Symbol, diff, solve

    active = str_to_sympy("int(not_refractory)", variables)
    found = equations.get_substituted_expressions(variables)
    slopes = {name: str_to_sympy(code.code, variables).subs(active, 1) for name, code in found}
    rates = {name: diff(s, Symbol(name, real=True)) for name, s in slopes.items()}
    lines, poles, moved = [], [], {}
    for k, (later, earlier) in enumerate(pairs):
        a, d = rates[later], rates[earlier]
        own = a.free_symbols - d.free_symbols or d.free_symbols - a.free_symbols
        symbol = min(own or a.free_symbols, key=str)
        poles.append((symbol, solve(a - d, symbol)[0]))
        moved.setdefault(symbol, 0.3 + 0.2 * k)
        a, d = sympy_to_str(a), sympy_to_str(d)
        lines.append(f"equal__{k} = int(abs(({a}) - ({d})) <= 1e-12*abs({a}))")

    def apart(text, by):
        """An expression, in code, that is finite even if one of these pairs is equal."""
        for symbol in moved if by else ():
            other = "__".join([f"{symbol}__apart", *map(str, by)])
            sum_of = " + ".join(f"equal__{k}" for k in by)
            if (line := f"{other} = {symbol}*(1 + {moved[symbol]:g}*({sum_of}))") not in lines:
                lines.append(line)
            text = re.sub(rf"\b{symbol}\b", other, text)
        return text

    def written(expression):
        limits = {}
        for k, (symbol, value) in enumerate(poles):
            at_pole = limit(expression.subs(active, 1), symbol, value)
            if at_pole is not None:
                limits[k] = f"({sympy_to_str(at_pole)})"
        if not limits:
            return sympy_to_str(expression)
        terms = [
            f"(1 - {' - '.join(f'equal__{k}' for k in limits)})"
            f"*({apart(sympy_to_str(expression), [*limits])})"
        ]
        for k, text in limits.items():
            if expression.has(active):  # while a variable is frozen, its rate is 0
                still = sympy_to_str(expression.subs(active, 0))
                text = f"(int(not_refractory)*{text} + (1 - int(not_refractory))*({still}))"
            terms.append(f"equal__{k}*{apart(text, [j for j in limits if j != k])}")
        return " + ".join(terms)

    return lines, written


def limit(expression, symbol, value):
    """The limit of a sum at a value of a symbol where some of its terms are 0/0; None if none
    is."""
    from sympy import Float, Integer, Rational, diff, fraction, nsimplify, simplify, together

    any_pole, found = False, Integer(0)
    for term in nsimplify(expression, rational=True).as_ordered_terms():
        numerator, denominator = fraction(together(term))
        if simplify(denominator.subs(symbol, value)) != 0:
            found += term.subs(symbol, value)
            continue
        any_pole = True
        above, below = (
            simplify(diff(x, symbol).subs(symbol, value)) for x in (numerator, denominator)
        )
        found += above / below
    decimal = {r: Float(r) for r in found.atoms(Rational) if not r.is_Integer}
    return found.xreplace(decimal) if any_pole else None


def by_variable(equations, variables=None, method_options=None):
    """New values from the old values of all variables. `parts` are (a method, its variables)."""
    from brian2 import Equations
    from brian2.stateupdaters.base import StateUpdateMethod

    lines = []
    for method, names in method_options["parts"]:
        integrate = StateUpdateMethod.stateupdaters[method] if isinstance(method, str) else method
        others = equations.diff_eq_names - set(names)
        part = Equations([e for e in equations.values() if e.varname not in others])
        lines += [line.partition(" = ") for line in integrate(part, variables).splitlines()]
    lines.sort(key=lambda line: line[2] == f"_{line[0]}")  # new values are taken over at the end
    return "\n".join(map("".join, lines))


def exponential(equations, variables=None, method_options=None):
    """Exponential Euler that does not divide by a decay rate, which may be 0.

    It is exact if an equation is linear in its own variable and everything else is constant during
    the step. Brian2's version divides by the rate.
    """
    from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
    from sympy import Symbol, diff

    lines = []
    for name, expression in equations.get_substituted_expressions(variables):
        slope = str_to_sympy(expression.code, variables)
        if "unless refractory" in equations[name].flags:
            slope = slope.subs(str_to_sympy("int(not_refractory)", variables), 1)
        rate = sympy_to_str(diff(slope, Symbol(name, real=True)))
        lines.append(f"_{name} = {name} + dt*({sympy_to_str(slope)})*exprel(dt*({rate}))")
    return "\n".join([*lines, *(f"{name} = _{name}" for name in sorted(equations.diff_eq_names))])

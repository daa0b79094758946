"""Expressions, equations and statements as LaTeX, for the tables that describe a model."""

from __future__ import annotations

import re

from ..language import ast
from ..language.printer.expressions import print_expr

_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
# Names that the library's rules, and papers, write as one word.
_JOINED = re.compile(rf"([A-Za-z]|{'|'.join(sorted(_GREEK))})(pre|post|max|min|plus|minus|rest)")
_SIGNS = {
    "<=": r"\leq",
    ">=": r"\geq",
    "!=": r"\neq",
    "==": "=",
    "and": r"\wedge",
    "or": r"\vee",
    "%": r"\,\mathrm{mod}\,",
    "<": "<",
    ">": ">",
    "+": "+",
    "-": "-",
}
_LEVEL = {"or": 1.0, "and": 2.0, "+": 5.0, "-": 5.0, "%": 5.5, "*": 6.0, "**": 8.0}
_COMPARE = 4.0
# What needs brackets only as the base of a power, and what never needs them.
_UNARY, _WHOLE, _ATOM = 7.0, 8.0, 9.0
_NAMED = frozenset("exp log sin cos tan sinh cosh tanh arcsin arccos arctan min max".split())
_UPRIGHT_UNITS = {"ohm": r"\Omega", "1": "1"}


def identifier(name: str) -> str:
    r"""`tau_m` as \tau_{\mathrm{m}}, `v_post` as v_{\mathrm{post}}, `wmax` as w_{\mathrm{max}}."""
    head, *below = [part for part in name.split("_") if part] or [name]
    joined = _JOINED.fullmatch(head)
    if joined:
        head, below = joined[1], [joined[2], *below]
    text = _letters(head)
    index = ",".join(map(_letters, below))
    return f"{text}_{{{index}}}" if index else text


def _letters(word: str) -> str:
    if word in _GREEK:
        return f"\\{word}"
    return word if len(word) == 1 and word.isalpha() else f"\\mathrm{{{word}}}"


def unit(node: ast.Unit) -> str:
    """A unit in upright letters; nothing for `1`."""
    found = []
    for factor in node.factors:
        name = _UPRIGHT_UNITS.get(factor.name, f"\\mathrm{{{factor.name}}}")
        power = "" if factor.exponent == 1 else f"^{{{factor.exponent}}}"
        found.append(f"{name}{power}")
    return r"\,".join(found)


def formula(expr: ast.Expr) -> str:
    """An expression in LaTeX's mathematics."""
    return _formula(expr)[0]


def _formula(expr: ast.Expr) -> tuple[str, float]:
    """The text, and how tightly it binds."""
    match expr:
        case ast.Number():
            return _number(expr.text), _WHOLE if "e" in expr.text.lower() else _ATOM
        case ast.Quantity():
            return f"{_number(expr.text)}\\,{unit(expr.unit)}", _WHOLE
        case ast.Name():
            return identifier(expr.id), _ATOM
        case ast.Unary():
            sign = r"\neg " if expr.op == "not" else expr.op
            return f"{sign}{_inside(expr.operand, _UNARY)}", _UNARY
        case ast.Binary():
            return _binary(expr)
        case ast.Call():
            return _call(expr)
        case ast.ListExpr():
            tail = f"\\,{unit(expr.unit)}" if expr.unit else ""
            return f"[{', '.join(map(formula, expr.items))}]{tail}", _ATOM
        case ast.DataExpr():
            return r"\mathrm{from\ a\ file}", _ATOM
    return f"\\mathrm{{{_plain(print_expr(expr))}}}", _ATOM


def _number(text: str) -> str:
    mantissa, _, power = text.lower().partition("e")
    if not power:
        return mantissa
    ten = f"10^{{{int(power)}}}"
    return ten if mantissa == "1" else f"{mantissa} \\cdot {ten}"


def _inside(expr: ast.Expr, level: float) -> str:
    text, binds = _formula(expr)
    return text if binds >= level else f"\\left({text}\\right)"


def _binary(expr: ast.Binary) -> tuple[str, float]:
    op = expr.op
    if op == "/":
        return f"\\frac{{{formula(expr.left)}}}{{{formula(expr.right)}}}", _WHOLE
    if op == "//":
        fraction = f"\\frac{{{formula(expr.left)}}}{{{formula(expr.right)}}}"
        return f"\\left\\lfloor {fraction}\\right\\rfloor", _ATOM
    if op == "**":
        return f"{_inside(expr.left, _ATOM)}^{{{formula(expr.right)}}}", _LEVEL["**"]
    level = _LEVEL.get(op, _COMPARE)
    left = _inside(expr.left, level + (op not in ("+", "*", "and", "or", "-")))
    right = _inside(expr.right, level + (op in ("-", "%") or level == _COMPARE))
    if right.startswith("-") and level > _COMPARE:
        right = f"\\left({right}\\right)"
    if op == "*":
        dot = r" \cdot " if right[:1].isdigit() else r"\,"
        return f"{left}{dot}{right}", level
    return f"{left} {_SIGNS[op]} {right}", level


def _call(call: ast.Call) -> tuple[str, float]:
    name, given = call.func.id, [formula(a) for a in call.args]
    given += [f"{identifier(k.name.id)} = {formula(k.value)}" for k in call.kwargs]
    listed = ", ".join(given)
    if name == "sqrt":
        return f"\\sqrt{{{listed}}}", _ATOM
    if name == "abs":
        return f"\\left|{listed}\\right|", _ATOM
    if name in ("floor", "ceil"):
        return f"\\left\\l{name} {listed}\\right\\r{name}", _ATOM
    if (
        name == "int"
        and isinstance(call.args[0], ast.Binary)
        and call.args[0].op
        in (
            "<",
            "<=",
            ">",
            ">=",
            "==",
            "!=",
            "and",
            "or",
        )
    ):
        return f"\\left[{listed}\\right]", _ATOM  # Iverson bracket: 1 if the condition holds
    word = f"\\{name}" if name in _NAMED else f"\\mathrm{{{_plain(name)}}}"
    return f"{word}\\left({listed}\\right)", _WHOLE


def equation(node: ast.Equation) -> str:
    """`dv/dt = ...`, `x = ...`, or the variable alone."""
    name = identifier(node.name.id)
    if node.kind == "ode":
        assert node.rhs is not None
        return f"\\frac{{\\mathrm{{d}}{name}}}{{\\mathrm{{d}}t}} = {formula(node.rhs)}"
    return name if node.rhs is None else f"{name} = {formula(node.rhs)}"


def statement(node: ast.Statement) -> str:
    """`w += apost` as w \\leftarrow w + apost."""
    match node:
        case ast.Update():
            name = identifier(node.target.id)
            if node.op == "=":
                return f"{name} \\leftarrow {formula(node.value)}"
            op = node.op[0]
            if op in "+-":
                right = formula(node.value) if op == "+" else _inside(node.value, 6)
                return f"{name} \\leftarrow {name} {op} {right}"
            if op == "*":
                return f"{name} \\leftarrow {name} \\, {_inside(node.value, 6)}"
            return f"{name} \\leftarrow \\frac{{{name}}}{{{formula(node.value)}}}"
        case ast.Deliver():
            return "\\mathrm{deliver}" + (f"\\; {formula(node.value)}" if node.value else "")
        case ast.Normalise():
            name, side = identifier(node.variable.id), node.side.id
            total = formula(node.total)
            whole = f"\\sum_{{\\mathrm{{{side}}}}} {name}"
            return f"{name} \\leftarrow {name} \\, \\frac{{{total}}}{{{whole}}}"
    return ""


def _plain(name: str) -> str:
    return name.replace("_", r"\_")

"""How the equations of an object are integrated: the `method` of its group or synapses, and what is
held in single precision."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from ...check.integration import Integration
from ...ir import Connection, Equation, Group, Parameter, constant
from ..equations import is_computed


def integrated(
    how: Integration | None, single: Sequence[str], equations: Sequence[Equation] = ()
) -> list[str]:
    """The arguments for the integration of equations and for single precision."""
    parts = integration(how, bool(single), equations) if how and how.parts else []
    found = [f"{key}={value}" for key, value in parts]
    found = [text.replace("'", '"') for text in found]
    if single:
        found.append(f"dtype={{{', '.join(f'{name!r}: np.float32' for name in single)}}}")
    return [text.replace("'", '"') for text in found]


def held(parameters: Iterable[Parameter], shared: bool) -> list[Equation]:
    """Equations for the parameters that an object holds, per element or shared."""
    return [constant(p.name, p.unit, *(["shared"] if shared else [])) for p in parameters]


def integration(
    how: Integration, single: bool, equations: Sequence[Equation] = ()
) -> list[tuple[str, str]]:
    """The arguments for the integration of equations. For variables that decay independently,
    Brian2's own `exact` gives the same code."""
    ours = {
        "exact": "exact_in_single" if single else "exact_by_variable",
        "exponential": "exponential",
    }
    parts = []
    for method, names in how.parts:
        text = ours.get(method) or f'"{method}"'
        if text == "exact_by_variable" and len(names) == 1 and decays(names[0], equations):
            text = '"exact"'
        equal = [pair for pair in how.equal if method == "exact" and {*pair} <= {*names}]
        parts.append((f"at_equal_rates({text}, {equal})" if equal else text, list(names)))
    if {text for text, _ in parts} <= {'"exact"', "exact_by_variable"} and not decimals(equations):
        # Brian2 solves them together as it would separately.
        parts = [max(parts, default=(ours["exact"], []))]
    if len(parts) < 2:
        return [("method", parts[0][0])]
    listed = ", ".join(f"({method}, {names})" for method, names in parts)
    return [("method", "by_variable"), ("method_options", f'{{"parts": [{listed}]}}')]


def decimals(equations: Sequence[Equation]) -> bool:
    """Whether equations contain a decimal number. If one is there, sympy prints all numbers as
    decimals."""
    nodes = (n for e in equations if e.rhs for n in ast.walk(ast.parse(e.rhs, mode="eval")))
    return any(isinstance(n, ast.Constant) and isinstance(n.value, float) for n in nodes)


def decays(name: str, equations: Sequence[Equation]) -> bool:
    """Whether a variable only decays, with a time constant that is a name or a whole number. Its
    solution is then one product, `x*exp(-dt/tau)`, in whatever order its factors come."""
    e = next((e for e in equations if e.name == name and e.kind == "differential"), None)
    if e is None or "unless refractory" in e.flags:
        return False
    match ast.parse(e.rhs, mode="eval").body:
        case ast.BinOp(ast.UnaryOp(ast.USub(), ast.Name(id=x)), ast.Div(), tau) if x == name:
            match tau:
                case ast.Name(id=named):
                    return not is_computed(equations, named)
                case ast.BinOp(ast.Constant(value=int()), ast.Mult(), ast.Name()):
                    return True
    return False


def uses_double(part: Group | Connection) -> bool:
    """Whether factors of the solution are computed in double precision and then rounded."""
    how = part.integration
    return bool(part.single) and how is not None and any(m == "exact" for m, _ in how.parts)

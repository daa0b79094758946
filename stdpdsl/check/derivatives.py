"""`dvdt = ...` for `dv/dt = ...`: reported once, and then read as intended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..language import ast
from ..language.diagnostics import Diagnostic
from ..language.source import Span

_SLIP = re.compile(r"d(\w+?)_?dt")


def mended(spec: ast.Spec) -> tuple[ast.Spec, list[Diagnostic]]:
    """The spec with such equations as derivatives, and the diagnostic for each."""
    found: list[Diagnostic] = []
    declarations: list[ast.Declaration] = []
    known = {item.name.id for part in spec.of(ast.Constants) for item in part.items}
    for node in spec.declarations:
        slips, whole = len(found), node
        if isinstance(node, ast.Neuron):
            whole = replace(node, equations=tuple(_each(node, node.equations, known, found)))
        elif isinstance(node, ast.Rule):
            whole = replace(
                node,
                equations=tuple(_each(node, node.equations, known, found)),
                post_equations=tuple(_each(node, node.post_equations, known, found)),
            )
        declarations.append(whole if len(found) > slips else node)
    return (replace(spec, declarations=tuple(declarations)) if found else spec), found


def _each(
    model: ast.Neuron | ast.Rule,
    equations: tuple[ast.Equation, ...],
    known: set[str],
    found: list[Diagnostic],
) -> Iterator[ast.Equation]:
    own = {p.name.id for p in model.parameters} | {e.name.id for e in model.equations}
    own |= {e.name.id for e in getattr(model, "post_equations", ())}
    for equation in equations:
        slip = _SLIP.fullmatch(equation.name.id) if equation.kind == "subexpression" else None
        if slip is None or slip[1] in own | known or not _used(model, slip[1]):
            yield equation
            continue
        at = equation.name.span
        found.append(
            Diagnostic(
                "NAME027",
                at,
                f"`{at.text}` is a plain name, not the derivative of `{slip[1]}`",
                help=f"write `d{slip[1]}/dt`",
            )
        )
        start = at.start + 1
        name = ast.Ident(slip[1], span=Span(at.source, start, start + len(slip[1])))
        yield replace(equation, kind="ode", name=name)


def _used(model: ast.Node, name: str) -> bool:
    return any(isinstance(n, ast.Name | ast.Ident) and n.id == name for n in ast.walk(model))

"""Neurons and rules, with their equations and statements."""

from __future__ import annotations

from .. import ast
from .expressions import print_expr, print_unit
from .lines import WIDTH, assigned, block, clause, doc_lines, indented, inline, layout, lines_of


@layout.register
def _(node: ast.Update) -> list[str]:
    return [f"{node.target.id} {node.op} {print_expr(node.value)}"]


@layout.register
def _(node: ast.Deliver) -> list[str]:
    return ["deliver" if node.value is None else f"deliver {print_expr(node.value)}"]


@layout.register
def _(node: ast.Normalise) -> list[str]:
    return [f"normalise {node.variable.id} per {node.side.id} to {print_expr(node.total)}"]


@layout.register
def _(node: ast.Equation) -> list[str]:
    text = f"d{node.name.id}/dt" if node.kind == "ode" else node.name.id
    if node.rhs is not None:
        text += f" = {print_expr(node.rhs)}"
    text += f" : {print_unit(node.unit)}"
    if node.bounds:
        text += f" in [{print_expr(node.bounds.low)}, {print_expr(node.bounds.high)}]"
    if node.flags:
        text += " (" + ", ".join(" ".join(w.id for w in words) for words in node.flags) + ")"
    return [text]


@layout.register
def _(node: ast.Handler) -> list[str]:
    after = f" after {print_expr(node.after)}" if node.after is not None else ""
    side = f" {node.side.id}" if node.side is not None else ""
    return inline(f"on {node.trigger.id}{side}{after}", node.body)


@layout.register
def _(node: ast.Every) -> list[str]:
    return inline(f"every {print_expr(node.period)}", node.body)


@layout.register
def _(node: ast.Event) -> list[str]:
    return clause(f"event {node.name.id}", node.condition)


@layout.register
def _(node: ast.Constants) -> list[str]:
    return block("constants", node.items)


@layout.register
def _(node: ast.Use) -> list[str]:
    return [f'use "{node.path.value}"']


@layout.register
def _(node: ast.Neuron) -> list[str]:
    lines = doc_lines(node.doc) if node.doc else []
    lines += block("parameters", node.parameters)
    lines += block("equations", node.equations)
    lines += clause("threshold", node.threshold)
    lines += inline("reset", node.reset) if node.reset else []
    lines += clause("refractory", node.refractory)
    lines += inline("initial", node.initial) if node.initial else []
    for part in (*node.events, *node.handlers, *node.every):
        lines += lines_of(part)
    lines += clause("method", node.method)
    return [f"neuron {node.name.id}:", *indented(lines)]


@layout.register
def _(node: ast.Rule) -> list[str]:
    lines = doc_lines(node.doc) if node.doc else []
    lines += block("requires post", node.requires)
    lines += block("ports", node.ports)
    lines += block("parameters", node.parameters)
    lines += block("presets", node.presets)
    lines += block("equations", node.equations)
    lines += block("post equations", node.post_equations)
    lines += inline("post reset", node.post_reset) if node.post_reset else []
    lines += inline("initial", node.initial) if node.initial else []
    lines += block("advance", node.advance)
    for handler in node.handlers:
        lines += lines_of(handler)
    lines += clause("method", node.method)
    return [f"rule {node.name.id}:", *indented(lines)]


@layout.register
def _(node: ast.Requirement) -> list[str]:
    return [f"{node.name.id} : {print_unit(node.unit)}"]


@layout.register
def _(node: ast.Port) -> list[str]:
    return [node.name.id if node.unit is None else f"{node.name.id} : {print_unit(node.unit)}"]


@layout.register
def _(node: ast.Preset) -> list[str]:
    line = f"{node.name.id}: {assigned(node.values)}"
    if node.doc or len(line) > WIDTH:
        return block(node.name.id, (node.doc, *node.values))
    return [line]

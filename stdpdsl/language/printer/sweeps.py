"""Sweeps and searches."""

from __future__ import annotations

from .. import ast
from .expressions import print_expr, print_path, print_unit
from .lines import Line, block, clause, indented, layout, lines_of


@layout.register
def _(node: ast.Sweep) -> list[str]:
    lines: list[str] = []
    for part in node.parts:
        lines += lines_of(part)
    lines += block("derive", node.derive)
    lines += clause("where", node.where)
    lines += clause("replicates", node.replicates)
    lines += clause("replicate", node.replicate)
    if node.refine is not None:
        trials = f" in {print_expr(node.refine.trials)} trials" if node.refine.trials else ""
        value = print_expr(node.refine.value)
        lines.append(f"refine: {value} to {print_limit(node.refine.limit)}{trials}")
    return ["sweep:", *indented(lines)]


def print_limit(node: ast.Limit) -> str:
    return print_expr(node.value) + (" %" if node.percent else "")


@layout.register
def _(node: ast.Table) -> list[str]:
    head = [
        print_path(h.path) + (f" [{print_unit(h.unit)}]" if h.unit else "") for h in node.headers
    ]
    rows = [head, *([print_expr(cell) for cell in row] for row in node.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    places = [node.headers[0].span, *(row[0].span.to(row[-1].span) for row in node.rows)]
    lines = (
        Line("| " + " | ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)) + " |", span)
        for row, span in zip(rows, places, strict=True)
    )
    return ["table:", *indented(lines)]


@layout.register
def _(node: ast.Axis) -> list[str]:
    return [f"{print_path(node.path)} = {print_expr(node.value)}"]


@layout.register
def _(node: ast.Grid) -> list[str]:
    return block("grid", node.axes)


@layout.register
def _(node: ast.Zip) -> list[str]:
    return block("zip", node.axes)


@layout.register
def _(node: ast.FromFile) -> list[str]:
    return [f'from: "{node.path.value}"']


@layout.register
def _(node: ast.RandomSamples) -> list[str]:
    axes = [line for axis in node.axes for line in lines_of(axis)]
    return [f"{node.design}: {print_expr(node.samples)} samples", *indented(axes)]


@layout.register
def _(node: ast.Search) -> list[str]:
    lines = block("over", node.over)
    if node.data is not None:
        lines.append(f'data: from "{node.data.path.value}"')
    if node.compare is not None:
        error = f" within {node.compare.error.id}" if node.compare.error else ""
        compared = print_expr(node.compare.value)
        lines.append(f"compare: {compared} to {node.compare.observed.id}{error}")
    for objective in node.objectives:
        lines += clause(objective.direction, objective.value)
    for constraint in node.constraints:
        lines += clause("subject to", constraint)
    lines += clause("method", node.method)
    lines += clause("trials", node.trials)
    lines += clause("batch", node.batch)
    if node.stop is not None:
        lines.append(f"stop: no improvement in {print_expr(node.stop)} trials")
    if node.difference is not None:
        lines.append(f"stop: no difference above {print_limit(node.difference)}")
    if node.early is not None:
        reasons = " or ".join(r.id for r in node.early.reasons)
        lines.append(f"stop trials: {reasons} after {print_expr(node.early.after)}")
    lines += clause("seed", node.seed)
    return [f"{type(node).__name__.lower()}:", *indented(lines)]

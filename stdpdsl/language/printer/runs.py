"""Recording, measures and runs."""

from __future__ import annotations

from .. import ast
from .expressions import print_expr, print_path, print_slice
from .lines import block, clause, indented, layout, lines_of, names, with_text


@layout.register
def _(node: ast.Record) -> list[str]:
    lines: list[str] = []
    previous: ast.RecordSpikes | ast.RecordState | None = None
    for item in node.items:
        (line,) = lines_of(item)
        if _is_one_line(previous, item):
            more = line[line.index(" of ") + 4 : line.index(" every ")]
            lines[-1] = with_text(line, lines[-1].replace(" every ", f", {more} every ", 1))
        else:
            lines.append(line)
        previous = item
    return ["record:", *indented(lines)] if lines else []


def _is_one_line(
    a: ast.RecordSpikes | ast.RecordState | None, b: ast.RecordSpikes | ast.RecordState
) -> bool:
    """Whether two components come from one line of the source: `w of ee, ie every 1 s`."""
    if not (isinstance(a, ast.RecordState) and isinstance(b, ast.RecordState)):
        return False
    said = ((x.span, x.variables, x.every, x.window) for x in (a, b))
    return next(said) == next(said)


@layout.register
def _(node: ast.RecordSpikes) -> list[str]:
    parts = zip(node.layers, node.parts, strict=True)
    layers = ", ".join(f"{layer.id}{print_slice(part)}" for layer, part in parts)
    what = names(node.events) if node.events else "spikes"
    return [f"{what} of {layers}{_window(node.window)}"]


@layout.register
def _(node: ast.RecordState) -> list[str]:
    of = f"{node.component.id}{print_slice(node.part)}"
    text = f"{names(node.variables)} of {of} every {print_expr(node.every)}"
    return [f"{text}{_window(node.window)}"]


def _window(node: ast.Window) -> str:
    text = "" if node.start is None else f" from {print_expr(node.start)}"
    text += "" if node.stop is None else f" to {print_expr(node.stop)}"
    text += "" if node.phases is None else f" in phase {names(node.phases)}"
    if node.blocks is not None:
        text += f" in blocks {', '.join(map(print_expr, node.blocks))}"
    return text


@layout.register
def _(node: ast.Measures) -> list[str]:
    return block("measure", node.items)


@layout.register
def _(node: ast.Measure) -> list[str]:
    of = f" of {node.component.id}" if node.component else ""
    return [f"{node.name.id}{of} = {print_expr(node.value)}"]


@layout.register
def _(node: ast.Run) -> list[str]:
    lines = clause("duration", node.duration)
    lines += clause("dt", node.dt)
    lines += clause("seed", node.seed)
    lines += clause("precision", node.precision)
    lines += block("phases", node.stretches)
    return ["run:", *indented(lines)]


@layout.register
def _(node: ast.Repeated) -> list[str]:
    return block(f"repeat {print_expr(node.count)}", node.phases)


@layout.register
def _(node: ast.Phase) -> list[str]:
    parts = [print_expr(node.duration), *(_modifier(m) for m in node.modifiers)]
    return [f"{node.name.id}: {', '.join(parts)}"]


def _modifier(node: ast.Modifier) -> str:
    match node:
        case ast.PlasticityOff():
            return "plasticity off"
        case ast.Frozen():
            return f"{node.connection.id} frozen"
        case ast.Off():
            return f"{node.connection.id} off"
        case ast.Store():
            return f"store {node.name.id}{' at start' if node.at_start else ''}"
        case ast.Restore():
            paths = " and ".join(print_path(path) for path in node.paths)
            return f"restore {node.name.id}{f' {node.word} {paths}' if paths else ''}"
        case ast.Until():
            of = f"({node.variable.id})" if node.variable else ""
            goal = f"{node.relation} {print_expr(node.goal)} every {print_expr(node.every)}"
            return f"until {node.measure.id}{of} of {node.component.id} {goal}"
        case ast.SetValue():
            return f"set {print_path(node.path)} = {print_expr(node.value)}"

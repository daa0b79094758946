"""The canonical text of a tree: what `stdpdsl fmt` writes.

`parse(print_spec(spec)) == spec`, and printing what was printed changes nothing. Comments are not
in the tree: comments.py puts them back, by the places that the lines remember.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from . import ast
from .ast import Expr, Node
from .builtins import PATTERNS
from .source import Span

INDENT = "    "
WIDTH = 100

# How tightly an operator binds; the operands of a tighter one stand in parentheses.
_LEVEL = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "**": 8}
_COMPARE, _SIGN, _ATOM = 4, 7, 9


# Expressions ------------------------------------------------------------------------------------


def print_expr(expr: Expr) -> str:
    """An expression with as few parentheses as possible."""
    return _expr(expr)[0]


def print_unit(unit: ast.Unit) -> str:
    """`nS/cm**2`; the empty product is `1`."""
    text = ""
    for factor in unit.factors:
        exponent = factor.exponent
        if text:
            text += "/" if exponent < 0 else "*"
            exponent = abs(exponent)
        text += factor.name if exponent == 1 else f"{factor.name}**{exponent}"
    return text or "1"


def print_path(path: ast.Path) -> str:
    return path.dotted


def _expr(expr: Expr) -> tuple[str, int]:
    """The text, and how tightly its outermost operator binds."""
    match expr:
        case ast.Number():
            return expr.text, _ATOM
        case ast.Quantity():
            return f"{expr.text} {print_unit(expr.unit)}", _ATOM
        case ast.Name():
            return expr.id, _ATOM
        case ast.StringExpr():
            return f'"{expr.value}"', _ATOM
        case ast.Unary(op="not"):
            return f"not {_operand(expr.operand, _LEVEL['not'])}", _LEVEL["not"]
        case ast.Unary():
            return f"{expr.op}{_operand(expr.operand, _SIGN)}", _SIGN
        case ast.Binary():
            return _binary(expr)
        case ast.Call():
            given = [print_expr(arg) for arg in expr.args]
            given += [f"{k.name.id} = {print_expr(k.value)}" for k in expr.kwargs]
            suffix = " independent per block" if expr.independent else ""
            return f"{expr.func.id}({', '.join(given)}){suffix}", _ATOM
        case ast.ListExpr():
            unit = f" {print_unit(expr.unit)}" if expr.unit else ""
            return f"[{', '.join(map(print_expr, expr.items))}]{unit}", _ATOM
        case ast.DataExpr():
            return _data(expr), _ATOM
    raise TypeError(f"no expression: {expr!r}")


def _data(expr: ast.DataExpr) -> str:
    text = f'from "{expr.path.value}"'
    if expr.component is not None:
        kind = "layer" if expr.is_layer else "connection"
        text = f'from results "{expr.path.value}" {kind} {expr.component.value}'
    text += f" column {expr.column.value}" if expr.column is not None else ""
    return text + (f" block {expr.block.text}" if expr.block is not None else "")


def _operand(expr: Expr, level: int) -> str:
    text, own = _expr(expr)
    return text if own >= level else f"({text})"


def _binary(expr: ast.Binary) -> tuple[str, int]:
    level = _LEVEL.get(expr.op, _COMPARE)
    if expr.op == "**":
        # `5 ms**2` would square the unit.
        left = _operand(expr.left, _ATOM + isinstance(expr.left, ast.Quantity))
        return f"{left}**{_operand(expr.right, _SIGN)}", level
    left = _operand(expr.left, level + (level == _COMPARE))
    return f"{left} {expr.op} {_operand(expr.right, level + 1)}", level


# Specs ------------------------------------------------------------------------------------------


class Line(str):
    """A line that knows which part of the source it prints; a header, where that starts."""

    span: Span

    def __new__(cls, text: str, span: Span) -> Line:
        line = super().__new__(cls, text)
        line.span = span
        return line


def print_spec(spec: ast.Spec) -> str:
    """The canonical text of a file, without its comments."""
    return "\n".join(spec_lines(spec)) + "\n"


def print_node(node: Node) -> str:
    """The canonical text of a declaration, clause, statement or equation, without a line feed."""
    return "\n".join(_lines(node))


def spec_lines(spec: ast.Spec) -> list[str]:
    lines = _doc(spec.doc) if spec.doc else []
    if spec.model:
        lines.append(Line(f"model {spec.model.id}", spec.model.span))
    previous: ast.Declaration | None = None
    for declaration in spec.declarations:
        together = isinstance(declaration, ast.Use) and isinstance(previous, ast.Use)
        lines += [""] if lines and not together else []
        lines += _lines(declaration)
        previous = declaration
    return lines


def _indented(lines: Iterable[str]) -> list[str]:
    return [_like(line, INDENT + line) if line else "" for line in lines]


def _like(line: str, text: str) -> str:
    """Another text at the same place."""
    return Line(text, line.span) if isinstance(line, Line) else text


def _doc(doc: ast.Doc) -> list[str]:
    first, *rest = doc.text.split("\n")
    if not rest and not first.endswith('"'):
        return [Line(f'"""{first}"""', doc.span)]
    if rest and all(line[:1] in ("", " ", "\t") for line in rest):
        # Where only the first line starts in the first column, its column must be seen.
        return [Line('"""', doc.span), first, *rest, '"""']
    return [Line(f'"""{first}', doc.span), *rest, '"""']


def _block(head: str, nodes: Iterable[Node | None]) -> list[str]:
    """A header and the lines of its body; nothing where there is no body."""
    lines = [line for node in nodes if node for line in _lines(node)]
    return [f"{head}:", *_indented(lines)] if lines else []


def _inline(head: str, nodes: tuple[Node, ...]) -> list[str]:
    """As `_block`; a body of one line stands on the header's."""
    lines = [line for node in nodes for line in _lines(node)]
    return [_like(lines[0], f"{head}: {lines[0]}")] if len(lines) == 1 else _block(head, nodes)


def _clause(word: str, value: Expr | ast.Ident | None) -> list[str]:
    if value is None:
        return []
    text = value.id if isinstance(value, ast.Ident) else print_expr(value)
    return [Line(f"{word}: {text}", value.span)]


def _assigns(assigns: Iterable[ast.Assign]) -> str:
    return ", ".join(f"{a.name.id} = {print_expr(a.value)}" for a in assigns)


def _arguments(assigns: tuple[ast.Assign, ...]) -> str:
    return f"({_assigns(assigns)})" if assigns else ""


def _names(names: Iterable[ast.Ident]) -> str:
    return ", ".join(name.id for name in names)


def _lines(node: Node) -> list[str]:
    """The lines of a declaration, clause, statement or equation; the first one knows its place."""
    first, *rest = _layout(node)
    if not isinstance(first, Line):
        span = node.span
        first = Line(first, Span(span.source, span.start, span.start) if rest else span)
    return [first, *rest]


@singledispatch
def _layout(node: Node) -> list[str]:
    raise TypeError(f"no line of a spec: {node!r}")


@_layout.register
def _(node: ast.Doc) -> list[str]:
    return _doc(node)


@_layout.register
def _(node: ast.Assign) -> list[str]:
    return [f"{node.name.id} = {print_expr(node.value)}"]


@_layout.register
def _(node: ast.Update) -> list[str]:
    return [f"{node.target.id} {node.op} {print_expr(node.value)}"]


@_layout.register
def _(node: ast.Deliver) -> list[str]:
    return ["deliver" if node.value is None else f"deliver {print_expr(node.value)}"]


@_layout.register
def _(node: ast.Normalise) -> list[str]:
    return [f"normalise {node.variable.id} per {node.side.id} to {print_expr(node.total)}"]


@_layout.register
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


@_layout.register
def _(node: ast.Handler) -> list[str]:
    after = f" after {print_expr(node.after)}" if node.after is not None else ""
    side = f" {node.side.id}" if node.side is not None else ""
    return _inline(f"on {node.trigger.id}{side}{after}", node.body)


@_layout.register
def _(node: ast.Every) -> list[str]:
    return _inline(f"every {print_expr(node.period)}", node.body)


@_layout.register
def _(node: ast.Event) -> list[str]:
    return _clause(f"event {node.name.id}", node.condition)


@_layout.register
def _(node: ast.Constants) -> list[str]:
    return _block("constants", node.items)


@_layout.register
def _(node: ast.Use) -> list[str]:
    return [f'use "{node.path.value}"']


@_layout.register
def _(node: ast.Sound) -> list[str]:
    lines = []
    for field in ("stimuli", "ramp", "gap", "level", "repeats", "order", "samplerate"):
        lines += _clause(field, getattr(node, field))
    return [f"sound {node.name.id}:", *_indented(lines)]


@_layout.register
def _(node: ast.Filterbank) -> list[str]:
    lines = _clause("sound", node.sound)
    for k, call in enumerate(node.filters):
        lines += _clause("then" if k else "filter", call)
    lines += _clause("output", node.output)
    return [f"filterbank {node.name.id}:", *_indented(lines)]


@_layout.register
def _(node: ast.Neuron) -> list[str]:
    lines = _doc(node.doc) if node.doc else []
    lines += _block("parameters", node.parameters)
    lines += _block("equations", node.equations)
    lines += _clause("threshold", node.threshold)
    lines += _inline("reset", node.reset) if node.reset else []
    lines += _clause("refractory", node.refractory)
    lines += _inline("initial", node.initial) if node.initial else []
    for part in (*node.events, *node.handlers, *node.every):
        lines += _lines(part)
    lines += _clause("method", node.method)
    return [f"neuron {node.name.id}:", *_indented(lines)]


@_layout.register
def _(node: ast.Rule) -> list[str]:
    lines = _doc(node.doc) if node.doc else []
    lines += _block("requires post", node.requires)
    lines += _block("ports", node.ports)
    lines += _block("parameters", node.parameters)
    lines += _block("presets", node.presets)
    lines += _block("equations", node.equations)
    lines += _block("post equations", node.post_equations)
    lines += _inline("post reset", node.post_reset) if node.post_reset else []
    lines += _inline("initial", node.initial) if node.initial else []
    lines += _block("advance", node.advance)
    for handler in node.handlers:
        lines += _lines(handler)
    lines += _clause("method", node.method)
    return [f"rule {node.name.id}:", *_indented(lines)]


@_layout.register
def _(node: ast.Requirement) -> list[str]:
    return [f"{node.name.id} : {print_unit(node.unit)}"]


@_layout.register
def _(node: ast.Port) -> list[str]:
    return [node.name.id if node.unit is None else f"{node.name.id} : {print_unit(node.unit)}"]


@_layout.register
def _(node: ast.Preset) -> list[str]:
    line = f"{node.name.id}: {_assigns(node.values)}"
    if node.doc or len(line) > WIDTH:
        return _block(node.name.id, (node.doc, *node.values))
    return [line]


# Layers and connections -------------------------------------------------------------------------


@_layout.register
def _(node: ast.Layer) -> list[str]:
    lines: list[str] = []
    if node.neuron:
        text = f"neuron: {print_path(node.neuron)}{_arguments(node.arguments)}"
        last = node.arguments[-1] if node.arguments else node.neuron
        lines.append(Line(text, node.neuron.span.to(last.span)))
    lines += _lines(node.source) if node.source else []
    lines += _clause("size", node.size)
    lines += _clause("scope", node.scope)
    for drive in node.drive:
        lines += _lines(drive)
    lines += _clause("labels", node.labels)
    lines += _inline("initial", node.initial) if node.initial else []
    return [f"layer {node.name.id}:", *_indented(lines)]


@_layout.register
def _(node: ast.PoissonInput) -> list[str]:
    return _clause("poisson", node.rate)


@_layout.register
def _(node: ast.SpikesFile) -> list[str]:
    return [f'spikes: from "{node.path.value}"']


@_layout.register
def _(node: ast.SpikesOfResults) -> list[str]:
    return [f"spikes: {print_expr(node.source)}"]


@_layout.register
def _(node: ast.SpikesList) -> list[str]:
    pairs = (f"({print_expr(neuron)}, {print_expr(time)})" for neuron, time in node.items)
    return [f"spikes: [{', '.join(pairs)}]"]


@_layout.register
def _(node: ast.RegularInput) -> list[str]:
    text = f"regular: {print_expr(node.rate)}"
    text += f" from {print_expr(node.start)}" if node.start is not None else ""
    text += f" to {print_expr(node.stop)}" if node.stop is not None else ""
    return [text]


@_layout.register
def _(node: ast.RatesFile) -> list[str]:
    gap = f", gap {print_expr(node.gap)}" if node.gap is not None else ""
    repeat = ", repeat" if node.repeat else ""
    return [f"rates: {print_expr(node.value)} every {print_expr(node.every)}{gap}{repeat}"]


@_layout.register
def _(node: ast.RatesOfResults) -> list[str]:
    return [f"rates: {print_expr(node.value)}{', repeat' if node.repeat else ''}"]


@_layout.register
def _(node: ast.Drive) -> list[str]:
    return [f"drive: {node.variable.id} from {node.filterbank.id}"]


@_layout.register
def _(node: ast.TableDrive) -> list[str]:
    text = f"drive: {node.variable.id} {print_expr(node.value)} every {print_expr(node.every)}"
    return [text + (", linear" if node.linear else "") + (", repeat" if node.repeat else "")]


@_layout.register
def _(node: ast.Connect) -> list[str]:
    head = f"connect {node.pre.id}{_slice(node.pre_part)} -> {node.post.id}{_slice(node.post_part)}"
    if node.name.id != f"{node.pre.id}_{node.post.id}":
        head += f" as {node.name.id}"
    head += " across blocks" if node.across_blocks else ""
    lines = _doc(node.doc) if node.doc else []
    lines += _lines(node.pattern) if node.pattern else []
    if node.plasticity:
        first, last = node.plasticity[0].span, node.plasticity[-1].span
        text = f"plasticity: {', '.join(map(_rule_use, node.plasticity))}"
        lines.append(Line(text, first.to(last)))
    lines += _clause("weight", node.weight)
    for delivery in node.delivery:
        lines += _lines(delivery)
    lines += _inline("initial", node.initial) if node.initial else []
    lines += _clause("axonal delay", node.axonal_delay)
    lines += _clause("dendritic delay", node.dendritic_delay)
    lines += [Line(f"ties: {node.ties.id} first", node.ties.span)] if node.ties else []
    for part in (*node.handlers, *node.every):
        lines += _lines(part)
    return [f"{head}:", *_indented(lines)]


@_layout.register
def _(node: ast.Pattern) -> list[str]:
    text = f"pattern: {node.kind.id}"
    text += f' from "{node.path.value}"' if node.path else ""
    given = [_pattern_argument(node)] if node.argument is not None else []
    given += [f"n = {print_expr(node.several)}"] if node.several is not None else []
    text += f"({', '.join(given)})" if given else ""
    text += " independent per block" if node.independent else ""
    text += f" where {print_expr(node.where)}" if node.where is not None else ""
    return [text]


def _pattern_argument(node: ast.Pattern) -> str:
    assert node.argument is not None
    text = print_expr(node.argument)
    return f"p = {text}" if PATTERNS.get(node.kind.id) == "p" else text


def _rule_use(node: ast.RuleUse) -> str:
    preset = f".{node.preset.id}" if node.preset else ""
    given = [_assigns(node.arguments)] if node.arguments else []
    given += [f"{b.port.id} = {b.variable.id} of {b.layer.id}" for b in node.bindings]
    arguments = f"({', '.join(given)})" if given else ""
    return f"{node.rule.id}{preset}{arguments}"


@_layout.register
def _(node: ast.Delivery) -> list[str]:
    word = "deliver continuously:" if node.continuously else "deliver:"
    value = f" {print_expr(node.value)}" if node.value is not None else ""
    return [f"{word}{value} to {node.target.id}"]


# Sweep, recording, running ----------------------------------------------------------------------


@_layout.register
def _(node: ast.Sweep) -> list[str]:
    lines: list[str] = []
    for part in node.parts:
        lines += _lines(part)
    lines += _block("derive", node.derive)
    lines += _clause("where", node.where)
    lines += _clause("replicates", node.replicates)
    lines += _clause("replicate", node.replicate)
    if node.refine is not None:
        trials = f" in {print_expr(node.refine.trials)} trials" if node.refine.trials else ""
        value = print_expr(node.refine.value)
        lines.append(f"refine: {value} to {print_limit(node.refine.limit)}{trials}")
    return ["sweep:", *_indented(lines)]


def print_limit(node: ast.Limit) -> str:
    return print_expr(node.value) + (" %" if node.percent else "")


@_layout.register
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
    return ["table:", *_indented(lines)]


@_layout.register
def _(node: ast.Axis) -> list[str]:
    return [f"{print_path(node.path)} = {print_expr(node.value)}"]


@_layout.register
def _(node: ast.Grid) -> list[str]:
    return _block("grid", node.axes)


@_layout.register
def _(node: ast.Zip) -> list[str]:
    return _block("zip", node.axes)


@_layout.register
def _(node: ast.FromFile) -> list[str]:
    return [f'from: "{node.path.value}"']


@_layout.register
def _(node: ast.RandomSamples) -> list[str]:
    axes = [line for axis in node.axes for line in _lines(axis)]
    return [f"{node.design}: {print_expr(node.samples)} samples", *_indented(axes)]


@_layout.register
def _(node: ast.Search) -> list[str]:
    lines = _block("over", node.over)
    if node.data is not None:
        lines.append(f'data: from "{node.data.path.value}"')
    if node.compare is not None:
        error = f" within {node.compare.error.id}" if node.compare.error else ""
        compared = print_expr(node.compare.value)
        lines.append(f"compare: {compared} to {node.compare.observed.id}{error}")
    for objective in node.objectives:
        lines += _clause(objective.direction, objective.value)
    for constraint in node.constraints:
        lines += _clause("subject to", constraint)
    lines += _clause("method", node.method)
    lines += _clause("trials", node.trials)
    lines += _clause("batch", node.batch)
    if node.stop is not None:
        lines.append(f"stop: no improvement in {print_expr(node.stop)} trials")
    if node.difference is not None:
        lines.append(f"stop: no difference above {print_limit(node.difference)}")
    if node.early is not None:
        reasons = " or ".join(r.id for r in node.early.reasons)
        lines.append(f"stop trials: {reasons} after {print_expr(node.early.after)}")
    lines += _clause("seed", node.seed)
    return [f"{type(node).__name__.lower()}:", *_indented(lines)]


@_layout.register
def _(node: ast.Record) -> list[str]:
    lines: list[str] = []
    previous: ast.RecordSpikes | ast.RecordState | None = None
    for item in node.items:
        (line,) = _lines(item)
        if _is_one_line(previous, item):
            more = line[line.index(" of ") + 4 : line.index(" every ")]
            lines[-1] = _like(line, lines[-1].replace(" every ", f", {more} every ", 1))
        else:
            lines.append(line)
        previous = item
    return ["record:", *_indented(lines)] if lines else []


def _is_one_line(
    a: ast.RecordSpikes | ast.RecordState | None, b: ast.RecordSpikes | ast.RecordState
) -> bool:
    """Whether two components are recorded in one line of the source: `w of ee, ie every 1 s`."""
    if not (isinstance(a, ast.RecordState) and isinstance(b, ast.RecordState)):
        return False
    said = ((x.span, x.variables, x.every, x.window) for x in (a, b))
    return next(said) == next(said)


@_layout.register
def _(node: ast.RecordSpikes) -> list[str]:
    parts = zip(node.layers, node.parts, strict=True)
    layers = ", ".join(f"{layer.id}{_slice(part)}" for layer, part in parts)
    what = _names(node.events) if node.events else "spikes"
    return [f"{what} of {layers}{_window(node.window)}"]


@_layout.register
def _(node: ast.RecordState) -> list[str]:
    of = f"{node.component.id}{_slice(node.part)}"
    text = f"{_names(node.variables)} of {of} every {print_expr(node.every)}"
    return [f"{text}{_window(node.window)}"]


def _slice(node: ast.Slice | None) -> str:
    if node is None:
        return ""
    ends = ["" if end is None else print_expr(end) for end in (node.start, node.stop)]
    return f"[{ends[0]}]" if node.alone else f"[{':'.join(ends)}]"


def _window(node: ast.Window) -> str:
    text = "" if node.start is None else f" from {print_expr(node.start)}"
    text += "" if node.stop is None else f" to {print_expr(node.stop)}"
    text += "" if node.phases is None else f" in phase {_names(node.phases)}"
    if node.blocks is not None:
        text += f" in blocks {', '.join(map(print_expr, node.blocks))}"
    return text


@_layout.register
def _(node: ast.Measures) -> list[str]:
    return _block("measure", node.items)


@_layout.register
def _(node: ast.Measure) -> list[str]:
    of = f" of {node.component.id}" if node.component else ""
    return [f"{node.name.id}{of} = {print_expr(node.value)}"]


@_layout.register
def _(node: ast.Run) -> list[str]:
    lines = _clause("duration", node.duration)
    lines += _clause("dt", node.dt)
    lines += _clause("seed", node.seed)
    lines += _clause("precision", node.precision)
    lines += _block("phases", node.stretches)
    return ["run:", *_indented(lines)]


@_layout.register
def _(node: ast.Repeated) -> list[str]:
    return _block(f"repeat {print_expr(node.count)}", node.phases)


@_layout.register
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

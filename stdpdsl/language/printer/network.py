"""Sounds, layers and connections."""

from __future__ import annotations

from .. import ast
from ..builtins import PATTERNS
from .expressions import print_expr, print_path, print_slice
from .lines import Line, arguments, assigned, clause, doc_lines, indented, inline, layout, lines_of


@layout.register
def _(node: ast.Sound) -> list[str]:
    lines = []
    for field in ("stimuli", "ramp", "gap", "level", "repeats", "order", "samplerate"):
        lines += clause(field, getattr(node, field))
    return [f"sound {node.name.id}:", *indented(lines)]


@layout.register
def _(node: ast.Filterbank) -> list[str]:
    lines = clause("sound", node.sound)
    for k, call in enumerate(node.filters):
        lines += clause("then" if k else "filter", call)
    lines += clause("output", node.output)
    return [f"filterbank {node.name.id}:", *indented(lines)]


@layout.register
def _(node: ast.Layer) -> list[str]:
    lines: list[str] = []
    if node.neuron:
        text = f"neuron: {print_path(node.neuron)}{arguments(node.arguments)}"
        last = node.arguments[-1] if node.arguments else node.neuron
        lines.append(Line(text, node.neuron.span.to(last.span)))
    lines += lines_of(node.source) if node.source else []
    lines += clause("size", node.size)
    lines += clause("scope", node.scope)
    for drive in node.drive:
        lines += lines_of(drive)
    lines += clause("labels", node.labels)
    lines += inline("initial", node.initial) if node.initial else []
    return [f"layer {node.name.id}:", *indented(lines)]


@layout.register
def _(node: ast.PoissonInput) -> list[str]:
    return clause("poisson", node.rate)


@layout.register
def _(node: ast.SpikesFile) -> list[str]:
    return [f'spikes: from "{node.path.value}"']


@layout.register
def _(node: ast.SpikesOfResults) -> list[str]:
    return [f"spikes: {print_expr(node.source)}"]


@layout.register
def _(node: ast.SpikesList) -> list[str]:
    pairs = (f"({print_expr(neuron)}, {print_expr(time)})" for neuron, time in node.items)
    return [f"spikes: [{', '.join(pairs)}]"]


@layout.register
def _(node: ast.RegularInput) -> list[str]:
    text = f"regular: {print_expr(node.rate)}"
    text += f" from {print_expr(node.start)}" if node.start is not None else ""
    text += f" to {print_expr(node.stop)}" if node.stop is not None else ""
    return [text]


@layout.register
def _(node: ast.RatesFile) -> list[str]:
    gap = f", gap {print_expr(node.gap)}" if node.gap is not None else ""
    repeat = ", repeat" if node.repeat else ""
    return [f"rates: {print_expr(node.value)} every {print_expr(node.every)}{gap}{repeat}"]


@layout.register
def _(node: ast.RatesOfResults) -> list[str]:
    return [f"rates: {print_expr(node.value)}{', repeat' if node.repeat else ''}"]


@layout.register
def _(node: ast.Drive) -> list[str]:
    return [f"drive: {node.variable.id} from {node.filterbank.id}"]


@layout.register
def _(node: ast.TableDrive) -> list[str]:
    text = f"drive: {node.variable.id} {print_expr(node.value)} every {print_expr(node.every)}"
    return [text + (", linear" if node.linear else "") + (", repeat" if node.repeat else "")]


@layout.register
def _(node: ast.Connect) -> list[str]:
    pre = node.pre.id + print_slice(node.pre_part)
    post = node.post.id + print_slice(node.post_part)
    head = f"connect {pre} -> {post}"
    if node.name.id != f"{node.pre.id}_{node.post.id}":
        head += f" as {node.name.id}"
    head += " across blocks" if node.across_blocks else ""
    lines = doc_lines(node.doc) if node.doc else []
    lines += lines_of(node.pattern) if node.pattern else []
    if node.plasticity:
        first, last = node.plasticity[0].span, node.plasticity[-1].span
        text = f"plasticity: {', '.join(map(_rule_use, node.plasticity))}"
        lines.append(Line(text, first.to(last)))
    lines += clause("weight", node.weight)
    for delivery in node.delivery:
        lines += lines_of(delivery)
    lines += inline("initial", node.initial) if node.initial else []
    lines += clause("axonal delay", node.axonal_delay)
    lines += clause("dendritic delay", node.dendritic_delay)
    lines += [Line(f"ties: {node.ties.id} first", node.ties.span)] if node.ties else []
    for part in (*node.handlers, *node.every):
        lines += lines_of(part)
    return [f"{head}:", *indented(lines)]


@layout.register
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
    given = [assigned(node.arguments)] if node.arguments else []
    given += [f"{b.port.id} = {b.variable.id} of {b.layer.id}" for b in node.bindings]
    arguments = f"({', '.join(given)})" if given else ""
    return f"{node.rule.id}{preset}{arguments}"


@layout.register
def _(node: ast.Delivery) -> list[str]:
    word = "deliver continuously:" if node.continuously else "deliver:"
    value = f" {print_expr(node.value)}" if node.value is not None else ""
    return [f"{word}{value} to {node.target.id}"]

"""Warnings about what is declared but never used: often a misspelt name."""

from __future__ import annotations

from ...language import ast
from ..report import Reporter
from ..symbols import Symbols
from ..types.infer import Inference


def check_unused(symbols: Symbols, inference: Inference, reporter: Reporter) -> None:
    spec, used = symbols.spec, inference.used
    if spec.is_collection:
        return

    def unused(name: ast.Ident, what: str, help: str = "leave it out, or use it") -> None:
        # What a used file declares may be meant for other specs.
        if name.span.source is spec.span.source:
            reporter.warn("NAME020", name, f"the {what} `{name.id}` is used by nothing", help=help)

    for name, symbol in symbols.constants.items():
        swept = any(c.target == ("", name) for c in symbols.columns.values())
        if ("<constant>", name) not in used and isinstance(symbol.node, ast.Assign) and not swept:
            unused(symbol.node.name, "constant")
    layers = [c.node for c in symbols.layers if isinstance(c.node, ast.Layer)]
    neurons = {layer.neuron.dotted for layer in layers if layer.neuron}
    rules = {rule.name.id for c in symbols.connections for rule in c.rules}
    for neuron in symbols.neurons.values():
        if neuron.name.id not in neurons:
            unused(neuron.name, "neuron", f"give a layer `neuron: {neuron.name.id}`")
    for rule in spec.of(ast.Rule):
        if rule.name.id not in rules:
            unused(rule.name, "rule", f"give a connection `plasticity: {rule.name.id}`")
    banks = {d.filterbank.id for layer in layers for d in layer.heard}
    for bank in symbols.filterbanks.values():
        if bank.name.id not in banks:
            unused(bank.name, "filterbank", f"drive a layer: `drive: I from {bank.name.id}`")
    sounds = {b.sound.id for b in symbols.filterbanks.values() if b.sound}
    for run in spec.of(ast.Run):
        durations = [run.duration, *(p.duration for p in run.phases)]
        sounds |= {d.id for d in durations if isinstance(d, ast.Name)}
    for sound in symbols.sounds.values():
        if sound.name.id not in sounds:
            unused(sound.name, "sound", "a `filterbank` may hear it")
    unconnected(symbols, reporter)
    wires(symbols, reporter)
    parameters(symbols, inference, reporter)
    columns(symbols, inference, reporter)


def unconnected(symbols: Symbols, reporter: Reporter) -> None:
    """Warn of a layer without inputs, outputs or recordings."""
    joined = {side.name for c in symbols.connections for side in (c.pre, c.post) if side}
    joined |= {b.layer.id for c in symbols.connections for b in c.bindings.values()}
    for record in symbols.spec.of(ast.Record):
        for item in record.items:
            names = item.layers if isinstance(item, ast.RecordSpikes) else (item.component,)
            joined.update(n.id for n in names)
    for layer in symbols.layers:
        if layer.name not in joined:
            reporter.warn(
                "NAME021",
                layer.node.name,
                f"the layer `{layer.name}` is connected to nothing",
                help=f"connect it (`connect {layer.name} -> ...`) or record it",
            )


def wires(symbols: Symbols, reporter: Reporter) -> None:
    """Warn of ports and required variables that a rule does not use."""
    for rule in symbols.spec.of(ast.Rule):
        if rule.name.span.source is not symbols.spec.span.source:
            continue
        read = {n.id for n in ast.walk(rule) if isinstance(n, ast.Name)}
        read |= {n.target.id for n in ast.walk(rule) if isinstance(n, ast.Update)}
        heard = {handler.trigger.id for handler in rule.handlers}
        for port in rule.ports:
            name = port.name.id
            if name not in (heard if port.unit is None else read):
                reporter.warn(
                    "NAME022",
                    port.name,
                    f"nothing in `{rule.name.id}` uses the port `{name}`",
                    help=f"add `on {name}:`, or leave it out"
                    if port.unit is None
                    else "leave it out, or use it",
                )
        for item in rule.requires:
            if not read & {item.name.id, f"{item.name.id}_post"}:
                reporter.warn(
                    "NAME022",
                    item.name,
                    f"nothing in `{rule.name.id}` uses the required variable `{item.name.id}`",
                    help="leave it out, or use it",
                )


def parameters(symbols: Symbols, inference: Inference, reporter: Reporter) -> None:
    """A parameter counts as used if any component with that model uses it."""
    used = inference.used
    owners: dict[str, list[str]] = {}
    for component in symbols.components.values():
        models = [component.neuron] if component.neuron else component.rules
        for model in models:
            owners.setdefault(model.name.id, []).append(component.name)
    # Checked once per distinct use: the components whose model has been seen stand for all others.
    names: dict[str, set[str]] = {}
    for owner, name in used:
        names.setdefault(owner, set()).add(name)
    for model in (*symbols.neurons.values(), *symbols.spec.of(ast.Rule)):
        if model.span.source is not symbols.spec.span.source:
            continue
        read: set[str] = set()
        for owner in (f"<{model.name.id}>", *owners.get(model.name.id, [])):
            read |= names.get(owner, set())
        for item in model.parameters:
            if item.name.id not in read:
                reporter.warn(
                    "NAME022",
                    item.name,
                    f"nothing in `{model.name.id}` uses the parameter `{item.name.id}`",
                    help="leave it out, or use it",
                )


def columns(symbols: Symbols, inference: Inference, reporter: Reporter) -> None:
    """A free column that nothing uses is usually a misspelt parameter. It counts as used if it
    selects blocks of an earlier run or the files of blocks."""
    found_by = {n for head in inference.data.values() for n in (*head.blocks, head.number)}
    for column in symbols.columns.values():
        if column.name in found_by:
            continue
        if column.target is not None or ("<column>", column.name) in inference.used:
            continue
        if isinstance(column.node, ast.FromFile):
            continue
        known = {n for c in symbols.components.values() for n in c.parameters}
        help = reporter.suggest(column.name, [*known, *symbols.constants], "")
        if not help.startswith("did"):
            help = "use it in an expression, or sweep a parameter"
        reporter.warn(
            "NAME023",
            column.path,
            f"the column `{column.name}` sets no parameter, and nothing uses it",
            help=help,
        )

"""What is recorded, and the phases of the run."""

from __future__ import annotations

from dataclasses import field, replace

from ..check.slices import is_rate, neurons_of
from ..check.symbols import Component
from ..dataclass import dataclass
from ..ir import Connection, EventRecord, Kept, Monitor, Phase, Rate
from ..language import ast
from ..language.diagnostics import Diagnostic
from ..language.numeric import evaluate
from .additions import Additions
from .layers import size_of
from .values import Values, has_draw


def recorded(values: Values) -> frozenset[tuple[str, str]]:
    """(component, variable) of everything that a `record:` line names."""
    return frozenset(
        (item.component.id, variable.id)
        for record in values.symbols.spec.of(ast.Record)
        for item in record.items
        if isinstance(item, ast.RecordState)
        for variable in item.variables
    )


@dataclass
class Records:
    """What the `record:` lines ask for."""

    spikes: dict[str, Kept] = field(default_factory=dict)
    monitors: list[Monitor] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    events: list[EventRecord] = field(default_factory=list)


def lower_records(values: Values, connections: tuple[Connection, ...], added: Additions) -> Records:
    found = Records()
    by_name = {c.name: c for c in connections}
    for record in values.symbols.spec.of(ast.Record):
        for item in record.items:
            if isinstance(item, ast.RecordSpikes):
                for layer, part in zip(item.layers, item.parts, strict=True):
                    saved = kept(values, item, layer, part)
                    found.events += [
                        EventRecord(layer=layer.id, event=e.id, kept=saved) for e in item.events
                    ]
                    if not item.events:
                        found.spikes[layer.id] = saved
                continue
            component = values.symbols.components[item.component.id]
            connection = by_name.get(component.name)
            every = float(evaluate(item.every, values.constants))
            saved = kept(values, item, item.component, item.part)
            rate = [v for v in item.variables if is_rate(values.symbols, component, v)]
            if rate:
                found.rates.append(Rate(layer=component.name, every=every, kept=saved))
            variables = tuple(
                (
                    v.id,
                    layer_name(values, component, v, added)
                    if connection is None
                    else model_name(connection, v.id),
                )
                for v in item.variables
                if v not in rate
            )
            if variables:
                on_layer = component.kind == "layer"
                found.monitors.append(
                    Monitor(
                        component=component.name,
                        on_layer=on_layer,
                        variables=variables,
                        every=every,
                        kept=saved,
                    )
                )
    return found


def kept(
    values: Values,
    item: ast.RecordSpikes | ast.RecordState,
    name: ast.Ident,
    part: ast.Slice | None,
) -> Kept:
    """What is saved of a component."""
    window = item.window
    neurons = None
    if part is not None:
        layer = values.symbols.components[name.id]
        neurons = neurons_of(part, size_of(values, layer), values.constants)
    start, stop = (
        None if end is None else float(evaluate(end, values.constants))
        for end in (window.start, window.stop)
    )
    names = None if window.phases is None else tuple(p.id for p in window.phases)
    return Kept(
        neurons=neurons, blocks=chosen_blocks(values, item), start=start, stop=stop, phases=names
    )


def layer_name(values: Values, layer: Component, variable: ast.Ident, added: Additions) -> str:
    """The name of a neuron's variable in the script's model: its own, or one that a rule adds."""
    name = variable.id
    if name in layer.variables:
        return name
    adding = values.symbols.adding(layer, name)
    found = {added.names[c.name][name]: c.name for c in adding}
    if len(found) > 1:
        values.problems.append(
            Diagnostic(
                "NAME019",
                variable.span,
                f"{' and '.join(f'`{c}`' for c in found.values())} each add their own `{name}` to"
                f" `{layer.name}`",
                help="connections that use the rule with the same values share one",
            )
        )
    return next(iter(found))


def model_name(connection: Connection, name: str) -> str:
    """The name of a variable in the script's model. A trace is recorded as it is at that time."""
    own = name if name in connection.state else f"syn__{name}"
    if own not in connection.state:  # a subexpression
        computed = any(e.name == name and e.kind == "computed" for e in connection.equations)
        own = name if computed else own
    return next((trace.now for trace in connection.traces if trace.name == own), own)


def chosen_blocks(
    values: Values, item: ast.RecordSpikes | ast.RecordState
) -> tuple[int, ...] | None:
    if item.window.blocks is None:
        return None
    rows = values.table.rows
    blocks = tuple(int(evaluate(b, values.constants)) for b in item.window.blocks)
    if any(not 0 <= b < rows for b in blocks):
        values.problems.append(
            Diagnostic(
                "NAME001",
                item.span,
                f"there is no such block; the sweep has {rows}, from 0 to {rows - 1}",
            )
        )
    return blocks


# Phases -----------------------------------------------------------------------------------------


def lower_phases(values: Values) -> tuple[Phase, ...]:
    """A single phase without modifiers if the run has only one stretch."""
    run: ast.Run = values.symbols.spec.of(ast.Run)[0]
    if not run.phases:
        code, sound = length(values, run.duration)
        return (Phase(name="run", duration=code, sound=sound),)
    learning = [c.name for c in values.symbols.connections if c.rule and c.weight]
    found = []
    for number, turn in enumerate(values.turns):
        phase = turn.phase
        frozen: dict[str, None] = {}
        off: dict[str, None] = {}
        for modifier in phase.modifiers:
            if isinstance(modifier, ast.PlasticityOff):
                frozen.update(dict.fromkeys(learning))
            elif isinstance(modifier, ast.Frozen):
                frozen[modifier.connection.id] = None
            elif isinstance(modifier, ast.Off):
                off[modifier.connection.id] = None
        sets = {
            holder: None
            for (owner, _), changes in values.sets.items()
            if any(at == number for at, _ in changes)
            for holder in holders(values.symbols.components[owner])
        }
        own = tuple((c, ()) for c in variables_set(values, phase))
        code, sound = length(values, phase.duration)
        starts = tuple(sets) if number or turn.group else ()  # otherwise they are those of the run
        found.append(
            Phase(
                name=turn.name,
                duration=code,
                sound=sound,
                frozen=tuple(frozen),
                off=tuple(off),
                sets=tuple(sets),
                values=own,
                starts=tuple(dict.fromkeys((*starts, *(c for c, _ in own)))),
                words=phase.name.id,
                group=turn.group,
                turn=turn.turn,
                turns=turn.turns,
            )
        )
    return tuple(replace(phase, by_turn=by_turn(values, phase, found)) for phase in found)


def variables_set(values: Values, phase: ast.Phase) -> dict[str, dict[str, ast.Expr]]:
    """The variables that a phase sets, by component."""
    found: dict[str, dict[str, ast.Expr]] = {}
    for component, name, value in values.set_by(phase):
        if name not in component.parameters:
            found.setdefault(component.name, {})[name] = value
    return found


def by_turn(values: Values, phase: Phase, phases: list[Phase]) -> tuple[str, ...]:
    """The components to which a repeated phase gives different values in each turn: draws, or
    values that other phases of its turn set in the first turn."""
    if not phase.group:
        return ()
    turns = zip(phases, values.turns, strict=True)
    written = next(t.phase for p, t in turns if p is phase)
    drawn = {
        c
        for c, items in variables_set(values, written).items()
        if any(has_draw(value) for value in items.values())
    }
    beside = (p for p in phases if p.group == phase.group and p.words != phase.words)
    moved = {c for p in beside for c in p.sets}
    return tuple(c for c in phase.starts if c in drawn or moved & read_by(values, c))


def read_by(values: Values, name: str) -> set[str]:
    """The components whose parameters the values of a component may use."""
    component = values.symbols.components[name]
    return {name, *(side.name for side in (component.pre, component.post) if side)}


def holders(component: Component) -> list[str]:
    """The components that hold a component's parameters; a rule may add some to its target."""
    rule, post = component.rule, component.post
    added = rule is not None and (rule.post_equations or rule.post_reset)
    return [component.name, *([post.name] if added and post else [])]


def length(values: Values, expr: ast.Expr | None) -> tuple[str, str]:
    """The duration of a phase: code (s), or the name of a sound."""
    if isinstance(expr, ast.Name) and expr.id in values.symbols.sounds:
        return "", expr.id
    return "0.0" if expr is None else values.code(expr, None), ""

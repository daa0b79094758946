"""Layers: neurons, input layers, and layers that hear a sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from ..check.exact import Model
from ..check.integration import integration
from ..check.order import dependency_order
from ..check.symbols import Component
from ..dataclass import dataclass
from ..ir import Equation, Event, Every, Group, Initial, Layer, Link, Parameter, constant
from ..language import ast
from .equations import flags_of, lower_equation, unit_of
from .inputs import spikes_of_source
from .model_code import ModelCode, Needs, in_layer
from .stimuli import table_of
from .values import Values, used_names


@dataclass
class Extras:
    """What rules add to a layer: see additions.py."""

    equations: list[Equation] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)  # the same as trees
    reset: list[str] = field(default_factory=list)
    initial: list[Initial] = field(default_factory=list)
    summed: dict[str, dict[str, str]] = field(default_factory=dict)  # variable, connection, part
    varying: dict[str, Parameter] = field(default_factory=dict)
    namespace: dict[str, Parameter] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    every: list[Every] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    # Variables that stand for those of another layer.
    ports: list[str] = field(default_factory=list)
    functions: tuple[str, ...] = ()


def size_of(values: Values, layer: Component) -> int:
    node = layer.node
    assert isinstance(node, ast.Layer)
    return 1 if node.size is None else int(values.number(node.size, 1))


def neuron_code(values: Values, layer: Component, needs: Needs) -> ModelCode:
    """Names in a neuron's model. `i` and `N` count within the layer."""
    size = size_of(values, layer)
    own = {name: name for name in layer.variables}
    scope, sizes = values.symbols.neuron_scope(layer), {"i": size, "N": size}
    code = ModelCode(values, layer, scope, own, sizes, {}, set(own), in_layer("i", size), needs)
    code.one = {e.name.id for e in layer.equations if "shared" in flags_of(e)}
    return code


def lower_layer(values: Values, layer: Component, needs: Needs, extras: Extras) -> Layer:
    node = layer.node
    assert isinstance(node, ast.Layer)
    size, shared = size_of(values, layer), layer.scope == "shared"
    if node.source is not None:
        spikes = spikes_of_source(values, layer, node.source, size)
        return Layer(name=layer.name, size=size, shared=shared, kind="spikes", spikes=spikes)
    group = lower_group(values, layer, size, needs, extras)
    drive = tuple((d.variable.id, d.filterbank.id) for d in node.heard)
    tables = tuple(table_of(values, layer, d, size) for d in node.tables)
    kind = "driven" if drive and shared else "neurons"
    return Layer(
        name=layer.name,
        size=size,
        shared=shared,
        kind=kind,
        group=group,
        drive=drive,
        tables=tables,
    )


def lower_group(values: Values, layer: Component, size: int, needs: Needs, extras: Extras) -> Group:
    neuron, node = layer.neuron, layer.node
    assert neuron is not None and isinstance(node, ast.Layer)
    code = neuron_code(values, layer, needs)
    bounds = {e.name.id: e.bounds for e in neuron.equations if e.bounds}
    equations = _own_equations(neuron, code, extras)
    equations += [constant(n, values.unit(layer.variables[n])) for n in layer.each]
    equations += extras.equations
    if node.heard and layer.scope == "block":
        equations.append(constant("drive__column", "integer"))  # which channel each neuron hears
    every = [*code.clipped(f"{layer.name}__bounds", neuron.equations), *extras.every]
    for number, item in enumerate(neuron.every):
        lines = code.statements(item.body, bounds)
        every.append(
            Every(
                name=f"{layer.name}__every_{number}",
                period=values.code(item.period, layer),
                statements=tuple(lines),
                order=number,
            )
        )
    threshold = _threshold(neuron, code)
    events = _events(neuron, code, bounds)
    reset = [*code.statements(neuron.reset, bounds), *extras.reset]
    refractory = code.show(neuron.refractory) if neuron.refractory else None
    for name in sorted(needs.parameters.get(layer.name, ())):
        code.external(name, layer.parameters[name])
    if refractory is None and layer.name in needs.lastspike:
        # Brian2 stores the last spike only of neurons that can be refractory.
        refractory = "0*second"
    initial = in_order(layer.first_values)
    known = {"i": "i", "N": repr(size), **{n: f"values[{n!r}]" for n in initial}}
    varying = {p.name: p for p in (*code.varying, *extras.varying.values())}
    fixed = {p.name: p for p in (*code.namespace, *extras.namespace.values())}
    equations += [constant(p.name, p.unit) for p in varying.values()]
    # Variables that connections and other layers compute anew in each step.
    held = {*extras.summed, *extras.ports}
    return Group(
        equations=tuple(equations),
        threshold=threshold,
        reset=tuple(reset),
        refractory=refractory,
        integration=integration(
            [Model(neuron.method, neuron.equations), *extras.models], held, layer, values.in_phases
        ),
        varying=tuple(varying.values()),
        namespace=tuple(fixed.values()),
        initial=(
            *(
                values.initial(n, value, layer, "copy", known, bounds.get(n))
                for n, value in initial.items()
            ),
            *extras.initial,
        ),
        events=(*events, *extras.events),
        every=tuple(every),
        links=tuple(extras.links),
        functions=tuple(sorted({*code.functions, *extras.functions})),
    )


def _own_equations(neuron: ast.Neuron, code: ModelCode, extras: Extras) -> list[Equation]:
    """A model's equations. A variable that several connections sum into is the sum of their
    sums."""
    equations: list[Equation] = []
    for e in neuron.equations:
        parts = extras.summed.get(e.name.id, {})
        if len(parts) > 1:
            whole = " + ".join(parts.values())
            equations.append(Equation(e.name.id, "computed", unit_of(e), rhs=whole))
            equations += [Equation(part, "stored", unit_of(e)) for part in parts.values()]
        else:
            equations.append(lower_equation(e, code.show, e.name.id))
    return equations


def _threshold(neuron: ast.Neuron, code: ModelCode) -> str | None:
    """The condition of a spike; `poisson(RATE)` draws in each step."""
    threshold = neuron.threshold
    if not (isinstance(threshold, ast.Call) and threshold.func.id == "poisson"):
        return None if threshold is None else code.show(threshold)
    rate, span = code.show(threshold.args[0]), threshold.span
    bounds = (ast.Number(0, "0", span=span), ast.Number(1, "1", span=span))
    drawn = ast.Call(ast.Ident("uniform", span=span), bounds, span=span)
    return f"{code.show(drawn)} < ({rate})*dt"


def _events(neuron: ast.Neuron, code: ModelCode, bounds: Mapping[str, ast.Bounds]) -> list[Event]:
    """A model's own events, with what happens at each."""
    return [
        Event(
            name=e.name.id,
            condition=code.show(e.condition),
            statements=tuple(
                line
                for h in neuron.handlers
                if h.trigger.id == e.name.id
                for line in code.statements(h.body, bounds)
            ),
            order=number,
        )
        for number, e in enumerate(neuron.events)
    ]


def set_by_phase(
    values: Values, layer: Component, items: Mapping[str, ast.Expr]
) -> tuple[Initial, ...]:
    """Variables as a phase sets them."""
    size = size_of(values, layer)
    known = {"i": "i", "N": repr(size), **{n: f"first[{n!r}]" for n in layer.first_values}}
    bounds = {e.name.id: e.bounds for e in layer.equations if e.bounds}
    return tuple(
        values.initial(name, value, layer, "copy", known, bounds.get(name), phase=True)
        for name, value in items.items()
    )


def in_order(values: Mapping[str, ast.Expr]) -> dict[str, ast.Expr]:
    """Initial values sorted so that each comes after those it reads; otherwise in their written
    order."""
    order, _ = dependency_order({n: sorted(used_names([v])) for n, v in values.items()})
    return {name: values[name] for name in order}

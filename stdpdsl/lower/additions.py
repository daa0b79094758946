"""What rules add to their target layer: post equations and resets, and the ports' variables.

Once per layer, rule and parameter values: connections that agree in these share one set.
"""

from __future__ import annotations

from dataclasses import field

from ..check.exact import Model, post_equations
from ..check.symbols import Component, Symbol
from ..dataclass import dataclass
from ..ir import Equation, Event, Every, Link, Relay
from ..language import ast
from .equations import lower_equation
from .layers import Extras, size_of
from .model_code import ModelCode, Needs, in_layer, is_inlined
from .values import Values, used_names

PORTS_WHEN = "after_synapses"


@dataclass
class Additions:
    """By layer; `names[connection]` maps the rule's names to those in the layer."""

    layers: dict[str, Extras] = field(default_factory=dict)
    names: dict[str, dict[str, str]] = field(default_factory=dict)
    relays: list[Relay] = field(default_factory=list)
    # (connection, port) -> the event in the layer, and its place in the step.
    events: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)


def additions(values: Values, needs: Needs) -> Additions:
    found = Additions()
    shared: dict[tuple, str] = {}
    for c in values.symbols.connections:
        names = found.names.setdefault(c.name, {})
        if c.post is None:
            continue
        extras = found.layers.setdefault(c.post.name, Extras())
        for target in continuous(c):
            extras.summed.setdefault(target, {})[c.name] = target
        if c.rule is None:
            continue
        ports(values, c, extras, names, found)
        if c.rule.post_equations or c.rule.post_reset:
            key = sharing_key(values, c)
            owner = shared.setdefault(key, c.name)
            for e in c.rule.post_equations:
                names[e.name.id] = f"{owner}__{e.name.id}"
            if owner == c.name:
                post_model(values, c, extras, names, needs)
    for extras in found.layers.values():
        for target, sums in extras.summed.items():
            if len(sums) > 1:  # Brian2 accepts one sum per variable
                sums.update({name: f"{name}__{target}" for name in sums})
    return found


def continuous(c: Component) -> list[str]:
    """Variables of the target that a connection computes at every step."""
    assert isinstance(c.node, ast.Connect)
    return [d.target.id for d in c.node.delivery if d.continuously]


def sharing_key(values: Values, c: Component) -> tuple:
    """Equal for connections whose rules add exactly the same to the same layer."""
    assert c.rule is not None and c.post is not None
    used = used_names([*c.rule.post_equations, *c.rule.post_reset, *c.rule.initial])
    items = []
    waiting, seen = sorted(used & set(c.parameters)), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        symbol = c.parameters[name]
        swept = (c.name, name) in values.by_target or (c.name, name) in values.sets
        own = c.name if swept or symbol.by_preset else ""
        items.append((name, own, symbol.value))
        waiting += sorted(used_names([symbol.value]) & set(c.parameters))
    bound = tuple((port, str(b)) for port, b in sorted(c.bindings.items()) if port in used)
    return (
        c.post.name,
        c.rule.name.id,
        c.rule.post_equations,
        c.rule.post_reset,
        tuple(sorted(items, key=lambda x: x[:2])),
        bound,
    )


def post_model(
    values: Values, c: Component, extras: Extras, names: dict[str, str], needs: Needs
) -> None:
    rule, post = c.rule, c.post
    assert rule is not None and post is not None
    size = size_of(values, post)
    own = {**{v: v for v in post.variables}, **names}
    scope = values.symbols.post_scope(c)
    sizes = {"i": size, "N": size}
    taken = {*post.variables, *post.parameters}
    code = PostCode(values, c, scope, own, sizes, {}, taken, in_layer("i", size), needs)
    bounds = {e.name.id: e.bounds for e in rule.post_equations if e.bounds}
    odes = [e for e in rule.post_equations if e.kind == "ode"]
    extras.equations += [
        lower_equation(e, code.show, names[e.name.id]) for e in rule.post_equations
    ]
    extras.models.append(Model(rule.method, post_equations(c, names), at_least=True))
    extras.reset += code.statements(rule.post_reset, bounds)
    for e in odes:
        extras.every += code.clipped(f"{names[e.name.id]}__bounds", [e])
    for a in rule.initial:
        if a.name.id in c.post_variables:
            extras.initial.append(
                values.initial(
                    a.name.id, a.value, c, "copy", {}, bounds.get(a.name.id), names[a.name.id]
                )
            )
    extras.varying |= {p.name: p for p in code.varying}
    extras.namespace |= {p.name: p for p in code.namespace}
    extras.functions = (*extras.functions, *code.functions)


class PostCode(ModelCode):
    """The code that a rule puts into its target layer; parameters are prefixed with the
    connection's name."""

    def external(self, name: str, symbol: Symbol) -> str:
        if symbol.kind == "parameter":
            name = f"{self.component.name}__{name}"
        return super().external(name, symbol)

    def free(self, name: str) -> str:
        while name in self.taken:
            name = f"{self.component.name}__{name}"
        return name


def ports(
    values: Values, c: Component, extras: Extras, names: dict[str, str], found: Additions
) -> None:
    rule, post = c.rule, c.post
    assert rule is not None and post is not None
    for port in rule.ports:
        binding = c.bindings[port.name.id]
        name = names[port.name.id] = f"{c.name}__{port.name.id}"
        if port.unit is not None:
            symbol = values.symbols.components[binding.layer.id].variables[binding.variable.id]
            unit = values.unit(symbol)
            # Synapses cannot read linked variables, so each step starts with a copy.
            extras.equations += [
                Equation(name, "stored", unit),
                Equation(f"{name}__there", "stored", unit, flags=("linked",)),
            ]
            extras.ports.append(name)
            source = port_source(symbol, binding, name, unit, found)
            extras.links.append(
                Link(variable=f"{name}__there", layer=binding.layer.id, source=source)
            )
            copy = (f"{name} = {name}__there",)
            extras.every.append(
                Every(
                    name=f"{name}__copy",
                    period="DT",
                    statements=copy,
                    when="before_groups",
                    order=0,
                )
            )
            continue
        # Counted immediately; read and cleared after all pathways of this step.
        order = 3 * len(found.relays)
        extras.equations.append(Equation(name, "stored", "integer"))
        event = f"{name}__spikes"
        extras.events.append(
            Event(
                name=event,
                condition=f"{name} > 0",
                statements=(f"{name} = 0",),
                when=PORTS_WHEN,
                order=order,
            )
        )
        found.events[c.name, port.name.id] = event, order
        found.relays.append(
            Relay(name=f"{name}__relay", layer=binding.layer.id, target=post.name, counter=name)
        )


def port_source(
    symbol: Symbol, binding: ast.Binding, port: str, unit: str, found: Additions
) -> str:
    """The variable to which a value port is linked. If the layer computes it, it is stored there:
    Brian2 would compute it with the names of the layer that reads it."""
    variable = binding.variable.id
    if symbol.equation is None or not is_inlined(symbol.equation):
        return variable
    extras = found.layers.setdefault(binding.layer.id, Extras())
    extras.equations.append(Equation(f"{port}__source", "stored", unit))
    keep = (f"{port}__source = {variable}",)
    extras.every.append(
        Every(name=f"{port}__keep", period="DT", statements=keep, when="before_groups", order=-1)
    )
    return f"{port}__source"

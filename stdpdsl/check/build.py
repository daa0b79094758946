"""From the syntax tree to symbols: who declares what."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Mapping

from ..language import ast
from ..language.diagnostics import did_you_mean
from .columns import scope_between
from .merge_rules import joined
from .report import Reporter
from .symbols import Component, Symbol, Symbols, variable

# Names that other simulators and papers use for the most common rule.
PAIR_BASED = re.compile("(?i)(pair_?|additive_?|classical_?)?stdp(_?pair|_?additive)?|pair")

Named = ast.Assign | ast.Equation | ast.Port | ast.Requirement


def named_in(rule: ast.Rule) -> tuple[Named, ...]:
    """What a rule declares, all in one namespace."""
    return (
        *rule.requires,
        *rule.ports,
        *rule.parameters,
        *rule.equations,
        *rule.post_equations,
    )


class Builder:
    """Walks once over the declarations of a spec."""

    def __init__(self, spec: ast.Spec, library: Mapping[str, ast.Rule], reporter: Reporter):
        self.reporter = reporter
        # The spec's rules come before the library's, which are read only when needed.
        rules: ChainMap[str, ast.Rule] = ChainMap({}, library)  # type: ignore[arg-type]
        self.symbols = Symbols(spec, {}, {}, {}, rules, {}, {}, {})
        self.first: dict[str, ast.Node] = {}

    def declare(self, name: ast.Ident, what: str) -> bool:
        """Layers, connections, sounds, filterbanks, neurons, rules and constants share one
        namespace."""
        return self.reporter.once(
            self.first,
            name.id,
            name,
            f"{what} `{name.id}`",
            "has a name that is taken",
            "declared here first",
            "give one of them another name",
        )

    def build(self) -> Symbols:
        spec, symbols = self.symbols.spec, self.symbols
        for constants in spec.of(ast.Constants):
            for item in constants.items:
                if self.declare(item.name, "constant"):
                    symbols.constants[item.name.id] = Symbol(
                        item.name.id, "constant", item, item.value
                    )
        for kind, table, what in (
            (ast.Sound, symbols.sounds, "sound"),
            (ast.Filterbank, symbols.filterbanks, "filterbank"),
            (ast.Neuron, symbols.neurons, "neuron"),
            (ast.Rule, symbols.rules, "rule"),
        ):
            for node in spec.of(kind):
                if isinstance(node, ast.Neuron):
                    self.unique(node.name.id, (*node.parameters, *node.equations))
                elif isinstance(node, ast.Rule):
                    self.unique(node.name.id, named_in(node))
                # A component whose name is taken is kept, so this is reported once and not at each
                # use.
                if self.declare(node.name, what) or node.name.id not in table:
                    table[node.name.id] = node
        for layer in spec.of(ast.Layer):
            if self.declare(layer.name, "layer") or layer.name.id not in symbols.components:
                symbols.components[layer.name.id] = self.layer(layer)
        for connect in spec.of(ast.Connect):
            known = symbols.components
            if self.declare(connect.name, "connection") or connect.name.id not in known:
                symbols.components[connect.name.id] = self.connection(connect)
        return symbols

    # Components

    def layer(self, node: ast.Layer) -> Component:
        default = "block" if node.neuron else "shared"
        component = Component(node.name.id, "layer", node, node.scope.id if node.scope else default)
        if node.neuron:
            neuron = self.symbols.neurons.get(node.neuron.dotted)
            if neuron is None:
                self.reporter.unknown(
                    node.neuron, node.neuron.dotted, "neuron", self.symbols.neurons
                )
            else:
                component.neuron = neuron
                given = self.given(node.arguments, neuron)
                self.parameters(component, neuron.parameters, given)
                for equation in neuron.equations:
                    symbol = variable(equation, component.name)
                    component.variables.setdefault(symbol.name, symbol)
        return component

    def connection(self, node: ast.Connect) -> Component:
        pre, post = (self.side(name) for name in (node.pre, node.post))
        component = Component(
            node.name.id, "connection", node, scope_between(pre, post), pre=pre, post=post
        )
        if node.plasticity:
            self.plasticity(component, node.plasticity)
        elif node.weight is not None:
            component.variables["w"] = Symbol(
                "w", "variable", node, node.weight, owner=node.name.id
            )
        return component

    def side(self, name: ast.Ident) -> Component | None:
        found = self.symbols.components.get(name.id)
        if found is None or found.kind != "layer":
            layers = [c.name for c in self.symbols.layers]
            self.reporter.unknown(name, name.id, "layer", layers)
            return None
        return found

    def plasticity(self, component: Component, uses: tuple[ast.RuleUse, ...]) -> None:
        """The rules of a connection, with what each use gives them."""
        found: dict[str, tuple[ast.RuleUse, ast.Rule]] = {}
        seen: dict[str, ast.Node] = {}
        known = True
        for use in uses:
            rule = self.symbols.rules.get(use.rule.id)
            if rule is None:
                known = False
                alias = "pair_additive" if PAIR_BASED.fullmatch(use.rule.id) else ""
                self.reporter.unknown(use.rule, use.rule.id, "rule", self.symbols.rules, alias)
            elif self.reporter.once(
                seen,
                use.rule.id,
                use.rule,
                f"`{use.rule.id}`",
                first="the first one",
                help="make a second connection, or leave one of them out",
            ):
                found[use.rule.id] = use, rule
        component.rules = tuple(rule for _, rule in found.values())
        if known:
            component.rule = joined(component.rules)
        declared: dict[str, tuple[Named, ast.Rule]] = {}
        for use, rule in found.values():
            for item in named_in(rule):
                other, owner = declared.setdefault(item.name.id, (item, rule))
                both = isinstance(item, ast.Requirement) and isinstance(other, ast.Requirement)
                if owner is not rule and not both:
                    self.declared_by_two(use, item, rule, other, owner)
            given = self.given(use.arguments, rule)
            preset = self.preset(use, rule)
            values = {v.name.id: v for v in preset.values} if preset else {}
            self.parameters(component, rule.parameters, {**values, **given})
            component.declare(rule)
            for binding in use.bindings:
                component.bindings.setdefault(binding.port.id, binding)

    def preset(self, use: ast.RuleUse, rule: ast.Rule) -> ast.Preset | None:
        if use.preset is None:
            return None
        found = next((p for p in rule.presets if p.name.id == use.preset.id), None)
        if found is None:
            known = [p.name.id for p in rule.presets]
            self.reporter.error(
                "NAME001",
                use.preset,
                f"`{rule.name.id}` has no preset `{use.preset.id}`",
                help=did_you_mean(use.preset.id, known) or preset_list(known),
            )
        return found

    def given(
        self, arguments: tuple[ast.Assign, ...], model: ast.Neuron | ast.Rule
    ) -> dict[str, ast.Assign]:
        """The values that a use gives, by parameter."""
        given: dict[str, ast.Assign] = {}
        seen: dict[str, ast.Node] = {}
        names = [p.name.id for p in model.parameters]
        ports = [p.name.id for p in model.ports] if isinstance(model, ast.Rule) else []
        for argument in arguments:
            name = argument.name.id
            if name in ports:
                continue  # reported with the ports
            if name not in names:
                self.reporter.error(
                    "NAME003",
                    argument.name,
                    f"`{model.name.id}` has no parameter `{name}`",
                    help=did_you_mean(name, names)
                    or (f"its parameters: {', '.join(names)}" if names else "it has none"),
                )
            else:
                self.reporter.once(
                    seen, name, argument.name, f"`{name}`", "is given twice", "given here first", ""
                )
            given.setdefault(name, argument)
        return given

    def parameters(
        self,
        component: Component,
        parameters: tuple[ast.Assign, ...],
        given: Mapping[str, ast.Assign],
    ) -> None:
        """Parameters with their values: the use's values first, then the preset's, then the
        defaults."""
        for item in parameters:
            name, value = item.name.id, given.get(item.name.id, item).value
            symbol = Symbol(name, "parameter", item, value, owner=component.name)
            component.parameters.setdefault(name, symbol)

    def unique(self, model: str, items: Iterable[Named]) -> None:
        """Each name may be declared only once in a model."""
        seen: dict[str, ast.Node] = {}
        for item in items:
            name = item.name
            how = f"is declared twice in `{model}`"
            self.reporter.once(seen, name.id, name, f"`{name.id}`", how, "declared here first", "")

    def declared_by_two(
        self, use: ast.RuleUse, item: Named, rule: ast.Rule, other: Named, owner: ast.Rule
    ) -> None:
        self.reporter.error(
            "NAME002",
            use.rule,
            f"`{item.name.id}` is declared by `{owner.name.id}` and by"
            f" `{rule.name.id}`, which are joined here",
            labels=((other.name, "declared here"), (item.name, "and here")),
            help="copy one of the rules into the spec and give its variable another name",
        )


def preset_list(names: Iterable[str]) -> str:
    listed = ", ".join(f"`{n}`" for n in names)
    return f"its presets: {listed}" if listed else "it has no presets"

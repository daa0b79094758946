"""From the syntax tree to symbols: who declares what, and what a column of the sweep sets."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..language import ast
from ..language.columns import column_names
from ..language.diagnostics import Diagnostic, Label, did_you_mean
from .merge_rules import joined
from .symbols import Column, Component, Symbol, Symbols, variable

# Attributes of a connection or layer, besides its parameters, that a column may set.
# What a component needs to have each.
CONNECTION_ATTRIBUTES = {
    "delay": "",
    "weight": "a `weight:`",
    "preset": "a `plasticity:` whose rule has presets",
    "p": "`pattern: random(p = ...)`",
    "k": "`pattern: fixed_indegree(k)` or `fixed_outdegree(k)`",
}
# What the most common rule is called elsewhere.
PAIR_BASED = re.compile("(?i)(pair_?|additive_?|classical_?)?stdp(_?pair|_?additive)?|pair")
LAYER_ATTRIBUTES = {"rate": "an input with a rate: `poisson: 15 Hz` or `regular: 20 Hz`"}


def attributes(component: Component) -> list[str]:
    """Those that this component has."""
    node = component.node
    if isinstance(node, ast.Layer):
        rated = isinstance(node.source, ast.PoissonInput | ast.RegularInput)
        return ["rate"] if rated else []
    kind = node.pattern.kind.id if node.pattern else ""
    has = {
        "delay": True,
        "weight": node.weight is not None,
        "preset": component.rule is not None and bool(component.rule.presets),
        "p": kind in ("random", "symmetric"),
        "k": kind in ("fixed_indegree", "fixed_outdegree"),
    }
    return [name for name, there in has.items() if there]


Named = ast.Assign | ast.Equation | ast.Port | ast.Requirement


def named_in(rule: ast.Rule) -> tuple[Named, ...]:
    """What a rule declares, in one space of names."""
    return (
        *rule.requires, *rule.ports, *rule.parameters, *rule.equations, *rule.post_equations,
    )  # fmt: skip


class Builder:
    """Walks a spec's declarations once."""

    def __init__(self, spec: ast.Spec, library: Mapping[str, ast.Rule]):
        # Rules of the spec stand before those of the library, which are read when asked for.
        rules: ChainMap[str, ast.Rule] = ChainMap({}, library)  # type: ignore[arg-type]
        self.symbols = Symbols(spec, {}, {}, {}, rules, {}, {}, {}, [])
        self.first: dict[str, ast.Ident] = {}

    def report(
        self, code: str, node: ast.Node, message: str, label: str = "", help: str = "",
        labels: tuple[Label, ...] = (),
    ) -> None:  # fmt: skip
        self.symbols.diagnostics.append(Diagnostic(code, node.span, message, label, labels, help))

    def declare(self, name: ast.Ident, what: str) -> bool:
        """Layers, connections, sounds, filterbanks, neurons, rules and constants share one
        space."""
        before = self.first.get(name.id)
        if before is None:
            self.first[name.id] = name
            return True
        self.report(
            "NAME002", name, f"{what} `{name.id}` has a name that is taken",
            labels=(Label(before.span, "declared here first"),),
            help="give one of them another name",
        )  # fmt: skip
        return False

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
                # One whose name something else has is kept: it is told once, not at each use.
                if self.declare(node.name, what) or node.name.id not in table:
                    table[node.name.id] = node
        for layer in spec.of(ast.Layer):
            if self.declare(layer.name, "layer") or layer.name.id not in symbols.components:
                symbols.components[layer.name.id] = self.layer(layer)
        for connect in spec.of(ast.Connect):
            known = symbols.components
            if self.declare(connect.name, "connection") or connect.name.id not in known:
                symbols.components[connect.name.id] = self.connection(connect)
        for sweep in spec.of(ast.Sweep):
            self.sweep(sweep)
        for search in self.symbols.spec.of(ast.Search)[:1]:
            self.search(search)
        self.scopes_of_swept_inputs()
        return symbols

    # Components

    def layer(self, node: ast.Layer) -> Component:
        default = "block" if node.neuron else "shared"
        component = Component(node.name.id, "layer", node, node.scope.id if node.scope else default)
        if node.neuron:
            neuron = self.symbols.neurons.get(node.neuron.dotted)
            if neuron is None:
                self.unknown(node.neuron, node.neuron.dotted, "neuron", self.symbols.neurons)
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
            self.unknown(name, name.id, "layer", layers)
            return None
        return found

    def unknown(
        self, node: ast.Node, name: str, what: str, candidates: Iterable[str], alias: str = ""
    ) -> None:
        known = ", ".join(f"`{c}`" for c in sorted(candidates)[:12])
        self.report(
            "NAME001", node, f"there is no {what} `{name}`",
            help=f"pair-based STDP is `{alias}`" if alias in candidates
            else did_you_mean(name, candidates)
            or (f"known: {known}" if known else f"declare it with `{what} {name}:`"),
        )  # fmt: skip

    def plasticity(self, component: Component, uses: tuple[ast.RuleUse, ...]) -> None:
        """The rules of a connection, with what each use gives them."""
        found: dict[str, tuple[ast.RuleUse, ast.Rule]] = {}
        known = True
        for use in uses:
            rule = self.symbols.rules.get(use.rule.id)
            if rule is None:
                known = False
                alias = "pair_additive" if PAIR_BASED.fullmatch(use.rule.id) else ""
                self.unknown(use.rule, use.rule.id, "rule", self.symbols.rules, alias)
            elif use.rule.id in found:
                first = found[use.rule.id][0].rule
                self.report(
                    "NAME002", use.rule, f"`{use.rule.id}` stands here twice",
                    labels=(Label(first.span, "the first one"),),
                    help="make a second connection, or leave one of them out",
                )  # fmt: skip
            else:
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
            self.report(
                "NAME001", use.preset, f"`{rule.name.id}` has no preset `{use.preset.id}`",
                help=did_you_mean(use.preset.id, known) or preset_list(known),
            )  # fmt: skip
        return found

    def given(
        self, arguments: tuple[ast.Assign, ...], model: ast.Neuron | ast.Rule
    ) -> dict[str, ast.Assign]:
        """The values that a use gives, by parameter."""
        given: dict[str, ast.Assign] = {}
        names = [p.name.id for p in model.parameters]
        ports = [p.name.id for p in model.ports] if isinstance(model, ast.Rule) else []
        for argument in arguments:
            name = argument.name.id
            if name in ports:
                continue  # told with the ports
            if name not in names:
                self.report(
                    "NAME003", argument.name, f"`{model.name.id}` has no parameter `{name}`",
                    help=did_you_mean(name, names)
                    or (f"its parameters: {', '.join(names)}" if names else "it has none"),
                )  # fmt: skip
            elif name in given:
                self.report(
                    "NAME002", argument.name, f"`{name}` is given twice",
                    labels=(Label(given[name].span, "given here first"),),
                )  # fmt: skip
            given.setdefault(name, argument)
        return given

    def parameters(
        self, component: Component, parameters: tuple[ast.Assign, ...],
        given: Mapping[str, ast.Assign],
    ) -> None:  # fmt: skip
        """Parameters with their values: the use's before the preset's before the default."""
        for item in parameters:
            name, value = item.name.id, given.get(item.name.id, item).value
            symbol = Symbol(name, "parameter", item, value, owner=component.name)
            component.parameters.setdefault(name, symbol)

    def unique(self, model: str, items: Iterable[Named]) -> None:
        """Inside a model each name is declared once."""
        seen: dict[str, ast.Ident] = {}
        for item in items:
            before = seen.setdefault(item.name.id, item.name)
            if before is not item.name:
                self.report(
                    "NAME002", item.name, f"`{item.name.id}` is declared twice in `{model}`",
                    labels=(Label(before.span, "declared here first"),),
                )  # fmt: skip

    def declared_by_two(
        self, use: ast.RuleUse, item: Named, rule: ast.Rule, other: Named, owner: ast.Rule
    ) -> None:
        self.report(
            "NAME002", use.rule, f"`{item.name.id}` is declared by `{owner.name.id}` and by"
            f" `{rule.name.id}`, which are joined here",
            labels=(Label(other.name.span, "declared here"), Label(item.name.span, "and here")),
            help="copy one of the rules into the spec and give its variable another name",
        )  # fmt: skip

    # The sweep's columns

    def sweep(self, sweep: ast.Sweep) -> None:
        paths: list[tuple[ast.Path, ast.Node]] = []
        for part in sweep.parts:
            if isinstance(part, ast.Table):
                paths += [(header.path, header) for header in part.headers]
            elif isinstance(part, ast.Grid | ast.Zip | ast.RandomSamples):
                paths += [(axis.path, axis) for axis in part.axes]
        paths += [(axis.path, axis) for axis in sweep.derive]
        self.add_columns(paths)

    def search(self, search: ast.Search) -> None:
        self.add_columns([(axis.path, axis) for axis in search.over])

    def add_columns(self, paths: list[tuple[ast.Path, ast.Node]]) -> None:
        """Also called with the headers of files, once they are read."""
        columns = list(self.symbols.columns.values())
        for path, node in paths:
            columns.append(Column(path.dotted, path, self.target(path), node))
        names = column_names([dotted(c) for c in columns], self.symbols.measured_of)
        taken: dict[str, Column] = {}
        keys: dict[object, Column] = {}
        for column in columns:
            key = column.target or column.path.dotted
            before = keys.get(key)
            if before is not None:
                self.report(
                    "SWEEP002", column.path, f"`{column.path.dotted}` is swept twice",
                    labels=(Label(before.path.span, "swept here first"),),
                    help="keep one of them",
                )  # fmt: skip
                continue
            keys[key] = column
            self.means_one(column)
            name = names[dotted(column)]
            taken[name] = Column(name, column.path, column.target, column.node)
        self.symbols.columns.clear()
        self.symbols.columns.update(taken)
        self.symbols._globals = None
        for column in taken.values():
            if column.of_presets and column.target:
                self.sweep_preset(self.symbols.components.get(column.target[0]))

    def means_one(self, column: Column) -> None:
        """Whether a column sets a parameter or an attribute, not both."""
        owner, name = column.target or ("", "")
        component = self.symbols.components.get(owner)
        if component and name in component.parameters and name in attributes(component):
            self.report(
                "SWEEP003", column.path, f"`{owner}.{name}` could be the rule's parameter or the"
                f" connection's own `{name}`", help="give the parameter another name",
            )  # fmt: skip

    def sweep_preset(self, component: Component | None) -> None:
        """The values that the parameters have under each preset."""
        if component is None or component.rule is None or not component.rule.presets:
            return
        assert isinstance(component.node, ast.Connect)
        given = {a.name.id for use in component.node.plasticity for a in use.arguments}
        values = {p.name.id: {v.name.id: v.value for v in p.values} for p in component.rule.presets}
        for name, symbol in component.parameters.items():
            if name in given or not any(name in of_preset for of_preset in values.values()):
                continue
            assert isinstance(symbol.node, ast.Assign)
            default = symbol.node.value
            by_preset = tuple((p, found.get(name, default)) for p, found in values.items())
            component.parameters[name] = replace(symbol, by_preset=by_preset)

    def target(self, path: ast.Path) -> tuple[str, str] | None:
        """What a column sets. A name that nobody has is a free column."""
        symbols = self.symbols
        names = [part.id for part in path.parts]
        if len(names) == 1:
            name = names[0]
            owners = symbols.owners(name)
            if name in symbols.constants:
                return ("", name)
            if name == "preset" and not owners:
                owners = [c.name for c in symbols.connections if "preset" in attributes(c)]
            if len(owners) > 1:
                listed = ", ".join(f"`{owner}.{name}`" for owner in owners)
                self.report(
                    "SWEEP003", path, f"`{name}` is a parameter of {len(owners)} components",
                    help=f"say which one: {listed}",
                )  # fmt: skip
                return (owners[0], name)
            return (owners[0], name) if owners else None
        component = symbols.components.get(names[0])
        if component is None or len(names) > 2:
            self.unknown(path.parts[0], names[0], "layer or connection", symbols.components)
            return (names[0], names[-1])
        possible = LAYER_ATTRIBUTES if component.kind == "layer" else CONNECTION_ATTRIBUTES
        there = attributes(component)
        if component.unsure:
            return (names[0], names[1])
        if names[1] not in component.parameters and names[1] not in there:
            candidates = [*component.parameters, *there]
            listed = f"it has: {', '.join(f'`{c}`' for c in candidates)}" if candidates else ""
            missing = names[1] in possible
            self.report(
                "SWEEP004", path.parts[1],
                f"`{names[0]}` has no {'' if missing else 'parameter '}`{names[1]}` to sweep",
                help="its size cannot be swept" if names[1] == "size"
                else f"it needs {possible[names[1]]}" if missing
                else did_you_mean(names[1], candidates) or listed,
            )  # fmt: skip
        return (names[0], names[1])

    def scopes_of_swept_inputs(self) -> None:
        """An input layer whose rate uses a swept value is an independent copy in each block."""
        symbols = self.symbols
        swept = {c.name for c in symbols.columns.values() if c.target is None}
        swept |= {c.target[1] for c in symbols.columns.values() if c.target and not c.target[0]}
        for component in symbols.layers:
            node = component.node
            if not isinstance(node, ast.Layer) or node.source is None or node.scope is not None:
                continue
            own = any(c.target == (component.name, "rate") for c in symbols.columns.values())
            if own or uses(symbols, node.source, swept):
                component.scope = "block"
        for component in symbols.connections:
            component.scope = scope_between(component.pre, component.post)


def dotted(column: Column) -> str:
    """The whole name of what a column sets: `feedforward.Apre`, or `tau_syn` of a constant."""
    return ".".join(column.target).lstrip(".") if column.target else column.path.dotted


def scope_between(pre: Component | None, post: Component | None) -> str:
    """Synapses exist once where both layers do and the target can feel them. Onto an input layer
    nothing is delivered, so each block may have its own."""
    felt = post is not None and isinstance(post.node, ast.Layer) and post.node.source is None
    shared = all(side.scope == "shared" for side in (pre, post) if side)
    return "shared" if shared and felt else "block"


def preset_list(names: Iterable[str]) -> str:
    listed = ", ".join(f"`{n}`" for n in names)
    return f"its presets: {listed}" if listed else "it has no presets"


def uses(symbols: Symbols, node: ast.Node, names: set[str]) -> bool:
    """Whether a node refers to one of the names, also through constants."""
    seen: set[str] = set()
    stack = [node]
    while stack:
        for below in ast.walk(stack.pop()):
            if isinstance(below, ast.Name) and below.id not in seen:
                seen.add(below.id)
                if below.id in names:
                    return True
                constant = symbols.constants.get(below.id)
                if constant and constant.value:
                    stack.append(constant.value)
    return False


def build(spec: ast.Spec, library: Mapping[str, ast.Rule]) -> Symbols:
    """The symbols of a spec whose `use` files have been merged into it."""
    return Builder(spec, library).build()

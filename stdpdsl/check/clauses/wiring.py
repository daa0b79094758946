"""What a rule needs besides the spikes of its synapses: ports that are bound, and a target with the
variables that it reads."""

from __future__ import annotations

from ...dataclass import dataclass
from ...language import ast
from ..report import Reporter
from ..slices import size_of
from ..symbols import Component, Symbols, unit_type
from ..types.infer import Inference
from ..types.messages import describe
from ..values import value


@dataclass
class Wiring:
    """Checks each connection's rules against its layers."""

    symbols: Symbols
    inference: Inference
    reporter: Reporter

    def check(self) -> None:
        for component in self.symbols.connections:
            node = component.node
            assert isinstance(node, ast.Connect)
            rules = {rule.name.id: rule for rule in component.rules}
            for use in node.plasticity:
                rule = rules.get(use.rule.id)
                if rule is not None:
                    self.ports(use, rule, component)
                    self.target(use, rule, component)
            self.spikes(node, component)
        for record in self.symbols.spec.of(ast.Record):
            for item in record.items:
                if isinstance(item, ast.RecordSpikes) and not item.events:
                    for name in item.layers:
                        self.silent(name, self.symbols.components.get(name.id), "records spikes")

    # Spikes

    def spikes(self, node: ast.Connect, component: Component) -> None:
        """Whatever waits for the spikes of a layer needs a layer that spikes."""
        handlers = (*(component.rule.handlers if component.rule else ()), *node.handlers)
        triggers = {h.trigger.id for h in handlers}
        by_spike = any(not d.continuously for d in node.delivery)
        if by_spike or "pre" in triggers:
            self.silent(node.pre, component.pre, "waits for its spikes")
        if "post" in triggers or (component.rule and component.rule.post_reset):
            self.silent(node.post, component.post, "waits for its spikes")

    def silent(self, place: ast.Ident, layer: Component | None, what: str) -> None:
        neuron = layer.neuron if layer else None
        if neuron is None or neuron.threshold is not None:
            return
        self.reporter.error(
            "CLAUSE011",
            place,
            f"`{place.id}` never spikes: `{neuron.name.id}` has no `threshold:`",
            f"this {what}",
            labels=((neuron.name, "declared here"),),
            help="give the neuron a threshold, or deliver continuously",
        )

    # Ports

    def ports(self, use: ast.RuleUse, rule: ast.Rule, component: Component) -> None:
        ports = {p.name.id: p for p in rule.ports}
        seen: dict[str, ast.Node] = {}
        for binding in use.bindings:
            name = binding.port.id
            if not self.reporter.once(
                seen, name, binding.port, f"`{name}`", "is bound twice", "bound here first"
            ):
                continue
            if name in ports:
                self.binding(binding, ports[name], component)
            else:
                self.no_port(binding, rule)
        for argument in use.arguments:
            if argument.name.id in ports:
                seen.setdefault(argument.name.id, argument)
                self.reporter.error(
                    "CLAUSE009",
                    argument.value,
                    f"`{argument.name.id}` is a port of `{rule.name.id}`, which takes no value",
                    "a value",
                    help=_example(ports[argument.name.id]),
                )
        unknown = any(name not in ports for name in seen)  # one of those may be meant
        for port in rule.ports:
            if port.name.id not in seen and not unknown:
                self.reporter.error(
                    "CLAUSE008",
                    use.rule,
                    f"the port `{port.name.id}` of `{rule.name.id}` is bound to nothing",
                    labels=((port, "the port"),),
                    help=_example(port),
                )

    def no_port(self, binding: ast.Binding, rule: ast.Rule) -> None:
        name = binding.port.id
        if any(p.name.id == name for p in rule.parameters):
            self.reporter.error(
                "CLAUSE009",
                binding,
                f"`{name}` is a parameter of `{rule.name.id}`, which takes a value",
                help=f"write `{name} = VALUE`, or declare it under `ports:`",
            )
            return
        known = [p.name.id for p in rule.ports]
        self.reporter.error(
            "NAME024",
            binding.port,
            f"`{rule.name.id}` has no port `{name}`",
            help=self.reporter.suggest(name, known, "its ports") or "it has no ports",
        )

    def binding(self, binding: ast.Binding, port: ast.Port, component: Component) -> None:
        layers = [layer.name for layer in self.symbols.layers]
        layer = self.symbols.components.get(binding.layer.id)
        if layer is None or layer.kind != "layer":
            self.reporter.error(
                "NAME001",
                binding.layer,
                f"there is no layer `{binding.layer.id}`",
                help=self.reporter.suggest(binding.layer.id, layers, "known") or "declare one",
            )
            return
        if component.scope == "shared" and layer.scope == "block":
            self.reporter.error(
                "BLOCK001",
                binding.layer,
                f"`{layer.name}` has a copy in every block,"
                f" `{component.name}` is shared: through it the blocks would influence one another",
                help=f"make `{layer.name}` shared, or give the layers of `{component.name}` a copy"
                " per block (`scope: block`)",
            )
        spikes = binding.variable.id == "spikes"
        if port.unit is None and not spikes:
            self.reporter.error(
                "CLAUSE009",
                binding,
                f"`{port.name.id}` is a spike port, and this is a value",
                labels=((port, "a port without a unit takes spikes"),),
                help=f"write `{port.name.id} = spikes of {layer.name}`",
            )
        elif port.unit is not None and spikes:
            self.reporter.error(
                "CLAUSE009",
                binding,
                f"`{port.name.id}` is a value port, and these are spikes",
                labels=((port, "a port with a unit takes a value"),),
                help=_example(port),
            )
        elif spikes:
            self.silent(binding.layer, layer, "waits for its spikes")
        elif not layer.unsure:
            self.value(binding, port, layer, component.post)

    def value(
        self, binding: ast.Binding, port: ast.Port, layer: Component, post: Component | None
    ) -> None:
        """A value port reads a variable of a single neuron, or of one neuron per target neuron."""
        assert isinstance(layer.node, ast.Layer)
        symbol = layer.variables.get(binding.variable.id)
        size = value(layer.node.size, self.inference.values)
        if symbol is None:
            self.reporter.error(
                "NAME011",
                binding.variable,
                f"`{layer.name}` has no variable `{binding.variable.id}`",
                help=self.reporter.suggest(binding.variable.id, layer.variables, "it has")
                or f"`{layer.name}` is an input and has no variables",
            )
            return
        targets = size_of(post, self.inference.values)
        if size is not None and post is not None and size not in (1, targets):
            self.reporter.error(
                "CLAUSE006",
                binding.layer,
                f"`{layer.name}` has {size:g} neurons, and the value"
                f" port `{port.name.id}` takes the variable of one, or of one for each neuron of"
                f" `{post.name}`",
                help=f"bind it to a layer with `size: 1`, or as large as `{post.name}`",
            )
        have, want = symbol.type, unit_type(port.unit) if port.unit else None
        if have is not None and want is not None and have.dim != want.dim:
            self.reporter.error(
                "UNIT002",
                binding.variable,
                f"`{port.name.id}`: expected {describe(want)}, found {describe(have)}",
                labels=((port, "declared here"),),
                help="give both the same unit",
            )

    # The target

    def target(self, use: ast.RuleUse, rule: ast.Rule, component: Component) -> None:
        post = component.post
        needs = [
            (rule.requires, "requires variables"),
            (rule.post_equations, "adds equations"),
            (rule.post_reset, "adds statements"),
            (rule.ports, "has ports"),
        ]
        if post is None or post.unsure:
            return
        if post.neuron is None:
            parts = next(((nodes, what) for nodes, what in needs if nodes), None)
            if parts is not None:
                self.reporter.error(
                    "CLAUSE010",
                    use.rule,
                    f"`{rule.name.id}` {parts[1]}, and its target `{post.name}` is an input",
                    labels=((parts[0][0], "here"),),
                    help="let it end at a layer of a `neuron:`",
                )
            return
        for item in rule.requires:
            self.requirement(use, item, rule, post)
        for equation in rule.post_equations:
            name = equation.name.id
            before = post.variables.get(name) or post.parameters.get(name)
            if before is not None and before.node is not None:
                self.reporter.error(
                    "NAME002",
                    use.rule,
                    f"`{rule.name.id}` adds `{name}` to `{post.name}`, which has it already",
                    labels=((equation.name, "added here"), (_name_of(before.node), "declared")),
                    help=f"give one of them another name, or declare `{name}` under"
                    " `requires post:` if it is the same",
                )

    def requirement(
        self, use: ast.RuleUse, item: ast.Requirement, rule: ast.Rule, post: Component
    ) -> None:
        assert post.neuron is not None
        name, neuron = item.name.id, post.neuron.name.id
        symbol, want = post.variables.get(name), unit_type(item.unit)
        if symbol is None:
            unit = item.unit.span.text
            help = f"add `{name} : {unit}` or `d{name}/dt = ... : {unit}` to `{neuron}`"
            if name in post.parameters:
                help = f"`{name}` is a parameter of `{neuron}`; a variable is wanted"
            self.reporter.error(
                "CLAUSE010",
                use.rule,
                f"`{rule.name.id}` requires a variable `{name}`, which `{neuron}` does not have",
                labels=((item, "required here"),),
                help=help,
            )
        elif want is not None and symbol.type is not None and want.dim != symbol.type.dim:
            assert symbol.equation is not None
            self.reporter.error(
                "CLAUSE010",
                use.rule,
                f"`{rule.name.id}` requires `{name}` as {describe(want)};"
                f" in `{neuron}` it is {describe(symbol.type)}",
                labels=((item.unit, "required here"), (symbol.equation.unit, "declared here")),
                help="give both the same unit",
            )


def _name_of(node: ast.Node) -> ast.Node:
    return getattr(node, "name", node)


def _example(port: ast.Port) -> str:
    what = "spikes" if port.unit is None else "VARIABLE"
    return f"bind it: `{port.name.id} = {what} of LAYER`"

"""Clauses that are missing, contradict one another, or ask for the impossible."""

from __future__ import annotations

from ...dataclass import dataclass
from ...language import ast
from ...language.builtins import PRECISIONS
from ...language.numeric import NotConstant, evaluate
from ...language.source import Span
from ..symbols import Component
from ..values import value
from .deliveries import Deliveries
from .patterns import Patterns

SHORT = 200
"""Parts of an expression up to this many characters are evaluated separately: a long chain has
many."""


@dataclass
class Clauses(Patterns, Deliveries):
    """Checks the clauses of each declaration, but not their expressions."""

    def check(self) -> None:
        self.spec()
        self.numbers()
        for neuron in self.symbols.neurons.values():
            self.neuron(neuron)
        for component in self.symbols.components.values():
            if component.kind == "layer":
                self.layer(component)
            else:
                self.connection(component)

    def spec(self) -> None:
        spec = self.symbols.spec
        if spec.is_collection:
            return
        start = Span(spec.span.source, spec.span.start, spec.span.start)
        first = spec.declarations[0].span if spec.declarations else start
        head = Span(first.source, first.start, first.start + len(first.text.split("\n")[0]))
        if first.source is not spec.span.source:
            head = start
        if spec.model is None:
            self.missing(head, "the spec has no name", "start with `model NAME`")
        if not spec.of(ast.Layer):
            self.missing(head, "the spec has no layer", "declare one with `layer NAME:`")
        runs: list[ast.Run] = spec.of(ast.Run)
        if not runs:
            self.missing(
                head, "the spec does not say how long to run", "add `run:` with `duration: 1 s`"
            )
        for run in runs[1:]:
            self.contradiction(run, "a spec has one `run:`", runs[0], "move it into the first")
        for run in runs:
            if run.duration is None and not run.phases:
                self.missing(
                    _head(run), "`run` has no duration", "add `duration: 1 s` or `phases:`"
                )
            elif run.duration is not None and run.phases:
                self.contradiction(
                    run.duration,
                    "`run` has a duration and phases",
                    run.phases[0],
                    "the phases' durations add up; leave out `duration:`",
                )
            if run.precision is not None and run.precision.id not in PRECISIONS:
                self.word(run.precision, "precision", PRECISIONS)
            elif run.precision is not None and run.precision.id == "single":
                self.single(run.precision)
            for expr in (run.duration, run.dt, *(p.duration for p in run.phases)):
                self.positive(expr, "a duration" if expr is not run.dt else "`dt`")

    def single(self, precision: ast.Ident) -> None:
        parts = self.symbols.components.values()
        models = [m for c in parts for m in (c.neuron, c.rule) if m is not None]
        for method in dict.fromkeys(m.method for m in models if m.method is not None):
            if method.id.startswith("gsl"):
                self.contradiction(
                    precision,
                    "GSL's integrators compute in double",
                    method,
                    "take another method, or leave out `precision:`",
                )

    def numbers(self) -> None:
        """Constants and defaults that divide by zero, or are too large for a number."""
        spec = self.symbols.spec
        items = [item for constants in spec.of(ast.Constants) for item in constants.items]
        models: list[ast.Neuron | ast.Rule] = [*spec.of(ast.Neuron), *spec.of(ast.Rule)]
        items += [item for model in models for item in model.parameters]
        for layer in spec.of(ast.Layer):
            items += layer.arguments
        for connect in spec.of(ast.Connect):
            items += [item for use in connect.plasticity for item in use.arguments]
        for rule in spec.of(ast.Rule):
            items += [item for preset in rule.presets for item in preset.values]
        reported: set[int] = set()
        for item in items:
            try:
                found = evaluate(item.value, self.values)
            except NotConstant as problem:
                self.no_number(problem, reported)
            except (TypeError, ValueError, KeyError):
                continue
            else:
                if isinstance(found, float) and found != found:
                    self.range(
                        item.value, "this comes out as NaN, not a number", "write what is meant"
                    )
        # In any other expression, only the parts that contain nothing but numbers and constants. A
        # sweep is evaluated as a whole.
        components = self.symbols.components.values()
        hidden = {name for c in components for name in (*c.parameters, *c.variables)}
        known = {name: value for name, value in self.values.items() if name not in hidden}
        others = [d for d in spec.declarations if not isinstance(d, ast.Sweep)]
        for node in (n for d in others for n in _short_quotients(d)):
            try:
                evaluate(node, known)
            except NotConstant as problem:
                self.no_number(problem, reported)
            except (TypeError, ValueError, KeyError):
                continue

    def no_number(self, problem: NotConstant, reported: set[int]) -> None:
        """Report an operation without a result, once."""
        node = problem.node
        kinds = ast.Name | ast.Call | ast.ListExpr | ast.DataExpr
        if isinstance(node, kinds) or id(node) in reported:
            return
        reported.add(id(node))
        self.range(node, f"this {problem.reason}", "write what is meant")

    def neuron(self, neuron: ast.Neuron) -> None:
        if neuron.threshold is None:
            for clause, what in ((neuron.reset, "reset"), (neuron.refractory, "refractory")):
                if clause:
                    node = clause[0] if isinstance(clause, tuple) else clause
                    self.misplaced(
                        node,
                        f"`{neuron.name.id}` has `{what}:` and no `threshold:`",
                        "add `threshold: CONDITION`, or leave it out",
                    )
        if neuron.refractory is None:
            for equation in neuron.equations:
                for flag in equation.flags:
                    if [word.id for word in flag] == ["unless", "refractory"]:
                        self.reporter.warn(
                            "CLAUSE007",
                            flag[0].span.to(flag[-1].span),
                            f"`{neuron.name.id}` is never refractory",
                            help="add `refractory: 5 ms`, or leave out `(unless refractory)`",
                        )

    # Layers

    def layer(self, component: Component) -> None:
        node = component.node
        assert isinstance(node, ast.Layer)
        name = node.name
        if node.neuron is None and node.source is None:
            self.missing(
                name,
                f"the layer `{name.id}` has no neurons",
                "add `neuron: NAME`, or an input: `poisson: 15 Hz`",
            )
        elif node.neuron is not None and node.source is not None:
            self.contradiction(
                node.source,
                f"the layer `{name.id}` has a neuron and an input",
                node.neuron,
                "keep one of them; connect an input layer to this one",
            )
        elif node.source is not None and node.initial:
            self.misplaced(
                node.initial[0], "an input layer has no variables", "leave out `initial:`"
            )
        if node.size is None:
            self.missing(name, f"the layer `{name.id}` has no size", "add `size: 10`")
        self.count(node.size, "`size`")
        if node.scope is not None and node.scope.id not in ("shared", "block"):
            self.word(node.scope, "scope", ("shared", "block"))
        if isinstance(node.source, ast.SpikesList):
            self.spikes(node.source, node)
        if isinstance(node.source, ast.RegularInput):
            start = value(node.source.start, self.values)
            stop = value(node.source.stop, self.values)
            if start is not None and stop is not None and stop <= start and node.source.stop:
                self.range(
                    node.source.stop,
                    "the spikes end before they start",
                    "write `from` the earlier time `to` the later",
                )

    def spikes(self, source: ast.SpikesList, node: ast.Layer) -> None:
        size = value(node.size, self.values)
        for neuron, time in source.items:
            index, when = value(neuron, self.values), value(time, self.values)
            if index is not None and (index < 0 or (size is not None and index >= size)):
                last = f"neurons are numbered from 0 to {size - 1:g}" if size else ""
                self.range(neuron, f"there is no neuron {index:g}", last)
            if when is not None and when < 0:
                self.range(time, "a spike cannot come before the run", "times start at 0 ms")

    # Connections

    def connection(self, component: Component) -> None:
        node = component.node
        assert isinstance(node, ast.Connect)
        name = node.name.id
        spot = node.name if node.name.span.text == name else node.pre
        if node.pattern is None:
            self.missing(
                spot, f"the connection `{name}` has no pattern", "add `pattern: all_to_all`"
            )
        else:
            self.pattern(node.pattern, component)
        if node.plasticity and node.weight is not None:
            self.contradiction(
                node.weight,
                f"`{name}` has a weight and a plasticity",
                node.plasticity[0],
                "the rule declares its weight; set it with `initial: w = ...`",
            )
        elif not (node.plasticity or node.weight or node.delivery or node.handlers or node.every):
            self.missing(
                spot,
                f"the connection `{name}` does nothing",
                "add `weight: 0.5 nS` and `deliver: w to g`, a `plasticity:` or `on pre:`",
            )
        self.deliveries(node, component, spot)
        if node.ties is not None and node.ties.id not in ("pre", "post"):
            self.word(node.ties, "side", ("post", "pre"))


@ast.found_once
def _short_quotients(node: ast.Node) -> tuple[ast.Binary, ...]:
    """What may divide by zero or be too large, and can be shown in a message."""
    short = (n for n in ast.below(node, ast.Binary) if n.span.end - n.span.start <= SHORT)
    return tuple(n for n in short if n.op in ("/", "//", "%", "**"))


def _head(node: ast.Node) -> Span:
    """The first line of a declaration."""
    span = node.span
    return Span(span.source, span.start, span.start + len(span.text.split("\n")[0]))

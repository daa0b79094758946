"""Clauses that are missing, contradict one another, or say what cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..language import ast
from ..language.builtins import PATTERNS, PRECISIONS
from ..language.numeric import NotConstant, evaluate
from ..language.printer.expressions import print_expr
from ..language.source import Span
from .merge_rules import delivers
from .order import names_in
from .report import Reporter
from .slices import slices_of
from .symbols import Component, Symbols
from .values import LONGEST, SHORTEST, on_pairs, value

SHORT = 200
"""Characters up to which a part of an expression is evaluated by itself: a long chain has many."""


DRAWN = ("random", "symmetric", "fixed_indegree", "fixed_outdegree")
"""Patterns that draw their pairs."""


@dataclass
class Clauses:
    """Looks at what stands in each declaration, not at what its expressions say."""

    symbols: Symbols
    reporter: Reporter
    values: Mapping[str, float]

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
                    run.duration, "`run` has a duration and phases", run.phases[0],
                    "the phases' durations add up; leave out `duration:`",
                )  # fmt: skip
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
                    precision, "GSL's integrators compute in double", method,
                    "take another method, or leave out `precision:`",
                )  # fmt: skip

    def numbers(self) -> None:
        """Constants and defaults that divide by zero, or come out too large for a number."""
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
                    self.range(item.value, "this comes out as no number (NaN)",
                               "write what is meant")  # fmt: skip
        # In any other expression, the parts that hold numbers and constants alone; a sweep is
        # evaluated as a whole.
        components = self.symbols.components.values()
        hidden = {name for c in components for name in (*c.parameters, *c.variables)}
        known = {name: value for name, value in self.values.items() if name not in hidden}
        others = [d for d in spec.declarations if not isinstance(d, ast.Sweep)]
        for node in (n for d in others for n in ast.walk(d)):
            short = node.span.end - node.span.start <= SHORT
            if isinstance(node, ast.Binary) and node.op in ("/", "//", "%", "**") and short:
                try:
                    evaluate(node, known)
                except NotConstant as problem:
                    self.no_number(problem, reported)
                except (TypeError, ValueError, KeyError):
                    continue

    def no_number(self, problem: NotConstant, reported: set[int]) -> None:
        """An operation that has no result, reported once."""
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
                        node, f"`{neuron.name.id}` has `{what}:` and no `threshold:`",
                        "add `threshold: CONDITION`, or leave it out",
                    )  # fmt: skip
        if neuron.refractory is None:
            for equation in neuron.equations:
                for flag in equation.flags:
                    if [word.id for word in flag] == ["unless", "refractory"]:
                        self.reporter.warn(
                            "CLAUSE007", flag[0].span.to(flag[-1].span),
                            f"`{neuron.name.id}` is never refractory",
                            help="add `refractory: 5 ms`, or leave out `(unless refractory)`",
                        )  # fmt: skip

    # Layers

    def layer(self, component: Component) -> None:
        node = component.node
        assert isinstance(node, ast.Layer)
        name = node.name
        if node.neuron is None and node.source is None:
            self.missing(
                name, f"the layer `{name.id}` has no neurons",
                "add `neuron: NAME`, or an input: `poisson: 15 Hz`",
            )  # fmt: skip
        elif node.neuron is not None and node.source is not None:
            self.contradiction(
                node.source, f"the layer `{name.id}` has a neuron and an input", node.neuron,
                "keep one of them; connect an input layer to this one",
            )  # fmt: skip
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
                self.range(node.source.stop, "the spikes end before they start",
                           "write `from` the earlier time `to` the later")  # fmt: skip

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
                node.weight, f"`{name}` has a weight and a plasticity", node.plasticity[0],
                "the rule declares its weight; set it with `initial: w = ...`",
            )  # fmt: skip
        elif not (node.plasticity or node.weight or node.delivery or node.handlers or node.every):
            self.missing(
                spot, f"the connection `{name}` does nothing",
                "add `weight: 0.5 nS` and `deliver: w to g`, a `plasticity:` or `on pre:`",
            )  # fmt: skip
        self.deliveries(node, component, spot)
        if node.ties is not None and node.ties.id not in ("pre", "post"):
            self.word(node.ties, "side", ("post", "pre"))

    def deliveries(self, node: ast.Connect, component: Component, spot: ast.Node) -> None:
        name = node.name.id
        rule = component.rule
        statement = _deliver(rule) if rule else None
        by_spike = [d for d in node.delivery if not d.continuously]
        # A train of spikes as the target has no variable to deliver into.
        post = component.post.node if component.post else None
        replayed = isinstance(post, ast.Layer) and post.source is not None
        if statement is not None and not node.delivery and not replayed:
            assert rule is not None
            self.reporter.error(
                "CLAUSE004", spot, f"`{name}` does not say where `{rule.name.id}` delivers",
                labels=((statement, "here it delivers"),),
                help=f"add `deliver: {component.weight or 'w'} to VARIABLE`, a variable of"
                f" `{node.post.id}`",
            )  # fmt: skip
        elif statement is None and rule is not None and by_spike:
            self.reporter.error(
                "CLAUSE004", by_spike[0], f"`{rule.name.id}` does not say when it delivers",
                labels=((rule.name, "no `deliver` in its `on pre:`"),),
                help=f"add `deliver {component.weight or 'w'}` to its `on pre:`, or write"
                " `deliver continuously:`",
            )  # fmt: skip
        elif node.weight is not None and not node.delivery:
            if not any(isinstance(n, ast.Name) and n.id == "w" for h in node.handlers
                       for n in ast.walk(h)):  # fmt: skip
                self.reporter.error(
                    "CLAUSE004", node.weight, f"the weight of `{name}` is delivered nowhere",
                    help=f"add `deliver: w to VARIABLE`, a variable of `{node.post.id}`",
                )  # fmt: skip
        for delivery in node.delivery:
            if delivery.continuously:
                self.reads_itself(delivery, component)
            if delivery.value is not None:
                continue
            given = node.weight is not None or (statement is not None and statement.value)
            if not given and (rule is not None or not node.plasticity):
                self.reporter.error(
                    "CLAUSE004", delivery, f"`{name}` does not say what it delivers",
                    help=f"write `deliver: VALUE to {delivery.target.id}`",
                )  # fmt: skip
        self.left_out(node, component)
        handlers = (*node.handlers, *(rule.handlers if rule else ()))
        shifted = by_spike or any(h.trigger.id == "post" for h in handlers)
        if node.dendritic_delay is not None and not shifted:
            self.reporter.warn(
                "CLAUSE007", node.dendritic_delay, f"`{name}` delivers nothing to delay",
                help="a dendritic delay shifts what `deliver:` delivers, and `on post`; `delay:`"
                " shifts `on pre`",
            )  # fmt: skip

    def left_out(self, node: ast.Connect, component: Component) -> None:
        """Joined rules whose own delivery has no part in what the connection says it delivers."""
        if len(component.rules) < 2:  # a rule alone may be there to be observed
            return
        values = [d.value for d in node.delivery if d.value is not None]
        if not values or len(values) < len(node.delivery):
            return
        delivered = {name for v in values for name in _behind(v, component)}
        statements = delivers(component.rule) if component.rule else []
        whole = next((d.value for d in statements if d.value is not None), None)
        for use, rule in zip(node.plasticity, component.rules, strict=False):
            own = next((d.value for d in delivers(rule) if d.value is not None), None)
            varying = _behind(own, component) - {p.name.id for p in rule.parameters}
            if own is None or whole is None or not varying or varying & delivered:
                continue
            self.reporter.warn(
                "CLAUSE007", use.rule, f"`{rule.name.id}` has no part in what `{node.name.id}`"
                f" delivers, which leaves out `{print_expr(own)}`",
                labels=((values[0], "what is delivered"),),
                help=f"multiply it: `deliver: {print_expr(whole)} to {node.delivery[0].target.id}`",
            )  # fmt: skip

    def reads_itself(self, delivery: ast.Delivery, component: Component) -> None:
        """A sum that reads its own target: what it would read differs between Brian2's targets,
        since some set it to zero before they add, and others afterwards."""
        if delivery.value is None or component.post is None:
            return
        target = delivery.target.id
        stands_for = {e.name.id: e.rhs for e in component.post.equations
                      if e.kind == "subexpression" and e.rhs}  # fmt: skip
        for name in names_in(delivery.value):
            waiting, seen = [name.id.removesuffix("_post")], set()
            while waiting and name.id.endswith("_post"):
                one = waiting.pop()
                if one not in seen and one in stands_for:
                    waiting += [n.id for n in names_in(stands_for[one])]
                seen.add(one)
            if target in seen:
                self.reporter.error(
                    "CLAUSE012", name, f"the sum that sets `{target}` reads `{target}` itself",
                    help=f"read a variable of `{component.post.name}` that the sum does not set",
                )  # fmt: skip

    def pattern(self, pattern: ast.Pattern, component: Component) -> None:
        kind = pattern.kind.id
        if kind not in PATTERNS:
            self.reporter.error(
                "NAME015", pattern.kind, f"there is no pattern `{kind}`",
                help=self.reporter.suggest(kind, PATTERNS, "patterns"),
            )  # fmt: skip
            return
        argument = PATTERNS[kind]
        if argument is None and pattern.argument is not None:
            condition = pattern.argument.span.text
            chosen = f" where {condition}" if isinstance(pattern.argument, ast.Binary) else ""
            self.misplaced(pattern.argument, f"`{kind}` takes no argument but `n`",
                           f"write `pattern: {kind}{chosen}`")  # fmt: skip
        elif argument is not None and pattern.argument is None:
            example = "p = 0.1" if argument == "p" else "20"
            self.missing(pattern.kind, f"`{kind}` needs `{argument}`", f"write `{kind}({example})`")
        if kind == "pairs" and pattern.path is None:
            self.missing(pattern.kind, "`pairs` needs a file", 'write `pairs from "edges.csv"`')
        if pattern.independent and kind not in DRAWN:
            self.misplaced(pattern, f"`{kind}` draws nothing", "leave out `independent per block`")
        several = value(pattern.several, self.values)
        if pattern.several is not None and several is not None and several < 1:
            self.range(pattern.several, f"a pair cannot have {several:g} synapses",
                       "write 1 or more")  # fmt: skip
        number = value(pattern.argument, self.values)
        if number is not None and pattern.argument is not None:
            if kind in ("random", "symmetric") and not 0 <= number <= 1:
                self.range(pattern.argument, f"a probability cannot be {number:g}",
                           "it lies between 0 and 1")  # fmt: skip
            elif kind.startswith("fixed"):
                self.degree(pattern, pattern.argument, number, component)
        if kind == "symmetric" and component.pre and component.post and (
            component.pre is not component.post
        ):  # fmt: skip
            self.reporter.error(
                "CLAUSE006", pattern.kind, "`symmetric` joins the neurons of one layer, both ways:"
                f" here are `{component.pre.name}` and `{component.post.name}`",
                help="connect a layer with itself, or use `random(p = ...)`",
            )  # fmt: skip
        if kind == "one_to_one":
            node = component.node
            assert isinstance(node, ast.Connect)
            sizes = [None if r is None else r[1] - r[0]
                     for r in slices_of(component, self.values)]  # fmt: skip
            if None not in sizes and sizes[0] != sizes[1]:
                assert component.pre and component.post
                said = "slices" if node.pre_part or node.post_part else "layers"
                self.reporter.error(
                    "CLAUSE006", pattern.kind, f"`one_to_one` joins {said} of one size: "
                    f"`{component.pre.name}` has {sizes[0]}, `{component.post.name}`"
                    f" {sizes[1]}", help="use another pattern, or make them as large",
                )  # fmt: skip

    def degree(
        self, pattern: ast.Pattern, expr: ast.Expr, number: float, component: Component
    ) -> None:
        """Are there as many partners for each neuron, among those that `where` admits?"""
        sizes = [_size(s, self.values) for s in (component.pre, component.post)]
        axis = int(pattern.kind.id == "fixed_outdegree")
        side, size = (component.pre, component.post)[axis], sizes[axis]
        if number < 0:
            self.range(expr, f"a number of synapses cannot be {number:g}", "write 0 or more")
        if number < 0 or size is None or side is None:
            return
        if number > size:
            self.range(expr, f"`{side.name}` has {size:g} neurons, fewer than {number:g}",
                       f"write at most {size:g}")  # fmt: skip
            return
        pre, post = sizes
        if pre is None or post is None:
            return
        admitted = on_pairs(pattern.where, int(pre), int(post), self.values)
        if admitted is None:
            return
        there = admitted.astype(bool).sum(axis=axis)
        first, last = slices_of(component, self.values)[1 - axis] or (0, len(there))
        there = there[first:last]
        if len(there) and there.min() < number:
            neuron, fewest = first + int(there.argmin()), int(there.min())
            other = (component.post, component.pre)[axis]
            assert other is not None
            what = f"{fewest} neuron{'s' * (fewest != 1)} of `{side.name}`"
            self.range(
                expr, f"`where` admits {what} for neuron {neuron} of `{other.name}`, fewer than"
                f" {number:g}", f"write at most {fewest}, or widen `where`",
            )  # fmt: skip

    # Reports

    def positive(self, expr: ast.Expr | None, what: str) -> None:
        number = value(expr, self.values)
        if expr is None or number is None:
            return
        if not 0 < number < float("inf"):
            self.range(expr, f"{what} cannot be {number:g} s", "write a time above 0 s")
        elif not SHORTEST <= number <= LONGEST:
            help = f"write a time between {SHORTEST:g} s and {LONGEST:g} s"
            self.range(expr, f"{what} cannot be {number:g} s", help)

    def count(self, expr: ast.Expr | None, what: str) -> None:
        number = value(expr, self.values)
        if expr is not None and number is not None and number < 1:
            self.range(expr, f"{what} cannot be {number:g}", "a layer has at least one neuron")

    def missing(self, where: ast.Node | Span, message: str, help: str) -> None:
        self.reporter.error("CLAUSE001", where, message, help=help)

    def contradiction(self, node: ast.Node, message: str, other: ast.Node, help: str) -> None:
        self.reporter.error("CLAUSE002", node, message, labels=((other, "and this"),), help=help)

    def misplaced(self, node: ast.Node, message: str, help: str) -> None:
        self.reporter.error("CLAUSE003", node, message, help=help)

    def range(self, node: ast.Node, message: str, help: str) -> None:
        self.reporter.error("TYPE013", node, message, help=help)

    def word(self, node: ast.Ident, what: str, choices: tuple[str, ...]) -> None:
        listed = " or ".join(f"`{c}`" for c in choices)
        self.reporter.error(
            "NAME015", node, f"there is no {what} `{node.id}`", help=f"write {listed}"
        )


def _deliver(rule: ast.Rule) -> ast.Deliver | None:
    for handler in rule.handlers:
        for statement in handler.body:
            if isinstance(statement, ast.Deliver):
                return statement
    return None


def _behind(expr: ast.Expr | None, component: Component) -> set[str]:
    """The names of an expression, and of what computes those that the rule computes."""
    formulas = {
        e.name.id: e.rhs
        for rule in component.rules for e in rule.equations if e.kind == "subexpression"
    }  # fmt: skip
    found: set[str] = set()
    waiting = [n.id for n in names_in(expr)] if expr is not None else []
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            formula = formulas.get(name)
            waiting += [n.id for n in names_in(formula)] if formula is not None else []
    return found


def _size(layer: Component | None, values: Mapping[str, float]) -> float | None:
    return value(layer.node.size, values) if layer and isinstance(layer.node, ast.Layer) else None


def _head(node: ast.Node) -> Span:
    """The first line of a declaration."""
    span = node.span
    return Span(span.source, span.start, span.start + len(span.text.split("\n")[0]))

"""Checks the units and types of the clauses of layers and connections."""

from __future__ import annotations

from collections import ChainMap

from ...language import ast
from ...language.builtins import PATTERNS
from ...language.units import HERTZ
from ..data import labelled
from ..slices import check_slice
from ..symbols import BOOLEAN, COUNTS, FLOAT, INTEGER, NUMBERS, TIME, Component, Type
from .context import Context
from .models import Models
from .statements import assignable


class Components:
    """Checks each layer and each connection."""

    def __init__(self, models: Models):
        self.models = models
        self.inference = models.inference
        self.symbols = models.symbols
        self.reporter = models.reporter

    def context(self, component: Component, scope) -> Context:
        return self.models.context(scope, f"`{component.name}`")

    # Layers

    def layer(self, component: Component) -> None:
        if component.neuron is not None:
            self.models.neuron(component)
        self.models.checks.step("layer", component, lambda: self._layer(component))

    def _layer(self, component: Component) -> None:
        node = component.node
        assert isinstance(node, ast.Layer)
        if component.neuron is not None:
            scope = self.symbols.neuron_scope(component)
            here = self.context(component, scope).but(data=True)
            self.models.initial(node.initial, here, component)
        elif node.neuron is None:
            for item in node.initial:
                self.models.no_variable(item.name, component)
        if node.size is not None:
            whole = Context(self.symbols.constants, "the constants")
            self.inference.expect(node.size, whole, INTEGER, "`size`")
        if node.source is not None:
            self.source(node.source, component)
        if node.labels is not None and labelled(node) is None:
            self.reporter.error(
                "CLAUSE003",
                node.labels,
                f"`{component.name}` has no stimuli that labels could belong to",
                help="labels need `rates: from ...`, or one `drive: ... from ... every`"
                " without `linear`",
            )

    def source(self, source: ast.Input, component: Component) -> None:
        value = self.context(component, self.symbols.value_scope(component))
        rate = self.context(component, self.symbols.rate_scope(component))
        expect = self.inference.expect
        match source:
            case ast.PoissonInput():
                expect(source.rate, rate, Type(HERTZ), "`poisson`")
            case ast.RegularInput():
                expect(source.rate, value, Type(HERTZ), "`regular`")
                for time, what in ((source.start, "`from`"), (source.stop, "`to`")):
                    if time is not None:
                        expect(time, value, TIME, what)
            case ast.SpikesList():
                for neuron, time in source.items:
                    expect(neuron, value, INTEGER, "a neuron's number")
                    expect(time, value, TIME, "a spike's time")
            case ast.RatesOfResults():
                self.rates(source, value)
            case ast.RatesFile():
                self.rates(source, value)
                expect(source.every, value, TIME, "`every`")
                if source.gap is not None:
                    expect(source.gap, value, TIME, "`gap`")

    def rates(self, source: ast.RatesFile | ast.RatesOfResults, context: Context) -> None:
        """Numbers without a unit are in Hz, unless they are part of an expression."""
        if len(source.sources) != 1:
            self.reporter.error(
                "CLAUSE005",
                source.value,
                "`rates:` needs exactly one file, but"
                f" {'several are' if source.sources else 'none is'} named here",
                help='write `rates: from "FILE" every 100 ms`',
            )
        elif isinstance(source, ast.RatesFile) and source.sources[0].component is not None:
            self.reporter.error(
                "CLAUSE005",
                source.every,
                "rates of an earlier run already have their sampling times",
                help="leave out `every`",
            )
        elif isinstance(source, ast.RatesOfResults) and source.sources[0].component is None:
            self.reporter.error(
                "CLAUSE005",
                source.value,
                "the file does not say how long each row of rates lasts",
                help="write the duration of a row after the file: `every 100 ms`",
            )
        found = self.inference.infer(source.value, context.but(data=True))
        plain = isinstance(source.value, ast.DataExpr) and found is not None and found.dim.is_none
        if found is not None and not plain:
            self.inference.fits(source.value, found, Type(HERTZ), "`rates`")

    # Connections

    def connection(self, component: Component) -> None:
        self.models.checks.step("connection", component, lambda: self._connection(component))

    def _connection(self, component: Component) -> None:
        node = component.node
        assert isinstance(node, ast.Connect)
        # An undeclared layer or rule was already reported; its names are unknown.
        unsure = component.pre is None or component.post is None or component.unsure
        for part, side in ((node.pre_part, component.pre), (node.post_part, component.post)):
            if part is not None and side is not None:
                self.slice(part, side)
        pair = self.context(component, self.symbols.pattern_scope(component))
        first = self.context(component, self.symbols.first_scope(component))
        here = self.context(component, self.symbols.synapse_scope(component))
        if unsure:
            pair, first, here = (c.but(open_names=True) for c in (pair, first, here))
        elif any(side.unsure for side in (component.pre, component.post) if side is not None):
            pair, first, here = (c.but(sides_unknown=True) for c in (pair, first, here))
        if node.pattern is not None:
            whole = self.context(component, self.symbols.degree_scope(component)).but(
                hints={n: "it must be one number for all neurons" for n in ("i", "j")}
            )
            counted = {n: "it numbers the synapses that the pattern makes" for n in COUNTS}
            self.pattern(node.pattern, pair.but(hints=counted), whole)
        if "w" in component.variables and component.variables["w"].equation is None:
            self.inference.type_of(component.variables["w"])
        delivered: list[tuple[ast.Deliver, Type | None]] = []
        if component.rule is not None:
            delivered = self.models.rule(component, unused=unsure)
        for delivery in node.delivery:
            self.delivery(delivery, component, here, delivered)
        self.initial(component, first, unsure)
        for delay, what in (
            (node.axonal_delay, "`axonal delay`"),
            (node.dendritic_delay, "`dendritic delay`"),
        ):
            if delay is not None:
                self.inference.expect(delay, first.but(draws=True, data=True), TIME, what)
        for handler in node.handlers:
            self.models.handler(handler, here, component, deliver=False)
        self.models.every(node.every, here, component, normalise=True)

    def slice(self, part: ast.Slice, layer: Component) -> None:
        """A slice of a layer's neurons. Its numbers must be known and equal in every block."""
        constants = Context(ChainMap(self.symbols.constants, NUMBERS), "the constants")
        known = [
            end is None or self.inference.expect(end, constants, INTEGER, "a neuron's number")
            for end in (part.start, part.stop)
        ]
        if all(known):
            check_slice(part, layer, self.inference.values, self.models.reporter)

    def pattern(self, pattern: ast.Pattern, context: Context, whole: Context) -> None:
        """`context` has the names of a pair of neurons, `whole` those of the connection."""
        kind = pattern.kind.id
        if pattern.argument is not None:
            if kind in ("random", "symmetric"):
                self.inference.expect(pattern.argument, context, FLOAT, "`p`")
            elif PATTERNS.get(kind):
                self.inference.expect(pattern.argument, whole, INTEGER, f"`{kind}`")
        if pattern.where is not None:
            self.inference.expect(pattern.where, context, BOOLEAN, "`where`")
        if pattern.several is not None:
            constants = Context(ChainMap(self.symbols.constants, NUMBERS), "the constants")
            self.inference.expect(pattern.several, constants, INTEGER, "`n`")

    def delivery(
        self,
        delivery: ast.Delivery,
        component: Component,
        context: Context,
        defaults: list[tuple[ast.Deliver, Type | None]],
    ) -> None:
        found = self.inference.infer(delivery.value, context) if delivery.value else None
        post, name = component.post, delivery.target.id
        if post is None:
            return
        symbol = post.variables.get(name)
        if symbol is None:
            if post.neuron is None:
                if not post.unsure:
                    self.reporter.error(
                        "NAME011",
                        delivery.target,
                        f"`{post.name}` is an input and has no variable `{name}`",
                        help="deliver to a layer of a `neuron:`",
                    )
            else:
                self.models.no_variable(delivery.target, post)
            return
        if not assignable(self.inference, delivery.target, symbol):
            return
        wanted = self.inference.type_of(symbol)
        if wanted is None:
            return
        what = f"what is delivered to `{name}`"
        also = (delivery.target, f"`{name}` of `{post.name}`")
        if delivery.value is not None and found is not None:
            self.inference.fits(delivery.value, found, wanted, what, also)
        elif delivery.value is None:
            for statement, kind in defaults:
                if kind is not None and statement.value is not None:
                    self.inference.fits(statement.value, kind, wanted, what, also)
            weight = component.variables.get(component.weight or "")
            if not defaults and weight is not None and weight.equation is None:
                kind = self.inference.type_of(weight)
                if kind is not None and weight.value is not None:
                    self.inference.fits(weight.value, kind, wanted, what, also)

    def initial(self, component: Component, context: Context, unsure: bool) -> None:
        node = component.node
        assert isinstance(node, ast.Connect)
        if not node.initial or (unsure and component.rule is None):
            return
        if component.rule is None and not component.variables:
            for item in node.initial:
                self.reporter.error(
                    "NAME011",
                    item.name,
                    f"`{component.name}` has no variable `{item.name.id}`",
                    help="declare a weight: `weight: 0.5`, or a `plasticity:`",
                )
            return
        self.models.initial(node.initial, context.but(data=True), component)

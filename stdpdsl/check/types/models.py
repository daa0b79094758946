"""Checks neurons and rules: equations, conditions and statements against their declared units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...language import ast
from ...language.builtins import DISTRIBUTIONS
from ...language.units import HERTZ, lookup
from ..kept import Checks
from ..merge_rules import joined
from ..order import names_in
from ..stale import stale
from ..symbols import COUNTS, FLOAT, TIME, Component, Symbol, Type
from ..traces import between_events
from .context import Context
from .equations import Equations
from .infer import Inference
from .statements import Place, assignable, check_block


class Models(Equations):
    """Checks each neuron once per distinct set of types that it is used with, and the rules of each
    connection."""

    def __init__(self, inference: Inference, open_names: bool, checks: Checks):
        super().__init__(inference, open_names)
        self.checks = checks
        self.seen: set[tuple] = set()  # each neuron with the types of its parameters

    # Neurons

    def neuron(self, component: Component) -> None:
        neuron = component.neuron
        assert neuron is not None
        types = {n: self.inference.type_of(s) for n, s in component.parameters.items()}
        key = (id(neuron), *types.items())
        if key in self.seen:
            return
        self.seen.add(key)
        self.checks.step("neuron", component, lambda: self._neuron(neuron, component))

    def _neuron(self, neuron: ast.Neuron, component: Component) -> None:
        scope = self.symbols.neuron_scope(component)
        context = self.context(scope, f"`{neuron.name.id}`")
        self.equations(neuron.equations, context)
        self.method(neuron.method)
        if neuron.threshold is not None:
            self.threshold(neuron.threshold, context)
        if neuron.refractory is not None:
            self.refractory(neuron.refractory, context)
        place = Place(component)
        check_block(self.inference, neuron.reset, context, place)
        self.initial(neuron.initial, context, component)
        events = [e.name.id for e in neuron.events]
        for event in neuron.events:
            what = f"the event `{event.name.id}`"
            self.inference.expect(event.condition, context, _BOOLEAN, what)
        for handler in neuron.handlers:
            if handler.side is not None:
                self.reporter.error(
                    "NAME017",
                    handler.side,
                    "an event of a neuron has no sides",
                    help=f"write `on {handler.trigger.id}:`",
                )
            elif handler.trigger.id not in events:
                self.reporter.error(
                    "NAME017",
                    handler.trigger,
                    f"`{neuron.name.id}` has no event `{handler.trigger.id}`",
                    help="write what happens at a spike under `reset:`"
                    if handler.trigger.id in ("spike", "spikes")
                    else self.reporter.suggest(handler.trigger.id, events, "its events")
                    or f"declare it: `event {handler.trigger.id}: CONDITION`",
                )
            if handler.after is not None:
                self.reporter.error(
                    "CLAUSE003",
                    handler.after,
                    "statements of an event cannot be delayed",
                    help="leave out `after`",
                )
            check_block(self.inference, handler.body, context, place)
        self.every(neuron.every, context, component)

    def threshold(self, expr: ast.Expr, context: Context) -> None:
        if isinstance(expr, ast.Call) and expr.func.id == "poisson":
            rate_argument(self.inference, expr, context)
        else:
            self.inference.expect(expr, context, _BOOLEAN, "`threshold`")

    def refractory(self, expr: ast.Expr, context: Context) -> None:
        found = self.inference.infer(expr, context)
        if found is not None and found.kind != "boolean":
            self.inference.fits(expr, found, TIME, "`refractory`")

    def initial(
        self,
        items: tuple[ast.Assign, ...],
        context: Context,
        component: Component,
        variables: Mapping[str, Symbol] | None = None,
    ) -> None:
        """Checks initial values. `variables` are the variables that may have one; by default
        the component's own.
        """
        variables = component.variables if variables is None else variables
        seen: dict[str, ast.Node] = {}
        for item in items:
            name = item.name.id
            symbol = variables.get(name)
            self.reporter.once(seen, name, item.name, f"`{name}`", "has two initial values")
            draws = context.but(draws=True)
            if symbol is None or name in component.each:
                self.no_variable(item.name, component)
                self.inference.infer(item.value, draws)
            elif symbol.equation is not None and symbol.equation.kind == "subexpression":
                assignable(self.inference, item.name, symbol)
            else:
                wanted = self.inference.type_of(symbol)
                self.inference.expect(item.value, draws, wanted, f"`{name}`")

    def no_variable(self, name: ast.Ident, component: Component) -> None:
        """`X` has no variable `name`."""
        model = component.neuron or component.rule
        owner = model.name.id if model else component.name
        if name.id in component.parameters or name.id in component.each:
            help = f"`{name.id}` is a parameter; it has its value from the start"
        else:
            help = self.reporter.suggest(name.id, component.variables, "it has")
        self.reporter.error(
            "NAME011",
            name,
            f"`{owner}` has no variable `{name.id}`",
            help=help or f"`{owner}` has no variables",
        )

    def every(
        self,
        items: tuple[ast.Every, ...],
        context: Context,
        component: Component,
        normalise: bool = False,
    ) -> None:
        for item in items:
            scope = self.symbols.value_scope(component)
            period = self.context(scope, context.where)
            self.inference.expect(item.period, period, TIME, "`every`")
            check_block(self.inference, item.body, context, Place(component, normalise=normalise))

    # Rules

    def unused(self, model: Component) -> None:
        self.checks.step("rule", model, lambda: self.rule(model, unused=True))

    def rule(
        self, component: Component, unused: bool = False
    ) -> list[tuple[ast.Deliver, Type | None]]:
        """Checks a rule. Returns what it delivers by default."""
        rule = component.rule
        assert rule is not None
        delivered: list[tuple[ast.Deliver, Type | None]] = []
        where = ", ".join(f"`{r.name.id}`" for r in component.rules or (rule,))
        spikes = [p.name.id for p in rule.ports if p.unit is None]
        spikes = [name for name in spikes if name not in ("pre", "post")]
        hints = {p: f"the number of spikes of `{p}` is available in `on {p}:` only" for p in spikes}
        context = self.context(self.symbols.synapse_scope(component), where, unused)
        context = context.but(hints=hints)
        for unit in (item.unit for items in (rule.requires, rule.ports) for item in items):
            if unit is not None:
                self.declared(unit)
        self.equations(rule.equations, context)
        self.not_shared((*rule.equations, *rule.post_equations))
        self.stepwise(rule, component)
        self.advance(rule)
        self.stale(rule)
        self.post(rule, component, where)
        start = self.context(self.symbols.value_scope(component), where, unused)
        added = {**component.post_variables, **component.variables}
        of_synapse = start.but(scope={**start.scope, **component.variables, **COUNTS})
        for mine, here in ((False, start), (True, of_synapse)):
            items = tuple(a for a in rule.initial if (a.name.id in component.variables) == mine)
            self.initial(items, here, component, added)
        self.method(rule.method)
        # For a connection, `advance:` is already merged into each handler.
        for handler in joined([rule]).handlers if unused else rule.handlers:
            if handler.trigger.id in spikes and handler.side is None:
                self.port(handler, context, component)
            else:
                deliver = handler.trigger.id == "pre" and handler.side is None
                delivered += self.handler(handler, context, component, deliver, spikes)
        return delivered

    def stepwise(self, rule: ast.Rule, component: Component) -> None:
        """Warns about a trace without an exact solution if the rule does not name an
        integration method.
        """
        scope = self.symbols.synapse_scope(component)
        for equation in rule.equations:
            if equation.kind != "ode" or equation.rhs is None or rule.method is not None:
                continue
            why = between_events(equation, component, self.symbols)
            known = [n.id in scope or lookup(n.id) for n in names_in(equation.rhs)]
            if why and all(known):
                self.reporter.warn(
                    "RUN011",
                    equation.rhs,
                    f"`{equation.name.id}` is integrated at each time step,"
                    f" not from event to event: {why}",
                    help="if that is intended, say so in the rule: `method: euler`",
                )

    def stale(self, rule: ast.Rule) -> None:
        """Warns about variables that would be saved with their value at the last event."""
        found = stale(rule)
        if found:
            names = ", ".join(f"`{s.target.id}`" for s in found)
            verb, what = ("is", "it") if len(found) == 1 else ("are", "them")
            self.reporter.warn(
                "RUN015",
                found[0],
                f"{names} of `{rule.name.id}` {verb} saved with the value at the last"
                f" event, because only events update {what}",
                help="add `advance:` with the statements that bring the variables up to date, and"
                " leave them out here",
            )

    def advance(self, rule: ast.Rule) -> None:
        """Checks `advance:`. Its statements run whenever the synapse is read, so they may only
        assign the synapse's own variables, without draws.
        """
        for statement in rule.advance:
            calls = (n for n in ast.walk(statement) if isinstance(n, ast.Call))
            draw = next((c for c in calls if c.func.id in DISTRIBUTIONS), None)
            own = isinstance(statement, ast.Update) and not statement.target.id.endswith(
                ("_pre", "_post")
            )
            if draw is not None or not own:
                self.reporter.error(
                    "CLAUSE003",
                    draw or statement,
                    "`advance:` may only assign variables of the synapse, without draws",
                    help="it runs before every event and whenever the"
                    " synapse is read; put this under `on pre:` or `on post:`",
                )

    def post(self, rule: ast.Rule, component: Component, where: str) -> None:
        """Checks the variables that the rule adds to the target neurons."""
        hints = {
            f"{n}_post": f"in the target's own equations, write `{n}`"
            for n in (*component.required, *component.post_variables)
        }
        for name in component.variables:
            hints[name] = f"`{name}` is a variable of each synapse, but these equations"
            " belong to the target"
        for name in component.post.variables if component.post else ():
            hints[name] = "declare it under `requires post:`"
        scope = self.symbols.post_scope(component)
        context = self.context(scope, f"the `post equations` of {where}").but(hints=hints)
        self.equations(rule.post_equations, context)
        check_block(self.inference, rule.post_reset, context, Place(component, draws=False))

    def port(self, handler: ast.Handler, context: Context, component: Component) -> None:
        """Checks `on PORT:`, which runs once in each time step in which the bound layer spikes."""
        if handler.after is not None:
            self.reporter.error(
                "CLAUSE003",
                handler.after,
                f"`on {handler.trigger.id}` cannot be delayed",
                help="leave out `after`",
            )
        scope = self.symbols.port_scope(component, handler.trigger.id)
        here = context.but(scope=scope, hints={})
        check_block(self.inference, handler.body, here, Place(component))

    def handler(
        self,
        handler: ast.Handler,
        context: Context,
        component: Component,
        deliver: bool,
        ports: Iterable[str] = (),
    ) -> list[tuple[ast.Deliver, Type | None]]:
        trigger = handler.trigger.id
        if handler.side is not None:
            self.event_of_side(handler, component)
        elif trigger not in ("pre", "post"):
            known = ["pre", "post", *ports]
            help = self.reporter.suggest(trigger, known, "statements of a synapse run on")
            if component.rule and any(p.name.id == trigger for p in component.rule.ports):
                help = f"`{trigger}` is a value port; a spike port has no unit"
            self.reporter.error(
                "NAME017", handler.trigger, f"there is no trigger `{trigger}`", help=help
            )
            context = context.but(open_names=True)
        if handler.after is not None:
            pattern = context.but(scope=self.symbols.pattern_scope(component), draws=True)
            self.inference.expect(handler.after, pattern, TIME, "`after`")
        place = Place(component, deliver=deliver)
        return check_block(self.inference, handler.body, context, place)

    def event_of_side(self, handler: ast.Handler, component: Component) -> None:
        """Checks `on EVENT pre:`, for an event of the source layer, and `on EVENT post:`, for
        one of the target.
        """
        side, name = handler.side, handler.trigger.id
        assert side is not None
        if side.id not in ("pre", "post"):
            self.reporter.error(
                "NAME017",
                side,
                f"there is no side `{side.id}`",
                help=f"write `on {name} pre:` for an event of the source layer, `on {name} post:`"
                " of the target",
            )
            return
        layer = component.pre if side.id == "pre" else component.post
        if layer is None or layer.unsure:
            return
        events = [e.name.id for e in layer.neuron.events] if layer.neuron else []
        if name not in events:
            self.reporter.error(
                "NAME017",
                handler.trigger,
                f"`{layer.name}` has no event `{name}`",
                help=f"write `on {side.id}:` for its spikes"
                if name in ("spike", "spikes")
                else self.reporter.suggest(name, events, "its events")
                or "an event is declared in the neuron: `event NAME: CONDITION`",
            )


_BOOLEAN = Type(FLOAT.dim, "boolean")


def rate_argument(inference: Inference, call: ast.Call, context: Context) -> None:
    """`poisson(RATE)`"""
    if len(call.args) != 1 or call.kwargs:
        inference.reporter.error(
            "TYPE005",
            call,
            "`poisson` takes exactly one argument, the rate",
            help="write `poisson(15 Hz)`",
        )
        return
    inference.expect(call.args[0], context, Type(HERTZ), "the rate")

"""Numbers that do not fit: times that are not multiples of `dt`, values outside their bounds.

Only values that are known without the sweep. A value that a column sets is checked when the run
starts.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Callable, MutableMapping
from functools import cached_property, partial
from typing import Any

from ...language import ast
from ...language.numeric import whole_steps
from ..kept import Checks
from ..order import dependency_order, names_in
from ..report import Reporter
from ..symbols import TIME, Component, Symbols
from ..terms import names_behind, terms
from ..traces import stepwise
from ..turns import target_of, turns_of
from ..types.infer import Inference
from ..values import LONGEST, SHORTEST, value

DEFAULT_DT = 1e-4
Env = MutableMapping[str, Any]


class Timing:
    def __init__(self, symbols: Symbols, inference: Inference, reporter: Reporter, checks: Checks):
        self.symbols = symbols
        self.checks = checks
        self.inference = inference
        self.reporter = reporter
        self.constants: dict[str, Any] = dict(inference.values)
        dt = next((run.dt for run in symbols.spec.of(ast.Run) if run.dt is not None), None)
        self.dt: float | None = DEFAULT_DT
        # A number with a wrong unit is reported as such, and not compared with anything.
        if dt is not None:
            self.dt = value(dt, self.constants) if inference.types.get(id(dt)) == TIME else None
        self.swept = {c.target for c in symbols.columns.values() if c.target}

    def check(self) -> None:
        if not self.dt or not SHORTEST <= self.dt <= LONGEST:
            return
        for component in self.symbols.components.values():
            swept = tuple(self.is_swept(component, name) for name in component.parameters)
            listed = isinstance(getattr(component.node, "source", None), ast.SpikesList)
            also = (self.dt, self.duration if listed else None, swept)
            self.checks.step("timing", component, partial(self.component, component), *also)
            for assign in self.set_by_phases.get(component.name, ()):
                self.initial(assign, component, self.env(component), "the value")
        self.run()

    def component(self, component: Component) -> None:
        env = self.env(component)
        if component.neuron is not None:
            self.neuron(component.neuron, component, env)
        if component.rule is not None:
            self.model(component.rule, component, env)
        if isinstance(component.node, ast.Connect):
            self.connection(component.node, component, env)
        else:
            self.layer(component.node, component, env)

    def is_swept(self, component: Component, name: str) -> bool:
        return (component.name, name) in self.swept or component.swept_by_preset(name)

    @cached_property
    def set_by_phases(self) -> dict[str, list[ast.Assign]]:
        """The variables of each component that phases set. If they also set its parameters, it is
        left out, because these may be bounds."""
        found: dict[str, list[ast.Assign]] = {}
        with_bounds = set()
        for run in self.symbols.spec.of(ast.Run):
            for m in (m for phase in run.phases for m in phase.modifiers):
                target = target_of(self.symbols, m.path) if isinstance(m, ast.SetValue) else None
                if target is not None:
                    component, name = target
                    assign = ast.Assign(m.path.parts[-1], m.value, span=m.span)
                    found.setdefault(component.name, []).append(assign)
                    with_bounds |= {component.name} if name in component.parameters else set()
        return {name: assigned for name, assigned in found.items() if name not in with_bounds}

    def env(self, component: Component) -> Env:
        """Values of constants, and of the parameters that no column sets, if known."""
        values = {n: s.value for n, s in component.parameters.items() if s.value is not None}
        uses = {n: [x.id for x in names_in(v) if x.id in values] for n, v in values.items()}
        env: Env = ChainMap({}, self.constants)
        for name in dependency_order(uses)[0]:
            # NaN stands for "not known", and hides a constant of that name.
            number = None if self.is_swept(component, name) else value(values[name], env)
            env[name] = float("nan") if number is None else number
        return env

    # Layers

    def neuron(self, neuron: ast.Neuron, component: Component, env: Env) -> None:
        self.model(neuron, component, env)
        if neuron.refractory is not None:
            found = self.inference.types.get(id(neuron.refractory))
            if found == TIME:
                self.multiple(neuron.refractory, env, "RUN005", "the refractory period")
        if isinstance(neuron.threshold, ast.Call) and neuron.threshold.args:
            self.rate(neuron.threshold.args[0], env)
        for item in neuron.every:
            self.multiple(item.period, env, "RUN009", "the period", error=True)
        for assign in neuron.initial:
            self.initial(assign, component, env)

    def layer(self, node: ast.Layer, component: Component, env: Env) -> None:
        for assign in node.initial:
            self.initial(assign, component, env)
        if isinstance(node.source, ast.PoissonInput):
            self.rate(node.source.rate, env)
        if isinstance(node.source, ast.SpikesList):
            self.given(node.source, env)
        if isinstance(node.source, ast.RatesFile):
            self.rows(node.source, env)
        for drive in node.tables:
            if drive.linear:
                self.positive(drive.every, env)
            else:
                self.multiple(drive.every, env, "RUN009", "a row's time", error=True)
        if isinstance(node.source, ast.RegularInput):
            self.not_negative(node.source.start, env)
            rate = value(node.source.rate, env)
            if rate is not None and rate < 0:
                self.rate(node.source.rate, env)
            if rate is not None and rate * self.step > 1 + 1e-9:
                self.reporter.warn(
                    "RUN006",
                    node.source.rate,
                    f"{rate:g} Hz is more than one spike per time step of {self.time(self.step)}",
                    help="a neuron spikes at most once per step",
                )

    def given(self, source: ast.SpikesList, env: Env) -> None:
        """Check spikes listed in the spec: one per neuron and step, within the run."""
        end = self.duration
        steps: dict[tuple[int, int], ast.Expr] = {}
        late = []
        for neuron, time in source.items:
            number, when = value(neuron, env), value(time, env)
            if number is None or when is None or not abs(when) < float("inf"):
                continue
            key = int(number), math.floor((when + 1e-3 * self.step) / self.step)
            if key in steps:
                self.reporter.error(
                    "INPUT001",
                    time,
                    f"neuron {key[0]} spikes a second time in one time step of"
                    f" {self.time(self.step)}",
                    labels=((steps[key], "the first"),),
                    help="leave one out, or take a smaller `dt`",
                )
            steps[key] = time
            if end is not None and key[1] >= round(end / self.step):
                late.append(time)
        if late and end is not None:
            self.reporter.warn(
                "INPUT002",
                late[0],
                f"{len(late)} of {len(source.items)} spikes lie outside the"
                f" run of {self.time(end)}",
                help="they are left out",
            )

    def rows(self, source: ast.RatesFile, env: Env) -> None:
        """Check how long each row of rates is played."""
        every, gap = value(source.every, env), value(source.gap, env)
        if every is not None and every < self.step * (1 - 1e-6):
            self.reporter.error(
                "TYPE013",
                source.every,
                f"a row cannot last {self.time(every)}, less than the time"
                f" step {self.time(self.step)}",
                help=f"write {self.time(self.step)} or more",
            )
        self.not_negative(source.gap, env)
        if source.gap is not None and every is not None and gap is not None and gap >= every > 0:
            self.reporter.error(
                "TYPE013",
                source.gap,
                f"the gap lies inside `every`: {self.time(gap)} leave"
                f" nothing of {self.time(every)}",
                help=f"write `every {self.time(every + gap)}` for a period of that length",
            )

    def positive(self, expr: ast.Expr, env: Env) -> None:
        """Check the time from one row of a table to the next."""
        number = value(expr, env)
        if number is not None and number <= 0:
            self.reporter.error(
                "TYPE013",
                expr,
                f"a row's time cannot be {self.time(number)}",
                help="write a time above 0 ms",
            )

    def not_negative(self, expr: ast.Expr | None, env: Env) -> None:
        """Check a time that must not lie before the start of the run."""
        number = value(expr, env)
        if expr is not None and number is not None and number < 0:
            self.reporter.error(
                "TYPE013",
                expr,
                f"this time cannot be {self.time(number)}",
                help="write 0 ms or more",
            )

    @cached_property
    def duration(self) -> float | None:
        """Duration of the whole run (s), if known."""
        for run in self.symbols.spec.of(ast.Run):
            turns = turns_of(run, self.constants)
            ends = [value(t.phase.duration, self.constants) for t in turns]
            ends = ends or [value(run.duration, self.constants)]
            known = [end for end in ends if end is not None]
            return sum(known) if len(known) == len(ends) else None
        return None

    def rate(self, expr: ast.Expr, env: Env) -> None:
        rate = value(expr, env)
        if rate is None or rate != rate:
            return
        if rate < 0:
            self.reporter.error(
                "TYPE013", expr, f"a rate cannot be {rate:g} Hz", help="write 0 Hz or more"
            )
        elif rate * self.step > 0.1:
            self.reporter.warn(
                "RUN007",
                expr,
                f"with {rate:g} Hz a neuron spikes in {min(rate * self.step, 1):.0%} of the time"
                f" steps of {self.time(self.step)}: not a Poisson process any more",
                help="take a smaller `dt`, so that rate times `dt` is below 0.1",
            )

    # Models

    def model(self, model: ast.Neuron | ast.Rule, component: Component, env: Env) -> None:
        rule = component.rule is not None
        post = model.post_equations if isinstance(model, ast.Rule) else ()
        late = stepwise(component, self.symbols) if rule else set()
        for equation in (*model.equations, *post):
            exact = rule and equation.name.id not in late
            if equation.kind == "ode" and equation.rhs is not None and not exact:
                for term in terms(equation.rhs):
                    # A divisor of another variable is a scale, not a time constant of this
                    # variable.
                    if equation.name.id in names_behind(term, model):
                        self.time_constants(term, component, env)
            if equation.bounds is not None:
                low, high = (value(b, env) for b in (equation.bounds.low, equation.bounds.high))
                if low is not None and high is not None and low > high:
                    self.reporter.error(
                        "RUN010",
                        equation.bounds,
                        f"the lower bound of `{equation.name.id}` is"
                        f" above the upper: {low:g} > {high:g}",
                        help="swap them",
                    )

    def time_constants(self, term: ast.Expr, component: Component, env: Env) -> None:
        """The divisors of a term of a differential equation that are times."""
        for node in ast.below(term, ast.Binary):
            if node.op != "/":
                continue
            if self.inference.types.get(id(node.right)) not in (TIME,):
                continue
            tau = value(node.right, env)
            if tau is None or not 0 < tau < 2 * self.step * (1 - 1e-9):
                continue
            name = node.right.id if isinstance(node.right, ast.Name) else ""
            symbol = component.parameters.get(name) or self.symbols.constants.get(name)
            where = symbol.value if symbol is not None and symbol.value else node.right
            self.reporter.warn(
                "RUN002",
                where,
                f"the time constant {self.time(tau)} is shorter than two time"
                f" steps of {self.time(self.step)}",
                help="take a smaller `dt`",
            )

    def initial(
        self, assign: ast.Assign, component: Component, env: Env, what: str = "the initial value"
    ) -> None:
        symbol = component.variables.get(assign.name.id)
        bounds = symbol.equation.bounds if symbol and symbol.equation else None
        if bounds is None:
            return
        low, high = value(bounds.low, env), value(bounds.high, env)
        call = assign.value
        ends = [call]
        if isinstance(call, ast.Call) and call.func.id in ("uniform", "loguniform"):
            ends = [*call.args, *(k.value for k in call.kwargs)]
        for end in ends:
            number = value(end, env)
            if number is None or number != number:
                continue
            if (low is not None and number < low) or (high is not None and number > high):
                self.reporter.warn(
                    "RUN004",
                    end,
                    f"{what} {number:g} of `{assign.name.id}` lies outside its"
                    " bounds and will be clipped",
                    labels=((bounds, "its bounds"),),
                    help="start inside them",
                )

    # Connections

    def connection(self, node: ast.Connect, component: Component, env: Env) -> None:
        delays = [node.axonal_delay, node.dendritic_delay]
        handlers = (*node.handlers, *(component.rule.handlers if component.rule else ()))
        for delay in (*delays, *(h.after for h in handlers)):
            number = value(delay, env)
            if delay is None or number is None or number != number:
                continue
            if number < 0:
                self.reporter.error(
                    "TYPE013",
                    delay,
                    f"a delay cannot be {self.time(number)}",
                    help="write 0 ms or more",
                )
            else:
                self.multiple(delay, env, "RUN001", "the delay", nearest=whole_steps)
        for item in node.every:
            self.multiple(item.period, env, "RUN009", "the period", error=True)
        for assign in component.initial.values():
            self.initial(assign, component, env)

    # Run and record

    def run(self) -> None:
        env = self.constants
        for run in self.symbols.spec.of(ast.Run):
            for expr in (run.duration, *(p.duration for p in run.phases)):
                if expr is not None:
                    self.multiple(expr, env, "RUN003", "the duration")
            for m in (m for phase in run.phases for m in phase.modifiers):
                if isinstance(m, ast.Until):
                    self.multiple(m.every, env, "RUN009", "the interval", error=True)
        for record in self.symbols.spec.of(ast.Record):
            for item in record.items:
                if isinstance(item, ast.RecordState):
                    self.multiple(item.every, env, "RUN009", "the interval", error=True)

    @property
    def step(self) -> float:
        assert self.dt is not None
        return self.dt

    def multiple(
        self,
        expr: ast.Expr,
        env: Env,
        code: str,
        what: str,
        error: bool = False,
        nearest: Callable[[float, float], int] = lambda time, dt: max(round(time / dt), 1),
    ) -> None:
        """`nearest`: the number of steps of dt (s) to which a time (s) is rounded."""
        number = value(expr, env)
        if number is None or not abs(number) < float("inf"):
            return
        if error and number <= 0:
            self.reporter.error(
                "TYPE013",
                expr,
                f"{what} cannot be {self.time(number)}",
                help="write a time above 0 ms",
            )
            return
        steps = number / self.step
        if abs(steps) == float("inf"):
            return  # the run has more steps than allowed, which is reported
        if abs(steps - round(steps)) <= 1e-6 * max(1.0, abs(steps)):
            return
        given, step = self.time(number), self.time(self.step)
        message = f"{what} {given} is not a multiple of the time step {step}"
        whole = nearest(number, self.step)
        near = self.time(whole * self.step)
        if error:
            self.reporter.error(code, expr, message, help=f"write {near}")
        elif whole == 0:
            help = "it will act as no delay: write 0 ms, or take a smaller `dt`"
            self.reporter.warn(code, expr, message, help=help)
        else:
            self.reporter.warn(code, expr, message, help=f"it will be rounded to {near}")

    @staticmethod
    def time(seconds: float) -> str:
        if seconds and abs(seconds) < 1e-3:
            return f"{seconds * 1e6:g} us" if abs(seconds) < 1e-4 else f"{seconds * 1e3:g} ms"
        return f"{seconds * 1e3:g} ms" if abs(seconds) < 1 else f"{seconds:g} s"

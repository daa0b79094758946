"""The spec that measures a rule's window: a block for each lag and each set of parameters.

A pre spike comes at a fixed time and the connection's delay moves it around the post spike. A rule
that reads its target gets a neuron that a teacher makes spike, any other an input layer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from itertools import pairwise, product

from ..dataclass import dataclass
from ..language import ast
from ..language.printer import print_node
from ..language.printer.expressions import print_expr, print_unit

NO_WINDOW = {
    **dict.fromkeys(
        ("tsodyks_markram", "tsodyks_markram_1997", "tsodyks_uziel_markram", "quantal_release"),
        "is short-term: only pre spikes change its state, and the state recovers",
    ),
    "fixed_weight": "never changes its weight",
    "oja": "follows rates, not pairs of spikes: the weight changes with their averages",
    "bcm": "follows rates, not pairs of spikes: the weight changes with their averages",
    "bcpnn": "follows probabilities: the weight is a logarithm of rates, not a sum over pairs",
    **dict.fromkeys(
        ("eprop", "eprop_adaptive"),
        "follows a learning signal and the target's potential; post spikes have no effect",
    ),
}
"""Why a rule of the library has no window."""

SHOWN = {"stdsp": "permanence"}
"""The variable that is shown instead of the weight, if the weight only follows it."""

STARTS = {"facets": "8 * wmax / 15"}
"""The initial value of a weight that changes in discrete steps: it starts on a step."""

LAST, LAST_OF_REWARD = 0.3, 2.0
"""Seconds after the last pair at which one more event brings an event-driven rule up to date."""

DRIVEN = """neuron target:
    equations:
        drive : 1
{variables}
    threshold: drive > 0.5
    reset: drive = 0
    initial:
        drive = 0
{values}
"""

# A spike of 2 ms and its after-potential.
POTENTIAL = """neuron target:
    equations:
        du/dt = (-70.6 mV - u)/(20 ms) : volt
        drive : 1
        v = u + int(t - lastspike < 2 ms)*(33 mV - u) : volt
{variables}
    threshold: drive > 0.5
    reset:
        drive = 0
        u = -60 mV
    initial:
        u = -70.6 mV
{values}
"""

# The means of Clopath et al. (2010), 5 ms ago, shifted in steps of 1 ms.
AVERAGES = {"v_low": "10 ms", "v_plus": "7 ms"}

TEACHER = """layer teacher:
    spikes: [{spikes}]
    size: 1

layer post:
    neuron: target
    size: 1

connect teacher -> post as force:
    pattern: one_to_one
    weight: 1
    deliver: w to drive
"""


@dataclass(frozen=True)
class Protocol:
    """`pairs` pairs at `rate` (Hz), at `count` lags that are spread evenly over [-reach, reach]
    (s). Lag 0 is left out, because there the order within a time step would decide.
    """

    pairs: int = 1
    rate: float = 1.0
    reach: float = 0.1
    count: int = 100

    @property
    def spacing(self) -> float:
        return 2 * self.reach / self.count

    @property
    def lags(self) -> list[float]:
        return [(2 * k + 1 - self.count) * self.spacing / 2 for k in range(self.count)]


PROTOCOLS = {
    **dict.fromkeys(
        ("triplet", "triplet_nearest", "diehl_cook_triplet", "homeostatic_stdp"), Protocol(20, 5.0)
    ),
    "facets": Protocol(60, 5.0),
    "clopath_delayed": Protocol(20, 20.0, 0.02),
}
"""Protocols for rules that hardly respond to one pair: they need more spikes or a rate."""


@dataclass(frozen=True)
class Window:
    """A rule, the values given by name, and which of them are compared, in that order: every
    combination, or only the values that stand `together`. `own`: the rule is not in the library.
    """

    rule: ast.Rule
    preset: str = ""
    arguments: Mapping[str, ast.Expr] = field(default_factory=dict)
    axes: Mapping[str, tuple[ast.Expr, ...]] = field(default_factory=dict)
    together: bool = False
    own: bool = False

    @property
    def sets(self) -> list[tuple[ast.Expr, ...]]:
        """The values of the axes for each curve."""
        if self.together and self.axes:
            return list(zip(*self.axes.values(), strict=True))
        return list(product(*self.axes.values()))

    @property
    def shown(self) -> str:
        """The variable whose change is shown."""
        return SHOWN.get(self.rule.name.id) or weight(self.rule).name.id

    @property
    def parameters(self) -> list[str]:
        return [p.name.id for p in self.rule.parameters]

    @property
    def driven(self) -> bool:
        """Whether its target is a neuron."""
        return bool(self.rule.requires or self.rule.post_equations or self.rule.ports)

    @property
    def givens(self) -> dict[str, str]:
        """Each value that the rule reads from outside, and its unit. These stay constant."""
        found = {p.name.id: print_unit(p.unit) for p in self.rule.ports if p.unit is not None}
        if not self.potential:
            found |= {r.name.id: print_unit(r.unit) for r in self.rule.requires}
        return found

    @property
    def names(self) -> list[str]:
        """The names that may be given."""
        presets = ["preset"] if self.rule.presets else []
        return [*self.parameters, *self.givens, self.shown, *presets]

    @property
    def potential(self) -> bool:
        """Whether the rule follows the target's potential."""
        return any(r.name.id == "v" for r in self.rule.requires)


def weight(rule: ast.Rule) -> ast.Equation:
    """The variable that is delivered, else the first variable. In every rule of the library, a
    delivered weight has bounds or stands first.
    """
    delivered = {
        name.id
        for node in ast.walk(rule)
        if isinstance(node, ast.Deliver) and node.value is not None
        for name in ast.walk(node.value)
        if isinstance(name, ast.Name)
    }
    states = [e for e in rule.equations if e.kind != "subexpression"]
    return next((e for e in states if e.name.id in delivered), states[0])


def start(rule: ast.Rule, variable: str) -> str:
    """The initial weight: the middle of the bounds. It is 1 above a lone lower bound, 0 between
    infinite bounds, and 0.5 without bounds.
    """
    if rule.name.id in STARTS:
        return STARTS[rule.name.id]
    bounds = next(e for e in rule.equations if e.name.id == variable).bounds
    if bounds is None:
        return "0.5"
    low, high = print_expr(bounds.low), print_expr(bounds.high)
    infinite = {p.name.id for p in rule.parameters if "inf" in print_expr(p.value)} | {"inf"}
    if high in infinite:
        return "0" if low.lstrip("-") in infinite else f"{low} + 1"
    return f"0.5 * ({low} + {high})"


@dataclass(frozen=True)
class Timing:
    """Times in s: the time step, the pre and post spikes as the synapse sees them without its
    delay, the spikes of spike ports, and the end. `base` is the delay at lag 0.
    """

    dt: float
    base: float
    pre: list[float]
    post: list[float]
    reward: float
    end: float


def timing(rule: ast.Rule, protocol: Protocol) -> Timing:
    # A clock-driven integration needs short steps, and time to finish.
    longest = 1e-4 if rule.method or any(h.after for h in rule.handlers) else 5e-4
    dt = protocol.spacing / 2 / math.ceil(protocol.spacing / 2 / longest - 1e-9)
    base = protocol.reach + protocol.spacing
    pre = [_on_grid(k / protocol.rate, dt) + dt for k in range(protocol.pairs)]
    post = [t + base for t in pre]
    last = post[-1] + protocol.reach
    end = last + (0.5 if rule.method else 0.0)
    if any(node.id == "t" for node in ast.walk(rule) if isinstance(node, ast.Name)):
        rewarded = any(p.unit is None for p in rule.ports)
        end = _on_grid(last + (LAST_OF_REWARD if rewarded else LAST), dt)
        post.append(end)
    reward = last + protocol.spacing
    return Timing(dt, base, pre, post, reward, _on_grid(end + protocol.spacing, dt) + dt)


def window_spec(window: Window, protocol: Protocol) -> str:
    times = timing(window.rule, protocol)
    lags = ", ".join(map(_number, protocol.lags))
    parts = [
        "model window",
        *([print_node(window.rule)] if window.own else []),
        f"layer pre:\n    spikes: [{_spikes(times.pre)}]\n    size: 1\n",
        *_ports(window, times.reward),
        *_post(window, times),
        _connection(window, times.base),
        f"sweep:\n    {'zip' if window.together else 'grid'}:\n{_axes(window)}"
        + ("    grid:\n" if window.together else "")
        + f"        lag = [{lags}] second\n",
        f"record:\n    {window.shown} of stdp every {_number(times.end)} second\n",
        f"run:\n    duration: {_number(times.end)} second\n    dt: {_number(times.dt)} second\n"
        "    seed: 1\n",
    ]
    return "\n".join(f"{part.rstrip()}\n" for part in parts)


def _ports(window: Window, reward: float) -> Iterator[str]:
    """A layer for each port: one spike after the pairs, or a constant value."""
    for port in window.rule.ports:
        name = port.name.id
        if port.unit is None:
            yield f"layer of_{name}:\n    spikes: [{_spikes([reward])}]\n    size: 1\n"
            continue
        unit = print_unit(port.unit)
        yield (
            f"neuron neuron_{name}:\n    equations: {name} : {unit}\n"
            f"    initial: {name} = {_given(window, name, unit)}\n"
        )
        yield f"layer of_{name}:\n    neuron: neuron_{name}\n    size: 1\n"


def _post(window: Window, times: Timing) -> list[str]:
    if window.driven:
        # A neuron spikes in the step after its teacher.
        spikes = _spikes([t - times.dt for t in times.post])
        return [_target(window), TEACHER.format(spikes=spikes)]
    spikes = _spikes(times.post)
    return [f"layer post:\n    spikes: [{spikes}]\n    size: 1\n    scope: block\n"]


def _connection(window: Window, base: float) -> str:
    rule = window.rule
    given = [
        f"{name} = {print_expr(value)}"
        for name, value in window.arguments.items()
        if name in window.parameters
    ]
    given += [
        f"{p.name.id} = {p.name.id if p.unit else 'spikes'} of of_{p.name.id}" for p in rule.ports
    ]
    preset = window.arguments.get("preset")
    chosen = print_expr(preset) if preset is not None else window.preset
    use = rule.name.id + (f".{chosen}" if chosen else "")
    use += f"({', '.join(given)})" if given else ""
    delivers = any(isinstance(node, ast.Deliver) for node in ast.walk(rule))
    nothing = f"    deliver: 0 * {window.shown} to drive\n" if window.driven and delivers else ""
    return (
        f"connect pre -> post as stdp:\n    pattern: all_to_all\n    plasticity: {use}\n{nothing}"
        f"    initial: {window.shown} = {_given(window, window.shown, '')}\n"
        f"    delay: {_number(base)} second - lag\n"
    )


def _axes(window: Window) -> str:
    own = {*window.parameters, "preset"}
    return "".join(
        f"        {'stdp.' if name in own else 'given_'}{name} ="
        f" [{', '.join(map(print_expr, values))}]\n"
        for name, values in window.axes.items()
    )


def _target(window: Window) -> str:
    required = {r.name.id: print_unit(r.unit) for r in window.rule.requires}
    if not window.potential:
        return DRIVEN.format(
            variables=_lines(f"{name} : {unit}" for name, unit in required.items()),
            values=_lines(f"{n} = {_given(window, n, unit)}" for n, unit in required.items()),
        )
    averages = {name: tau for name, tau in AVERAGES.items() if name in required}
    old = {name: [*(f"{name}{k}" for k in range(5)), name] for name in averages}
    variables = [f"d{name}0/dt = (v - {name}0)/({tau}) : volt" for name, tau in averages.items()]
    variables += [f"{name} : volt" for ages in old.values() for name in ages[1:]]
    text = POTENTIAL.format(
        variables=_lines(variables),
        values=_lines(f"{name} = -70.6 mV" for ages in old.values() for name in ages),
    )
    shifts = [f"{to} = {name}" for ages in old.values() for name, to in reversed([*pairwise(ages)])]
    return text.rstrip() + (f"\n    every 1 ms:\n{_lines(shifts)}\n" if shifts else "\n")


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(f"        {line}" for line in lines)


def _given(window: Window, name: str, unit: str) -> str:
    """The value of a name that is not a parameter; a column of the sweep if several are
    compared.
    """
    if name in window.axes:
        return f"given_{name}"
    if name in window.arguments:
        return print_expr(window.arguments[name])
    if name == window.shown:
        return start(window.rule, name)
    return "1" if unit == "1" else f"1 {unit}"


def _spikes(times: list[float]) -> str:
    return ", ".join(f"(0, {_number(t)} second)" for t in times)


def _on_grid(time: float, dt: float) -> float:
    return round(time / dt) * dt


def _number(value: float) -> str:
    return repr(round(value, 9))

"""Abstract models, drawn: what a spec and a plain Brian2 script are both written from.

Texts hold quantities as `{5 ms}`; `pair_specs` and `pair_scripts` write them each in their own way.
Every model is deterministic: its spikes are given, its first values are computed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Variable:
    """One line of a model: an ODE, a computed variable, or one that is stored."""

    kind: str  # ode, computed, stored
    name: str
    unit: str
    side: str = ""
    flags: str = ""
    bounds: tuple[str, str] | None = None


@dataclass
class Cell:
    name: str
    parameters: dict[str, str]
    equations: list[Variable]
    threshold: str
    reset: list[str]
    refractory: str = ""
    method: str = ""
    unsaid: str = "exact"  # the method that is meant where none is said
    initial: dict[str, str] = field(default_factory=dict)
    event: tuple[str, list[str]] | None = None
    every: tuple[str, list[str]] | None = None
    events_to: dict[str, str] = field(default_factory=dict)  # variable -> what one spike adds
    sums_to: dict[str, str] = field(default_factory=dict)  # variable -> scale of a sum
    sweepable: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Rule:
    """Handlers hold statements and the word `deliver`, or `deliver EXPRESSION`."""

    name: str
    parameters: dict[str, str]
    equations: list[Variable]
    on_pre: list[str]
    on_post: list[str]
    requires: dict[str, str] = field(default_factory=dict)
    after: tuple[str, str, list[str]] | None = None  # pre or post, delay, statements
    method: str = ""
    library: bool = False
    delivers: str = "w"
    sweepable: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Layer:
    name: str
    size: int
    cell: Cell | None = None
    values: dict[str, str] = field(default_factory=dict)  # parameters given with the use
    shared: bool = True
    form: str = ""  # listed, file, regular
    spikes: list[tuple[int, str]] = field(default_factory=list)  # (neuron, time in ms)
    regular: tuple[str, str, str] | None = None  # Hz, start and stop in ms


@dataclass
class Wire:
    name: str
    pre: Layer
    post: Layer
    pattern: str  # all, one, where, pairs
    where: str = ""
    pairs: list[tuple[int, int]] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    weight: str = ""
    initial: dict[str, str] = field(default_factory=dict)
    deliver: list[tuple[str, str]] = field(default_factory=list)  # (value, variable)
    continuous: tuple[str, str] | None = None
    delay: str = ""
    dendritic: str = ""
    ties: bool = False
    normalise: tuple[str, str, str] | None = None  # ms, side, goal
    every: tuple[str, str] | None = None  # ms, a statement
    on_pre: list[str] = field(default_factory=list)  # without a rule
    on_post: list[str] = field(default_factory=list)
    after: tuple[str, str, list[str]] | None = None


@dataclass
class Phase:
    name: str
    ms: str
    frozen: list[str] = field(default_factory=list)  # connections; all that learn: `plasticity off`
    all_frozen: bool = False
    off: list[str] = field(default_factory=list)
    set: tuple[str, str, str] | None = None  # component, parameter, value


@dataclass
class Model:
    dt: str
    cells: list[Cell]
    layers: list[Layer]
    wires: list[Wire]
    phases: list[Phase]
    columns: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    zipped: bool = False
    samples: dict[str, tuple[list[str], str]] = field(default_factory=dict)  # every so many ms

    @property
    def rows(self) -> list[dict[tuple[str, str], str]]:
        """The sweep's rows: (component, parameter) -> value."""
        found: list[dict[tuple[str, str], str]] = [{}]
        if self.zipped:
            return [
                dict(zip(self.columns, row, strict=True))
                for row in zip(*self.columns.values(), strict=True)
            ]
        for key, values in self.columns.items():
            found = [{**row, key: value} for row in found for value in values]
        return found


def ode(name: str, unit: str, side: str, **more: Any) -> Variable:
    return Variable("ode", name, unit, side, **more)


def stored(name: str, unit: str, **more: Any) -> Variable:
    return Variable("stored", name, unit, **more)


class Maker:
    """Draws one model."""

    def __init__(self, draws: random.Random):
        self.draws = draws

    def one(self, choices: Sequence[Any]) -> Any:
        return self.draws.choice(choices)

    def some(self, choices: Sequence[Any], least: int, most: int) -> list[Any]:
        return self.draws.sample(choices, min(len(choices), self.whole(least, most)))

    def whole(self, low: int, high: int) -> int:
        return self.draws.randint(low, high)

    def chance(self, p: float = 0.5) -> bool:
        return self.draws.random() < p

    # Cells ---------------------------------------------------------------------------------------

    def cell(self, name: str) -> Cell:
        make = self.one(
            [
                self.leaky,
                self.leaky,
                self.leaky,
                self.conductance,
                self.quadratic,
                self.exponential,
                self.bare,
            ]
        )
        cell = make(name)
        if self.chance(0.25):
            self.add_event(cell)
        if self.chance(0.25):
            self.add_every(cell)
        return cell

    def leaky(self, name: str) -> Cell:
        """Leaky integrate-and-fire, with what is drawn beside it."""
        tau = f"{{{self.one(['6', '10', '12.5', '17'])} ms}}"
        p = {"tau": tau, "rest": "{-70 mV}", "push": f"{{{self.one(['0', '5', '12', '14.5'])} mV}}"}
        terms, equations = ["rest", "push"], []
        initial = {"v": self.one(["rest", "rest + i*{1.5 mV}", "{-66 mV}"])}
        threshold, reset = "v > {-60 mV}", [self.one(["v = rest", "v = rest", "v -= {9 mV}"])]
        events, sums = {"v": "{6 mV}"}, {}
        still = self.one(["", "", "unless refractory"])
        linear = True
        if self.chance(0.6):
            terms.append("g")
            p["tau_g"] = f"{{{self.one(['3', '4.4', '5'])} ms}}"
            flags = still and self.one(["", "unless refractory"])
            equations.append(ode("g", "volt", "-g/tau_g", flags=flags))
            events["g"] = "{14 mV}"
            if self.chance(0.3):
                reset.append("g = 0.5*g")
        if self.chance(0.3):
            p["tau_a"], p["b"] = "{31 ms}", "{1.25 mV}"
            side = self.one(["-a/tau_a", "(0.2*(v - rest) - a)/tau_a"])
            linear = linear and "v" not in side
            terms.append("-a")
            equations.append(ode("a", "volt", side))
            reset.append("a += b")
        if self.chance(0.3):
            terms.append("I_s")
            equations.append(stored("I_s", "volt"))
            sums["I_s"] = "{5 mV}"
        if self.chance(0.3):
            terms[1] = "push*(1 + x)"
            equations.append(stored("x", "1"))
            initial["x"] = self.one(["(i % 3)*0.25", "0.1*i", "0.5"])
        if self.chance(0.25):
            equations.append(ode("theta", "volt", "-theta/{25 ms}"))
            threshold = "v > {-60 mV} + theta"
            reset.append("theta += {0.75 mV}")
            initial["theta"] = "{0.3 mV}"
        if self.chance(0.25):
            equations.append(Variable("computed", "gap", "volt", "v - rest"))
            threshold = threshold.replace("v > {-60 mV}", "gap > {10 mV}")
        if self.chance(0.2):
            equations.append(stored("count", "integer"))
            reset.append("count += 1")
        side = f"({' + '.join(terms)} - v)/tau".replace("+ -", "- ")
        equations.insert(0, ode("v", "volt", side, flags=still))
        method = self.one(["euler"] * 6 + ["rk2", "rk4", "heun", "exponential_euler"])
        if linear and self.chance(0.6):
            method = self.one(["", "exact", "euler"])
        if not linear and self.chance(0.3):
            method = ""
        cell = Cell(
            name,
            p,
            equations,
            threshold,
            reset,
            method=method,
            initial=initial,
            unsaid="exact" if linear else "exponential_euler",
            events_to=events,
            sums_to=sums,
        )
        if still or self.chance(0.3):
            cell.refractory = self.one(["{2 ms}", "{1 ms}", "{1 ms}*(1 + i)", "t_ref"])
            if "i)" in cell.refractory and self.chance():
                cell.refractory = "{0.75 ms}"
            if cell.refractory == "t_ref":
                p["t_ref"] = "{1.5 ms}"
        cell.sweepable = {
            "tau": ["{7 ms}", "{10 ms}", "{13 ms}"],
            "push": ["{2 mV}", "{8 mV}", "{15 mV}"],
        }
        return cell

    def conductance(self, name: str) -> Cell:
        p = {
            "tau": f"{{{self.one(['8', '10', '20'])} ms}}",
            "E_l": "{-70 mV}",
            "E_e": "{0 mV}",
            "E_i": "{-80 mV}",
            "tau_e": "{5 ms}",
            "tau_i": "{8.5 ms}",
        }
        side = "(E_l - v + ge*(E_e - v) + gi*(E_i - v))/tau"
        flags = self.one(["", "unless refractory"])
        equations = [
            ode("v", "volt", side, flags=flags),
            ode("ge", "1", "-ge/tau_e"),
            ode("gi", "1", "-gi/tau_i"),
        ]
        method = self.one(["euler", "euler", "rk4", "exponential_euler", ""])
        cell = Cell(
            name,
            p,
            equations,
            "v > {-55 mV}",
            ["v = E_l"],
            method=method,
            unsaid="exponential_euler",
            initial={"v": self.one(["E_l", "E_l + i*{2 mV}"])},
            events_to={"ge": "0.4", "gi": "0.2"},
        )
        if flags or self.chance():
            cell.refractory = self.one(["{2 ms}", "{3 ms}"])
        cell.sweepable = {
            "tau": ["{7 ms}", "{10 ms}", "{13 ms}"],
            "E_e": ["{0 mV}", "{10 mV}", "{20 mV}"],
        }
        return cell

    def quadratic(self, name: str) -> Cell:
        """Izhikevich's neuron."""
        p = {"k": "0.02", "b": "0.2", "c": "-65", "d": "8", "push": self.one(["0", "4", "10"])}
        equations = [
            ode("v", "1", "(0.04*v*v + 5*v + 140 - u + push + I)/{1 ms}"),
            ode("u", "1", "k*(b*v - u)/{1 ms}"),
            ode("I", "1", "-I/{4 ms}"),
        ]
        reset = ["v = c", "u += d"]
        if self.chance():
            reset.reverse()
        method = self.one(["euler", "euler", "euler", "rk2", "rk4"])
        return Cell(
            name,
            p,
            equations,
            "v >= 30",
            reset,
            method=method,
            initial={"v": self.one(["c", "-60 - i"]), "u": "b*c"},
            events_to={"I": "12", "v": "9"},
            sweepable={"push": ["2", "6", "11"], "d": ["2", "6", "8"]},
        )

    def exponential(self, name: str) -> Cell:
        """The exponential integrate-and-fire neuron with adaptation (AdEx)."""
        p = {
            "C": "{200 pF}",
            "gL": "{10 nS}",
            "EL": "{-70 mV}",
            "VT": "{-52 mV}",
            "DT": "{2 mV}",
            "a_w": "{2 nS}",
            "tau_w": "{30 ms}",
            "b": "{50 pA}",
        }
        rise = "gL*DT*exp(clip((v - VT)/DT, -30, 3))"
        equations = [
            ode("v", "volt", f"(gL*(EL - v) + {rise} - z + J)/C", flags="unless refractory"),
            ode("z", "amp", "(a_w*(v - EL) - z)/tau_w"),
            ode("J", "amp", "-J/{5 ms}"),
        ]
        method = self.one(["euler", "euler", "euler", "rk2", "rk4"])
        return Cell(
            name,
            p,
            equations,
            "v > {-48 mV}",
            ["v = EL", "z += b"],
            "{1.5 ms}",
            method,
            initial={"v": "EL"},
            events_to={"J": "{700 pA}", "v": "{5 mV}"},
            sweepable={
                "gL": ["{8 nS}", "{10 nS}", "{12 nS}"],
                "b": ["{0 pA}", "{20 pA}", "{60 pA}"],
            },
        )

    def bare(self, name: str) -> Cell:
        """A variable of its own, or one that time moves."""
        p = {"tau": "{9 ms}", "f": "{60 Hz}"}
        side = self.one(["-v/tau", "(0.8 + sin(2*pi*f*t) - v)/tau", "(0.2 - v*v*v)/tau"])
        method = self.one(["euler", "euler", "rk4"])
        if side == "-v/tau":
            method = self.one(["", "exact", "euler"])
        reset = self.one([["v = 0"], ["v = 0", "n += 0.5"], ["v -= 0.9"], ["n = 2*n + v", "v = 0"]])
        return Cell(
            name,
            p,
            [ode("v", "1", side), stored("n", "1")],
            "v > 0.9",
            reset,
            method=method,
            initial={"v": self.one(["0", "0.2*i"])},
            events_to={"v": "0.55", "n": "1.5"},
            sweepable={"tau": ["{7 ms}", "{20 ms}"]},
            refractory=self.one(["", "{2 ms}"]),
        )

    def add_event(self, cell: Cell) -> None:
        level = {"volt": "{-64 mV}", "1": "-62" if "u" in cell.initial else "0.5"}[
            cell.equations[0].unit
        ]
        target = self.one(list(cell.events_to))
        body = [
            self.one([f"{target} = 0.5*{target}", f"{target} *= 0.75", f"{target} -= 0.1*{target}"])
        ]
        cell.event = (f"v > {level}", body)

    def add_every(self, cell: Cell) -> None:
        targets = [n for n in cell.events_to if n != "v"] or ["v"]
        target = self.one(targets)
        more = self.one(
            [
                f"{target} = {target}*0.5",
                f"{target} += {cell.events_to[target]}*0.3",
                f"{target} = {cell.events_to[target]}*int(i == 1)",
            ]
        )
        cell.every = (self.one(["{2 ms}", "{5 ms}", "{3 ms}"]), [more])

    # Rules ---------------------------------------------------------------------------------------

    def library_rule(self) -> Rule:
        return self.one(LIBRARY)()

    def rule(self, name: str, post: Cell) -> Rule:
        """A rule of the user's: traces, a weight, statements in any order."""
        clash = [n for n in post.events_to if n != "v"]
        choices = list(dict.fromkeys(["x", "y", "a_1", "tr", *clash[:1]]))
        names = self.draws.sample(choices, 2 + self.chance())
        p = {
            "tau_p": f"{{{self.one(['10', '16.8', '20'])} ms}}",
            "up": self.one(["0.02", "0.13"]),
            "down": self.one(["0.03", "0.07"]),
            "top": "1.2",
        }
        if self.chance(0.3):
            p["down"] = "-0.6 * up"
        equations: list[Variable] = []
        weight = self.one(["bounded", "bounded", "free", "ode", "ode bounded"])
        bounds = ("0", "top") if "bounded" in weight else None
        if weight.startswith("ode"):
            side = "0.3*(1 - w)*w/{60 ms}"
            if bounds:
                side = self.one(["(0.5 - w)/{80 ms}", side])
            equations.append(ode("w", "1", side, bounds=bounds))
        else:
            equations.append(stored("w", "1", bounds=bounds))
        for trace in names:
            tau = self.one(["tau_p", "(2*tau_p)", "{33 ms}"])
            equations.append(ode(trace, "1", f"-{trace}/{tau}"))
        method = ""
        if self.chance(0.2):
            last = names[-1]
            equations[-1] = ode(last, "1", f"(0.1*{last}*(1 - {last}) - {last})/tau_p")
        if self.chance(0.2):
            equations.append(stored("hits", "integer"))
        if any(e.kind == "ode" and "1 - " in e.side for e in equations):
            method = self.one(["euler", "rk4"])
        elif weight.startswith("ode"):
            method = "euler"
        requires = {}
        pre = self.statements(names, equations, True)
        on_post = self.statements(names, equations, False)
        if post.equations[0].unit == "volt" and self.chance(0.25):
            requires = {"v": "volt"}
            pre.insert(0, "w += 0.02*int(v_post > {-66 mV})")
        elif self.chance(0.2):
            pre.append(f"w -= 0.01*{names[0]}*i/N_pre")
        pre.insert(self.whole(len(requires), len(pre)), "deliver")
        after = None
        if self.chance(0.2):
            side = self.one(["pre", "post"])
            after = (side, self.one(["{0.5 ms}", "{2 ms}"]), [f"w += 0.05*{names[0]}"])
        return Rule(
            name,
            p,
            equations,
            pre,
            on_post,
            requires,
            after,
            method,
            sweepable={
                "up": ["0.01", "0.2"],
                "tau_p": ["{12 ms}", "{25 ms}"],
                "top": ["0.8", "1.5"],
            },
        )

    def statements(self, names: list[str], equations: list[Variable], pre: bool) -> list[str]:
        mine, other = (names[0], names[1]) if pre else (names[1], names[0])
        found = [self.one([f"{mine} += 1", f"{mine} = 1", f"{mine} += 0.5*(1 - {mine})"])]
        rate = "down" if pre else "up"
        sign = "-=" if pre else "+="
        found.append(
            self.one(
                [
                    f"w {sign} {rate}*{other}",
                    f"w {sign} {rate}*{other}*w",
                    f"w {sign} {rate}*{other}*exp(-w)",
                    f"w {sign} {rate}*clip({other} - {mine}, 0, 1)",
                    f"w = w + {rate}*{other}*(top - w)",
                ]
            )
        )
        if len(names) > 2 and self.chance():
            found.append(f"{names[2]} += 0.4*{other}")
        if self.chance(0.3):
            found[1] = f"w {sign} gain*{rate}*{other}"
            found.insert(0, "gain = 1 + 0.5*w")
        if any(e.name == "hits" for e in equations) and self.chance():
            found.append("hits += 1")
        if self.chance():
            last = found[-2:]
            found[-2:] = last[::-1]
        # A local is read after it is assigned.
        return sorted(found, key=lambda s: not s.startswith("gain"))

    # Layers --------------------------------------------------------------------------------------

    def input(self, name: str, ms: float, dt: float) -> Layer:
        size = self.whole(1, 4)
        layer = Layer(name, size, form=self.one(["listed", "listed", "file", "regular"]))
        steps = round(ms / dt)
        if layer.form == "regular":
            start = self.one([0, 1, 2])
            layer.regular = (self.one(["100", "200", "250"]), f"{start}", f"{self.one([9, 15])}")
            return layer
        for neuron in range(size):
            times = self.draws.sample(range(steps), min(steps, self.whole(1, 7)))
            for step in times:
                # A spike acts in the step that holds it.
                within = self.one([0, 0, 0.25, 0.5, 0.75])
                layer.spikes.append((neuron, f"{(step + within) * dt:.10g}"))
        self.draws.shuffle(layer.spikes)
        return layer

    # Wires ---------------------------------------------------------------------------------------

    def wire(self, name: str, pre: Layer, post: Layer) -> Wire:
        cell = post.cell
        assert cell is not None
        patterns = ["all", "all", "where", "pairs"] + ["one", "one"] * (pre.size == post.size)
        wire = Wire(name, pre, post, self.one(patterns))
        if wire.pattern == "where":
            wire.where = self.one(
                ["i <= j", "(i + j) % 2 == 0", "i != j or N_post == 1", "j < 2 and i >= 0"]
            )
        if wire.pattern == "pairs":
            everything = [(i, j) for i in range(pre.size) for j in range(post.size)]
            wire.pairs = self.some(everything, 1, len(everything))
        kind = self.one(["rule", "rule", "library", "library", "weight", "statements", "graded"])
        if kind == "graded" and not cell.sums_to:
            kind = "rule"
        start = self.one(["0.5", "0.2 + 0.15*((i + 2*j) % 4)", "1", "0.3*i + 0.1*j"])
        target = self.one(list(cell.events_to))
        value = f"w*{cell.events_to[target]}"
        if kind == "weight":
            wire.weight = start
        elif kind == "statements":
            self.bare_statements(wire, cell)
        elif kind == "graded":
            self.graded(wire, cell)
        else:
            rule = self.rule(f"rule_{name}", cell) if kind == "rule" else self.library_rule()
            wire.rules = [rule]
            if rule.delivers != "w":  # a short-term rule
                wire.rules.append(self.one([fixed_weight, pair_additive])())
                value = f"{rule.delivers}*{value}"
            wire.initial["w"] = start
            if not rule.library and self.chance(0.3):
                trace = next(e.name for e in rule.equations if e.kind == "ode" and e.name != "w")
                wire.initial[trace] = "0.25"
            if self.chance(0.25):
                wire.ties = True
            weights = [e for r in wire.rules for e in r.equations if e.name == "w"]
            if self.chance(0.25) and all(e.bounds for e in weights):
                wire.normalise = (self.one(["{2 ms}", "{5 ms}"]), self.one(["pre", "post"]), "1.5")
            elif self.chance(0.2):
                traces = [e.name for r in wire.rules for e in r.equations if e.name != "w"] or ["w"]
                trace = self.one(traces)
                change = self.one([f"w += 0.05*{trace}", "w *= 0.9", "w -= 0.02"])
                wire.every = (self.one(["{2 ms}", "{5 ms}"]), change)
        if kind not in ("statements", "graded"):
            wire.deliver.append((value, target))
            others = [t for t in cell.events_to if t != target]
            if others and self.chance(0.2):
                wire.deliver.append((f"0.3*w*{cell.events_to[others[0]]}", others[0]))
        if kind != "graded":
            self.delays(wire)
        return wire

    def bare_statements(self, wire: Wire, cell: Cell) -> None:
        target = self.one(list(cell.events_to))
        much = cell.events_to[target]
        choices = [
            f"{target}_post += {much}",
            f"{target}_post = {much}",
            f"{target}_post *= 0.5",
            f"{target}_post += {much}*(1 + i)/(2 + j)",
        ]
        if target == "v":
            choices[1] = f"v_post += 0.5*{much}"
        wire.on_pre = [self.one(choices)]
        if self.chance(0.2):
            wire.on_post = [f"{target}_post += 0.1*{much}"]
        if self.chance(0.2):
            wire.after = ("pre", self.one(["{1 ms}", "{2.5 ms}"]), [f"{target}_post -= 0.5*{much}"])

    def graded(self, wire: Wire, cell: Cell) -> None:
        """A synapse whose variable is summed at each step."""
        variable = self.one(list(cell.sums_to))
        name = f"rule_{wire.name}"
        equations = [stored("w", "1"), ode("s", "1", "-s/{6 ms}")]
        method = ""
        if self.chance():
            equations = [
                stored("w", "1"),
                ode("r", "1", "-r/{2 ms}"),
                ode("s", "1", "(0.5*r*(1 - s) - 0.1*s)/{1 ms}"),
            ]
            method = self.one(["euler", "rk4"])
        rise = "r" if len(equations) > 2 else "s"
        wire.rules = [
            Rule(
                name,
                {"high": "1"},
                equations,
                [f"{rise} += high", "w += 0.01"],
                [],
                method=method,
                sweepable={"high": ["0.5", "2"]},
            )
        ]
        wire.initial["w"] = "0.5 + 0.1*i"
        wire.continuous = (f"w*s*{cell.sums_to[variable]}", variable)
        if self.chance(0.3):
            wire.delay = "{1 ms}"

    def delays(self, wire: Wire) -> None:
        kind = self.one(["", "", "axonal", "dendritic", "both", "spread"])
        if kind in ("axonal", "both"):
            wire.delay = self.one(["{0.5 ms}", "{1 ms}", "{2 ms}"])
        if kind in ("dendritic", "both") and wire.rules or kind == "dendritic":
            wire.dendritic = self.one(["{0 ms}", "{0.5 ms}", "{1 ms}", "{3 ms}"])
        if kind == "spread":
            wire.delay = self.one(["{0.5 ms}*((i + j) % 3)", "{1 ms}*(1 + i)"])

    # Models --------------------------------------------------------------------------------------

    def model(self) -> Model:
        dt = self.one(["0.1", "0.1", "0.25", "0.5"])
        phases = self.phases()
        ms = sum(float(p.ms) for p in phases)
        cells = [self.cell(f"cell_{k}") for k in range(self.one([1, 1, 2]))]
        layers = [self.input(f"P{k}", ms, float(dt)) for k in range(self.whole(1, 2))]
        inputs = list(layers)
        for k in range(self.whole(1, 2)):
            cell = self.one(cells)
            layer = Layer(f"A{k}", self.whole(1, 4), cell, shared=k == 0 and self.chance(0.2))
            if self.chance(0.3):
                name = self.one(list(cell.sweepable))
                layer.values[name] = self.one(cell.sweepable[name])
            layers.append(layer)
        groups = layers[len(inputs) :]
        wires: list[Wire] = []
        for k in range(self.whole(1, 3)):
            post = groups[-1] if k == 0 else self.one(groups)
            sources = [x for x in layers if x.shared or not post.shared]
            pre = self.one([x for x in inputs]) if k == 0 else self.one(sources)
            wires.append(self.wire(f"c{k}", pre, post))
        model = Model(dt, cells, layers, wires, phases)
        self.modify(model)
        self.sweep(model)
        self.sample(model)
        return model

    def phases(self) -> list[Phase]:
        if self.chance(0.6):
            return [Phase("", self.one(["16", "24"]))]
        return [Phase(f"p{k}", self.one(["6", "9", "11"])) for k in range(self.whole(2, 3))]

    def modify(self, model: Model) -> None:
        """What phases change."""
        learning = [w for w in model.wires if w.rules and not w.continuous]
        for phase in model.phases if len(model.phases) > 1 else []:
            kind = self.one(["", "all", "frozen", "off", "set"])
            if kind == "all":
                phase.all_frozen = True
            elif kind == "frozen" and learning:
                phase.frozen = [self.one(learning).name]
            elif kind == "off":
                phase.off = [self.one(model.wires).name]
            elif kind == "set" and learning:
                wire = self.one(learning)
                rule = wire.rules[0]
                if rule.sweepable:
                    name = self.one(list(rule.sweepable))
                    phase.set = (wire.name, name, self.one(rule.sweepable[name]))

    def sweep(self, model: Model) -> None:
        choices = {}
        for layer in model.layers:
            if layer.cell and not layer.shared:
                for name, values in layer.cell.sweepable.items():
                    choices[layer.name, name] = values
        for wire in model.wires:
            if wire.post.shared:
                continue
            for rule in wire.rules[:1]:
                for name, values in rule.sweepable.items():
                    choices[wire.name, name] = values
            if wire.delay == "{1 ms}":
                choices[wire.name, "delay"] = ["{0.5 ms}", "{2 ms}"]
        if not choices or self.chance(0.4):
            return
        keys = self.some(list(choices), 1, 2)
        model.columns = {k: choices[k][: self.whole(1, 2)] for k in keys}
        model.zipped = len({len(v) for v in model.columns.values()}) == 1 and self.chance()

    def sample(self, model: Model) -> None:
        for layer in model.layers:
            if layer.cell is not None:
                names = [e.name for e in layer.cell.equations if e.kind != "computed"]
                model.samples[layer.name] = (self.some(names, 1, 3), self.every(model))
        for wire in model.wires:
            names = [e.name for r in wire.rules for e in r.equations]
            if names:
                model.samples[wire.name] = (self.some(names, 1, 3), self.every(model))

    def every(self, model: Model) -> str:
        return self.one([model.dt, "1", "2.5" if model.dt != "0.4" else "2"])


# Rules of the library, as their papers have them -------------------------------------------------


def _pair(name: str, pre: list[str], post: list[str], **more: str) -> Rule:
    p = {
        "taupre": "{20 ms}",
        "taupost": "{20 ms}",
        "Apre": "0.01",
        "Apost": "-0.0105",
        "wmax": "1",
        **more,
    }
    equations = [
        stored("w", "1", bounds=("0", "wmax")),
        ode("apre", "1", "-apre/taupre"),
        ode("apost", "1", "-apost/taupost"),
    ]
    sweepable = {"Apre": ["0.05", "0.3"], "taupre": ["{12 ms}", "{25 ms}"], "wmax": ["0.7", "1.5"]}
    return Rule(name, p, equations, ["deliver", *pre], post, library=True, sweepable=sweepable)


def pair_additive() -> Rule:
    return _pair("pair_additive", ["apre += Apre", "w += apost"], ["apost += Apost", "w += apre"])


def pair_antihebbian() -> Rule:
    return _pair(
        "pair_antihebbian",
        ["apre += Apre", "w += apost"],
        ["apost += Apost", "w += apre"],
        Apre="-0.0105",
        Apost="0.01",
    )


def pair_nearest_symmetric() -> Rule:
    return _pair(
        "pair_nearest_symmetric", ["apre = Apre", "w += apost"], ["apost = Apost", "w += apre"]
    )


def pair_nearest_pre_centred() -> Rule:
    return _pair(
        "pair_nearest_pre_centred",
        ["apre += Apre", "w += apost"],
        ["apost = Apost", "w += apre", "apre = 0"],
    )


def pair_nearest_reduced() -> Rule:
    return _pair(
        "pair_nearest_reduced",
        ["apre = Apre", "w += apost", "apost = 0"],
        ["apost = Apost", "w += apre", "apre = 0"],
    )


def _two_traces(name: str, p: dict[str, str], pre: str, post: str, top: str) -> Rule:
    plus, minus = ("tau", "tau") if "tau" in p else ("tau_plus", "tau_minus")
    equations = [
        stored("w", "1", bounds=("0", top)),
        ode("r", "1", f"-r/{plus}"),
        ode("o", "1", f"-o/{minus}"),
    ]
    sweepable = {"eta": ["0.02", "0.2"], plus: ["{12 ms}", "{25 ms}"]}
    if "wmax" in p:
        sweepable["wmax"] = ["0.7", "1.5"]
    return Rule(
        name,
        p,
        equations,
        ["deliver", "r += 1", pre],
        ["o += 1", post],
        library=True,
        sweepable=sweepable,
    )


TAUS = {"tau_plus": "{20 ms}", "tau_minus": "{20 ms}"}


def pair_multiplicative() -> Rule:
    return _two_traces(
        "pair_multiplicative",
        {"eta": "0.005", "alpha": "1.05", **TAUS, "wmax": "1"},
        "w -= eta*alpha*w*o",
        "w += eta*(wmax - w)*r",
        "wmax",
    )


def pair_power_law() -> Rule:
    return _two_traces(
        "pair_power_law",
        {"eta": "0.1", "alpha": "0.11", "mu": "0.4", "w0": "1", **TAUS},
        "w -= eta*alpha*w*o",
        "w += eta*w0**(1 - mu)*w**mu*r",
        "inf",
    )


def pair_guetig() -> Rule:
    return _two_traces(
        "pair_guetig",
        {
            "eta": "0.005",
            "alpha": "1.05",
            "mu_plus": "0.02",
            "mu_minus": "0.02",
            **TAUS,
            "wmax": "1",
        },
        "w -= eta*alpha*wmax*(w/wmax)**mu_minus*o",
        "w += eta*wmax*(1 - w/wmax)**mu_plus*r",
        "wmax",
    )


def vogels() -> Rule:
    return _two_traces(
        "vogels",
        {"eta": "1e-4", "tau": "{20 ms}", "rho0": "{5 Hz}", "alpha": "2*rho0*tau", "wmax": "100"},
        "w += eta*(o - alpha)",
        "w += eta*r",
        "wmax",
    )


def _triplet(name: str, op: str, tau_x: str, tau_y: str, a3plus: str, a2minus: str) -> Rule:
    p = {
        "A2plus": "0",
        "A3plus": a3plus,
        "A2minus": a2minus,
        "A3minus": "0",
        "tau_plus": "{16.8 ms}",
        "tau_minus": "{33.7 ms}",
        "tau_x": tau_x,
        "tau_y": tau_y,
        "wmax": "2",
    }
    equations = [
        stored("w", "1", bounds=("0", "wmax")),
        ode("r1", "1", "-r1/tau_plus"),
        ode("r2", "1", "-r2/tau_x"),
        ode("o1", "1", "-o1/tau_minus"),
        ode("o2", "1", "-o2/tau_y"),
    ]
    return Rule(
        name,
        p,
        equations,
        ["deliver", "w -= o1*(A2minus + A3minus*r2)", f"r1 {op} 1", f"r2 {op} 1"],
        ["w += r1*(A2plus + A3plus*o2)", f"o1 {op} 1", f"o2 {op} 1"],
        library=True,
        sweepable={"A3minus": ["0.01", "0.1"], "A2plus": ["0.02", "0.1"]},
    )


def triplet() -> Rule:
    return _triplet("triplet", "+=", "{101 ms}", "{114 ms}", "6.5e-3", "7.1e-3")


def triplet_nearest() -> Rule:
    return _triplet("triplet_nearest", "=", "{714 ms}", "{40 ms}", "5e-2", "8e-3")


def diehl_cook() -> Rule:
    p = {"eta": "0.01", "x_tar": "0.4", "mu": "0.2", "tau": "{20 ms}", "wmax": "1"}
    return Rule(
        "diehl_cook",
        p,
        [stored("w", "1", bounds=("0", "wmax")), ode("x", "1", "-x/tau")],
        ["deliver", "x += 1"],
        ["w += eta*(x - x_tar)*(wmax - w)**mu"],
        library=True,
        sweepable={"eta": ["0.05", "0.3"], "x_tar": ["0.1", "0.6"]},
    )


def fixed_weight() -> Rule:
    return Rule("fixed_weight", {}, [stored("w", "1")], ["deliver"], [], library=True)


def tsodyks_markram() -> Rule:
    return Rule(
        "tsodyks_markram",
        {"U": "0.5", "tau_rec": "{800 ms}", "tau_fac": "{1 us}"},
        [ode("u", "1", "-u/tau_fac"), ode("z", "1", "-z/tau_rec")],
        ["u += U*(1 - u)", "deliver", "z += u*(1 - z)"],
        [],
        library=True,
        delivers="u*(1 - z)",
        sweepable={"U": ["0.2", "0.7"], "tau_fac": ["{50 ms}", "{10 ms}"]},
    )


LIBRARY = [
    pair_additive,
    pair_antihebbian,
    pair_nearest_symmetric,
    pair_nearest_pre_centred,
    pair_nearest_reduced,
    pair_multiplicative,
    pair_power_law,
    pair_guetig,
    vogels,
    triplet,
    triplet_nearest,
    diehl_cook,
    tsodyks_markram,
    tsodyks_markram,
]

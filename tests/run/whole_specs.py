"""Whole valid specs, drawn: neurons, inputs, layers, rules, connections, a sweep, phases, records.

Everything is valid by construction, small, and without `xi`, whose noise is no block's own. Values
are chosen so that neurons spike and weights move within the few milliseconds that are simulated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

CELLS = {
    "leaky": """
    parameters:
        tau_m = {tau}
        drive = {push} mV
    equations:
        dv/dt = (rest + drive + g - v)/tau_m : volt (unless refractory)
        dg/dt = -g/(5 ms) : volt
    threshold: v > -60 mV
    reset: v = rest
    refractory: {rest} ms
    initial: v = uniform(-70 mV, -61 mV)
""",
    "adaptive": """
    parameters:
        tau_m = {tau}
        drive = {push} mV
        jump = 0.5 mV
    equations:
        dv/dt = (rest + drive + g - v)/tau_m : volt
        g : volt
        dtheta/dt = -theta/(50 ms) : volt
        gap = v - rest : volt
    threshold: gap > 8 mV + theta
    reset:
        v = rest
        g = 0.5*g
        theta += jump
    initial:
        v = rest
        theta = abs(normal(0 mV, 1 mV))
""",
    "random_cell": """
    parameters:
        tau_m = {tau}
        drive = {push} * 10 Hz
    equations:
        dv/dt = -v/tau_m : volt
        dg/dt = -g/tau_m : volt
        level = drive*(1 + clip(v/(10 mV), 0, 2)) : Hz
    threshold: poisson(level)
    reset: v = 0 mV
""",
    "patterned": """
    parameters:
        tau_m = {tau}
        drive = {push} mV
    equations:
        dv/dt = (rest + drive*(1 + x) + g - v)/tau_m : volt (unless refractory)
        g : volt
        x : 1
        turn : integer (shared)
    threshold: v > -60 mV
    reset: v = rest
    refractory: 2 ms
    event near: v > -62 mV
    on near: g *= 0.5
    every {period} ms:
        turn = integers(0, 4)
        x = int(i == turn)
    initial:
        v = rest
        x = (i % 3) * 0.25
""",
}
RULES = {
    "pair_additive": ("Apre", "taupre", "wmax"),
    "pair_multiplicative": ("tau_plus", "wmax"),
    "pair_nearest_symmetric": ("taupre", "wmax"),
    "triplet": ("wmax",),
    "triplet_nearest": ("wmax",),
    "vogels": ("eta", "wmax"),
    "own": ("up", "tau", "wmax"),
    "stepwise": ("up", "tau", "wmax"),
}
OWN_RULES = {
    "own": """
rule own:
    parameters:
        tau = 20 ms
        up = 0.02
        down = -0.6 * up
        wmax = 1
    equations:
        w : 1 in [0, wmax]
        da/dt = -a/tau : 1
        db/dt = -b/(2*tau) : 1
        hits : integer
    on pre:
        {first}
        {second}
        gain = 1 + 0.5*w
        w += down*b*gain
        hits += 1
    on post:
        b += 1
        w += up*a*exp(-w)
""",
    "stepwise": """
rule stepwise:
    parameters:
        tau = 20 ms
        up = 0.02
        wmax = 1
    equations:
        dw/dt = (0.5 - w)/(20*tau) : 1 in [0, wmax]
        da/dt = -a/tau + 0.1*a*(1 - a)/tau : 1
    on pre:
        deliver w
        a += 0.1
    on post: w += up*a
""",
}


class Maker:
    """Draws the parts of one spec; `draw` is hypothesis'."""

    def __init__(self, draw: Callable[[Any], Any]):
        self.draw = draw
        self.cells: dict[str, str] = {}
        self.layers: dict[str, tuple[str, int, bool]] = {}  # kind, size, shared
        self.connections: dict[str, tuple[str, str, str]] = {}  # pre, post, rule or ""
        self.rate_column = False

    def one(self, choices: Sequence[Any]) -> Any:
        return self.draw(st.sampled_from(choices))

    def some(self, choices: Sequence[Any], most: int) -> list[Any]:
        return self.draw(st.permutations(choices))[: self.whole(0, most)]

    def whole(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def chance(self) -> bool:
        return self.draw(st.booleans())

    # Declarations

    def spec(self) -> str:
        self.rate_column = self.chance()
        parts = [self.head(), *self.neurons(), *self.inputs(), *self.groups()]
        parts += self.wires()
        rules = {rule for *_, rule in self.connections.values()}
        parts += [self.rule(name) for name in OWN_RULES if name in rules]
        sweep = self.sweep()
        order = self.draw(st.permutations(parts[1:])) if self.chance() else parts[1:]
        text = "\n".join([parts[0], *order, sweep, self.record(), self.run()])
        if self.chance():  # as in Python: a unit alone is one of it
            text = re.sub(r"(= |: )([\d.]+) (ms|Hz|mV)$", r"\1\2*\3", text, flags=re.MULTILINE)
        return text.replace("\n\n\n", "\n\n")

    def head(self) -> str:
        doc = '"""Drawn: a \\"quoted\\" word, and an é."""\n' if self.chance() else ""
        return f"{doc}model drawn\n\nconstants:\n    rest = -70 mV\n"

    def neurons(self) -> list[str]:
        found = []
        for kind in self.some(list(CELLS), 2) or ["leaky"]:
            text = CELLS[kind].replace("{rest}", str(self.whole(1, 3)))
            text = text.replace("{tau}", f"{self.one([6, 10, 12.5])} ms")
            text = text.replace("{push}", self.one(["5", "12", "14.5"]))
            found.append(f"neuron {kind}:{text.replace('{period}', self.one(['2', '5']))}")
            self.cells[kind] = kind
        return found

    def inputs(self) -> list[str]:
        found = []
        for number in range(self.whole(1, 2)):
            size = self.whole(1, 4)
            kinds = ["poisson", "regular", "listed", "varying", *["column"] * self.rate_column]
            kind = "column" if self.rate_column and number == 0 else self.one(kinds)
            source = {
                "poisson": "poisson: 300 Hz",
                "column": "poisson: speed",
                "varying": "poisson: 200 Hz * (1 + sin(2*pi * 50 Hz * t)) + i * 10 Hz",
                "regular": "regular: 250 Hz from 1 ms to 15 ms",
                "listed": f"spikes: [(0, 1 ms), ({size - 1}, 3.5 ms), (0, 7 ms)]",
            }[kind]
            name = f"in{number}"
            self.layers[name] = "input", size, kind != "column"
            found.append(f"layer {name}:\n    {source}\n    size: {size}\n")
        return found

    def groups(self) -> list[str]:
        found = []
        for number in range(self.whole(1, 2)):
            name, size = f"out{number}", self.whole(1, 4)
            cell = self.one(list(self.cells))
            # Only the first may be shared: nothing that differs between blocks reaches it.
            shared = number == 0 and self.whole(0, 5) == 0
            self.layers[name] = cell, size, shared
            use = f"{cell}(tau_m = {self.whole(6, 15)} ms)" if self.chance() else cell
            scope = "    scope: shared\n" if shared else ""
            found.append(f"layer {name}:\n    neuron: {use}\n    size: {size}\n{scope}")
        return found

    def wires(self) -> list[str]:
        found = []
        targets = [n for n, (kind, *_) in self.layers.items() if kind != "input"]
        for number in range(self.whole(1, 3)):
            post = targets[-1] if number == 0 else self.one(targets)
            shared = self.layers[post][2]
            sources = [n for n, (*_, s) in self.layers.items() if s or not shared]
            pre = self.one([n for n in sources if n.startswith("in")] or sources)
            if number and self.chance():
                pre = self.one(sources)
            found.append(self.wire(f"c{number}", pre, post))
        return found

    def wire(self, name: str, pre: str, post: str) -> str:
        shared = self.layers[pre][2] and self.layers[post][2]
        rule = self.one([*RULES, ""])
        self.connections[name] = pre, post, rule
        sizes = self.layers[pre][1], self.layers[post][1]
        patterns = [
            "all_to_all",
            "random(p = 0.7)",
            f"fixed_indegree({self.whole(1, sizes[0])})",
            "all_to_all where i <= j",
            "random(p = 0.9*exp(-0.1*abs(i - j)))",
        ]
        if not shared:
            patterns.append("random(p = 0.5) independent per block")
        if sizes[0] == sizes[1]:
            patterns.append("one_to_one")
        lines = [f"connect {pre} -> {post} as {name}:", f"    pattern: {self.one(patterns)}"]
        start = self.one(["0.5", "uniform(0, 1)", "clip(normal(0.5, 0.2), 0, 1)"])
        if rule:
            more = "(wmax = 1)" if self.chance() else ""
            lines += [f"    plasticity: {rule}{more}", f"    initial: w = {start}"]
        else:
            lines.append("    weight: 0.4")
        lines.append(f"    deliver: w * {self.one(['4', '9'])} mV to g")
        delay = self.one(
            [
                "",
                "",
                "delay: 1 ms",
                "delay: uniform(0 ms, 2 ms)",
                "axonal delay: 0.5 ms",
                "dendritic delay: 1 ms",
            ]
        )
        lines += [f"    {delay}"] if delay else []
        if rule and self.whole(0, 3) == 0:
            lines.append("    ties: post first")
        if rule and self.whole(0, 3) == 0:
            lines.append(f"    every 5 ms: normalise w per {self.one(['post', 'pre'])} to 0.8")
        return "\n".join(lines) + "\n"

    def rule(self, name: str) -> str:
        first, second = self.draw(st.permutations(["deliver w", "a += 1"]))
        return OWN_RULES[name].replace("{first}", first).replace("{second}", second)

    # What varies

    def axes(self) -> dict[str, list[str]]:
        """Parameters that may be swept, with three values each."""
        found = {}
        if self.rate_column:
            found["speed"] = ["100 Hz", "250 Hz", "400 Hz"]
        for name, (kind, _, shared) in self.layers.items():
            if kind != "input" and not shared:
                found[f"{name}.tau_m"] = ["7 ms", "10 ms", "13 ms"]
        for name, (pre, post, rule) in self.connections.items():
            if self.layers[pre][2] and self.layers[post][2]:
                continue
            values = {
                "wmax": ["0.7", "1", "1.5"],
                "tau": ["10 ms", "20 ms", "25 ms"],
                "tau_plus": ["10 ms", "20 ms", "25 ms"],
                "taupre": ["10 ms", "20 ms", "25 ms"],
                "up": ["0.01", "0.05", "0.3"],
                "Apre": ["0.01", "0.05", "0.3"],
                "eta": ["0.01", "0.05", "0.3"],
            }
            for parameter in RULES.get(rule, ()):
                found[f"{name}.{parameter}"] = values[parameter]
        return found

    def sweep(self) -> str:
        axes = self.axes()
        must = ["speed"] if self.rate_column else []
        rest = [n for n in axes if n not in must]
        chosen = must + self.some(rest, 3)
        if not chosen:
            return ""
        lines, used = ["sweep:"], list(chosen)
        while used:
            name = used.pop(0)
            count = self.whole(1, 3)
            values = axes[name][:count]
            kind = self.one(["grid", "table", "zip", "random"])
            number, _, unit = values[0].partition(" ")
            numbers = [v.partition(" ")[0] for v in values]
            behind = f" {unit}" if unit else ""
            if kind == "grid":
                lines.append(f"    grid: {name} = [{', '.join(numbers)}]{behind}")
            elif kind == "table":
                head = f"{name} [{unit}]" if unit else name
                lines += ["    table:", *(f"        | {cell} |" for cell in (head, *numbers))]
            elif kind == "zip":
                lines += ["    zip:", f"        {name} = [{', '.join(numbers)}]{behind}"]
                if used:
                    other = used.pop(0)
                    values = axes[other][:count]
                    unit = values[0].partition(" ")[2]
                    numbers = [v.partition(" ")[0] for v in values]
                    behind = f" {unit}" if unit else ""
                    lines.append(f"        {other} = [{', '.join(numbers)}]{behind}")
            else:
                low, high = numbers[0], f"{float(number) * 1.5:g}"
                both = f"{low}{behind}, {high}{behind}"
                lines.append(f"    random: {count} samples\n        {name} = uniform({both})")
        free = [n for n in rest if n not in chosen and n.endswith(".wmax")]
        if free and self.chance():
            lines.append(f"    derive: {free[0]} = 0.5 + 0.25*2")
        if self.whole(0, 3) == 0:
            lines.append("    replicates: 2")
        return "\n".join(lines) + "\n"

    def record(self) -> str:
        lines = [f"    spikes of {', '.join(self.layers)}"]
        for name, (kind, *_) in self.layers.items():
            if kind != "input" and self.chance():
                lines.append(f"    v of {name} every {self.one([1, 2.5])} ms")
        for name, (*_, rule) in self.connections.items():
            if rule and self.chance():
                lines.append(f"    w of {name} every {self.one([1, 5])} ms")
        return "record:\n" + "\n".join(lines) + "\n"

    def run(self) -> str:
        dt = self.one(["0.1 ms", "0.25 ms", "0.5 ms"])
        tail = f"    dt: {dt}\n    seed: {self.whole(0, 99)}\n"
        tail += self.one(["", "", "    precision: double\n", "    precision: single\n"])
        if self.chance():
            return f"run:\n    duration: {self.one([10, 16])} ms\n{tail}"
        lines = []
        plastic = [n for n, (*_, rule) in self.connections.items() if rule]
        for number in range(self.whole(2, 3)):
            changes = ["", "plasticity off", f"{next(iter(self.connections))} off"]
            changes += [f"{name} frozen" for name in plastic]
            changes += [f"set {name}.w = uniform(0, 0.5)" for name in plastic]
            what = self.one(changes)
            what = f", {what}" if what else ""
            if number == 0:
                what += ", store kept"
            elif self.chance():
                but = self.one(["", *(f" except {name}.w" for name in plastic)])
                what += f", restore kept{but}"
            if self.chance():
                what += self.until()
            lines.append(f"        p{number}: {self.one([4, 7])} ms{what}")
        if self.chance():
            lines[1:] = ["        repeat 2:", *(f"    {line}" for line in lines[1:])]
        return "run:\n    phases:\n" + "\n".join(lines) + f"\n{tail}"

    def until(self) -> str:
        """What may end a phase for a block."""
        own = [n for n, (kind, _, shared) in self.layers.items() if kind != "input" and not shared]
        weights = [
            n
            for n, (pre, post, rule) in self.connections.items()
            if rule and not (self.layers[pre][2] and self.layers[post][2])
        ]
        found = []
        for name in own:
            found += [f"count of {name} >= {self.whole(1, 4)}", f"rate of {name} > 100 Hz"]
            found += [f"{self.one(['mean', 'max'])}(v) of {name} > {self.one([-62, 2])} mV"]
        found += [f"mean(w) of {name} > {self.one([0.2, 0.3])}" for name in weights]
        return f", until {self.one(found)} every 1 ms" if found else ""


@st.composite
def whole_specs(draw: Callable[[Any], Any]) -> str:
    """The text of a valid spec."""
    return Maker(draw).spec()

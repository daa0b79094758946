"""Drawn models as plain Brian2 scripts of one block, as one would write them by hand.

They are written from Brian2's documentation and from what the language promises, and know nothing
of how specs are compiled: parameters stand in namespaces, a plain `Synapses` has one pathway for
each handler, and what Brian2 has no words for (NEST's delay, scaling of weights) is a
`network_operation`. Each script leaves its results in `results`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pair_models import Cell, Layer, Model, Phase, Variable, Wire

Row = Mapping[tuple[str, str], str]

HEAD = """
from brian2 import *

prefs.codegen.target = "numpy"
# Otherwise Brian2 regroups products, and other last bits come out where a parameter is an array.
prefs.codegen.loop_invariant_optimisations = False
start_scope()
defaultclock.dt = {dt}*ms
objects = []
"""
# Where things stand in a step: each connection has ten places, all pre pathways come before all
# post pathways, in the order of declaration.
PLACES = 10


UNITS = {
    "ms": ("e-3", "second"),
    "us": ("e-6", "second"),
    "mV": ("e-3", "volt"),
    "Hz": ("", "hertz"),
    "nS": ("e-9", "siemens"),
    "pA": ("e-12", "amp"),
    "pF": ("e-12", "farad"),
}


def literal(text: str) -> str:
    """`{5 ms}` is `5*ms`; yet `{9 ms}` is the double nearest to 0.009, which `9*ms` is not."""

    def si(found: re.Match) -> str:
        exponent, unit = UNITS[found[2]]
        value = float(found[1] + exponent)
        if float(found[1]) * float(f"1{exponent}") == value:
            return f"({found[1]}*{found[2]})"
        return f"({value!r}*{unit})"

    return re.sub(r"\{(-?[\d.]+) (\w+)\}", si, text)


def script_of(model: Model, row: Row) -> str:
    """The script of the block with one row of the sweep."""
    return literal(Writer(model, row).text())


def renamed(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[A-Za-z_]\w*", lambda found: names.get(found[0], found[0]), text)


def lines_of(lines: Iterable[str], space: str = "    ") -> str:
    return '"""\n' + "".join(f"{space}{line}\n" for line in lines) + space + '"""'


def values_of(name: str, values: Mapping[str, str]) -> list[str]:
    """Lines that compute parameters, of which one may use another."""
    waiting, lines = dict(values), [f"{name}_values = {{}}"]
    while waiting:
        for key, text in list(waiting.items()):
            if not set(re.findall(r"[A-Za-z_]\w*", re.sub(r"\{.*?\}", "", text))) & set(waiting):
                known = {k: f'{name}_values["{k}"]' for k in values}
                lines.append(f'{name}_values["{key}"] = {renamed_free(text, known)}')
                del waiting[key]
    return lines


def renamed_free(text: str, names: Mapping[str, str]) -> str:
    """The same outside of quantities."""
    parts = re.split(r"(\{.*?\})", text)
    return "".join(p if p.startswith("{") else renamed(p, names) for p in parts)


class Writer:
    def __init__(self, model: Model, row: Row):
        self.model, self.row = model, row
        self.lines: list[str] = []

    def text(self) -> str:
        model = self.model
        self.lines.append(HEAD.replace("{dt}", model.dt))
        for layer in model.layers:
            self.input(layer) if layer.cell is None else self.group(layer, layer.cell)
        for place, wire in enumerate(model.wires):
            WireWriter(self, wire, place).write()
        self.records()
        self.run()
        return "\n".join(self.lines) + "\n"

    def add(self, *lines: str) -> None:
        self.lines += lines

    # Layers

    def input(self, layer: Layer) -> None:
        spikes = layer.spikes
        if layer.regular:
            rate, start, stop = (float(x) for x in layer.regular)
            count = 0
            while start + 1000 * count / rate < stop - 1e-9:
                count += 1
            spikes = [
                (n, f"{start + 1000 * k / rate:.10g}")
                for k in range(count)
                for n in range(layer.size)
            ]
        total = sum(float(p.ms) for p in self.model.phases)
        spikes = [(n, ms) for n, ms in spikes if float(ms) < total]
        neurons = [n for n, _ in spikes]
        times = ", ".join(f"{float(ms) / 1000!r}" for _, ms in spikes)
        self.add(
            f"{layer.name} = SpikeGeneratorGroup({layer.size}, {neurons}, [{times}]*second,"
            f' name="{layer.name}")',
            f"objects.append({layer.name})",
        )

    def parameters(
        self, name: str, defaults: Mapping[str, str], given: Mapping[str, str]
    ) -> dict[str, str]:
        """Parameters as the row has them, else as they are given, else as they are."""
        row = {k: v for (component, k), v in self.row.items() if component == name}
        return {**defaults, **given, **{k: v for k, v in row.items() if k in defaults}}

    def group(self, layer: Layer, cell: Cell) -> None:
        name = layer.name
        self.add(*values_of(name, self.parameters(name, cell.parameters, layer.values)))
        sums = {}
        for wire in self.model.wires:
            if wire.continuous and wire.post is layer:
                sums.setdefault(wire.continuous[1], []).append(wire.name)
        equations = []
        for e in cell.equations:
            parts = [f"{e.name}_{w}" for w in sums.get(e.name, [])]
            if len(parts) > 1:
                equations.append(f"{e.name} = {' + '.join(parts)} : {e.unit}")
                equations += [f"{part} : {e.unit}" for part in parts]
            else:
                equations.append(equation(e))
        more = [f'threshold="{cell.threshold}"', f"reset={lines_of(cell.reset)}"]
        more += [f'refractory="{cell.refractory}"'] if cell.refractory else []
        more.append(f'method="{cell.method or cell.unsaid}"')
        more += [f'events={{"near": "{cell.event[0]}"}}'] if cell.event else []
        more += [f"namespace={name}_values", f'name="{name}"']
        self.add(
            f"{name} = NeuronGroup({layer.size}, {lines_of(equations)},",
            *(f"    {item}," for item in more),
            ")",
            f"objects.append({name})",
        )
        if cell.event:
            self.add(f'{name}.run_on_event("near", {lines_of(cell.event[1])})')
        if cell.every:
            self.add(
                f'{name}.run_regularly({lines_of(cell.every[1])}, dt={cell.every[0]}, when="end")'
            )
        self.add(*(f'{name}.{n} = "{value}"' for n, value in cell.initial.items()))

    # The run

    def records(self) -> None:
        for layer in self.model.layers:
            self.add(
                f"spikes_of_{layer.name} = SpikeMonitor({layer.name})",
                f"objects.append(spikes_of_{layer.name})",
            )
        for name, (variables, every) in self.model.samples.items():
            names = self.shown(name, variables)
            self.add(
                f"samples_of_{name} = StateMonitor({name}, {names}, record=True, dt={every}*ms)",
                f"objects.append(samples_of_{name})",
            )

    def shown(self, component: str, variables: list[str]) -> list[str]:
        """The variables of the script that stand for those of the model, as they are now."""
        wire = next((w for w in self.model.wires if w.name == component), None)
        return [WireWriter(self, wire, 0).now(v) for v in variables] if wire else variables

    def run(self) -> None:
        self.add("network = Network(objects)")
        changed: dict[tuple[str, str], str] = {}
        for number, phase in enumerate(self.model.phases):
            for wire in self.model.wires:
                WireWriter(self, wire, 0).begin(phase, changed, number)
            self.add(f"network.run({phase.ms}*ms, namespace={{}})")
        self.add("results = {'spikes': {}, 'synapses': {}, 'samples': {}}")
        for layer in self.model.layers:
            monitor = f"spikes_of_{layer.name}"
            self.add(f'results["spikes"]["{layer.name}"] = array({monitor}.i), array({monitor}.t_)')
        for wire in self.model.wires:
            WireWriter(self, wire, 0).leave()
        for name, (variables, _) in self.model.samples.items():
            for variable, shown in zip(variables, self.shown(name, variables), strict=True):
                self.add(
                    f'results["samples"]["{name}", "{variable}"] = (array(samples_of_{name}.t_),'
                    f" array(samples_of_{name}.{shown}_), array({name}.{shown}_))"
                )


def equation(e: Variable) -> str:
    flags = f" ({e.flags})" if e.flags else ""
    left = {
        "ode": f"d{e.name}/dt = {e.side}",
        "computed": f"{e.name} = {e.side}",
        "stored": e.name,
    }[e.kind]
    return f"{left} : {e.unit}{flags}"


class WireWriter:
    """One connection; `place` is its number in the order of declaration."""

    def __init__(self, writer: Writer, wire: Wire, place: int):
        self.writer, self.wire, self.place, self.name = writer, wire, place, wire.name
        model = writer.model
        learns = bool(wire.rules)
        self.frozen = learns and any(p.all_frozen or wire.name in p.frozen for p in model.phases)
        self.silenced = any(wire.name in p.off for p in model.phases)
        self.equations = [e for r in wire.rules for e in r.equations]
        self.bounds = {e.name: e.bounds for e in self.equations if e.bounds}
        taken: set[str] = set()
        for side in (wire.pre.cell, wire.post.cell):
            taken |= {e.name for e in side.equations} | set(side.parameters) if side else set()
        variables = [e.name for e in self.equations]
        self.names = {n: f"{n}_s" for n in variables if n in taken}
        self.parameters = {k: v for r in wire.rules for k, v in r.parameters.items()}
        # Without a step between them, what passes a synapse arrives.
        self.dendritic = wire.dendritic not in ("", "{0 ms}") and bool(wire.deliver)

    def own(self, text: str) -> str:
        return renamed_free(text, self.names)

    def is_trace(self, e: Variable) -> bool:
        """What decays by itself and is read at spikes alone runs from event to event."""
        read = self.wire.every and e.name in re.findall(r"\w+", self.wire.every[1])
        return (
            e.kind == "ode"
            and e.side.startswith(f"-{e.name}/")
            and not read
            and not self.wire.continuous
        )

    def write(self) -> None:
        wire, name, add = self.wire, self.name, self.writer.add
        values = self.writer.parameters(name, self.parameters, wire.values)
        add(*values_of(name, values))
        more = [
            f"on_pre={self.handlers('pre')}",
            f"on_post={self.handlers('post')}",
            f"namespace={name}_values",
            f'name="{name}"',
        ]
        clocked = [e for e in self.equations if e.kind == "ode" and not self.is_trace(e)]
        if clocked:
            method = next((r.method for r in wire.rules if r.method), "exact")
            more.append(f'method="{method}"')
        add(
            f"{name} = Synapses({wire.pre.name}, {wire.post.name}, {lines_of(self.model())},",
            *(f"    {item}," for item in more),
            ")",
            f"objects.append({name})",
        )
        add(
            {
                "all": f"{name}.connect()",
                "one": f'{name}.connect(j="i")',
                "where": f'{name}.connect(condition="{wire.where}")',
                "pairs": f"{name}.connect(i={[i for i, _ in sorted(wire.pairs)]},"
                f" j={[j for _, j in sorted(wire.pairs)]})",
            }[wire.pattern]
        )
        if clocked:
            add(f"{name}.state_updater.order = -1")
        self.schedule()
        self.first_values()
        if self.dendritic:
            self.dendrite()
        if wire.normalise:
            self.normalise()
        if wire.every:
            period, statement = wire.every
            add(
                f'{name}.run_regularly("{self.statement(statement)}", dt={period}, when="end",'
                f" order={self.place})"
            )
        for e in clocked:
            if e.bounds:
                low, high = e.bounds
                add(
                    f'{name}.run_regularly("{e.name} = clip({e.name}, {low}, {high})",'
                    ' when="groups", order=1)'
                )
        if wire.continuous:
            add(f'{name}.summed_updaters["{self.sum_variable()}_post"].order = -2')

    def sum_variable(self) -> str:
        assert self.wire.continuous
        variable = self.wire.continuous[1]
        others = [
            w
            for w in self.writer.model.wires
            if w.post is self.wire.post and w.continuous and w.continuous[1] == variable
        ]
        return variable if len(others) == 1 else f"{variable}_{self.name}"

    def model(self) -> list[str]:
        lines = []
        for e in self.equations:
            side, flags = e.side, ""
            if e.kind == "ode":
                flags = "event-driven" if self.is_trace(e) else "clock-driven"
                if self.frozen and e.name == "w":
                    side = f"plastic*({side})"
            own = Variable(e.kind, self.names.get(e.name, e.name), e.unit, self.own(side), flags)
            lines.append(equation(own))
            if self.is_trace(e):
                tau = e.side.removeprefix(f"-{e.name}/")
                value = self.own(f"{e.name}*exp((lastupdate - t)/{tau})")
                lines.append(f"{self.now(e.name)} = {value} : 1")
        if self.wire.weight:
            lines.append("w : 1")
        if self.frozen:
            lines.append("plastic : 1 (shared)")
        if self.silenced:
            lines.append("sending : 1 (shared)")
        if self.dendritic:
            lines.append("passed : second")
            for k, (_, target) in enumerate(self.wire.deliver):
                lines.append(f"held_{k} : {self.unit(target)}")
        if self.wire.continuous:
            value, variable = self.wire.continuous
            value = f"sending*({value})" if self.silenced else value
            lines.append(
                f"{self.sum_variable()}_post = {self.own(value)} : {self.unit(variable)} (summed)"
            )
        return lines

    def unit(self, variable: str) -> str:
        assert self.wire.post.cell
        return next(e.unit for e in self.wire.post.cell.equations if e.name == variable)

    # Statements

    def handlers(self, side: str) -> str:
        wire = self.wire
        body: list[str] = []
        delivered = False
        if side == "pre" and not wire.rules and wire.deliver:
            body += self.delivery()
        for rule in wire.rules:
            for statement in rule.on_pre if side == "pre" else rule.on_post:
                if statement != "deliver":
                    body.append(self.statement(statement))
                elif not delivered:
                    body += self.delivery()
                    delivered = True
        body += [self.statement(s) for s in (wire.on_pre if side == "pre" else wire.on_post)]
        found = {side: body} if body else {}
        for after in [r.after for r in wire.rules] + [wire.after]:
            if after and after[0] == side:
                found[f"{side}_later"] = [self.statement(s) for s in after[2]]
        items = ", ".join(f'"{n}": {lines_of(lines)}' for n, lines in found.items())
        return f"{{{items}}}" if found else "None"

    def delivery(self) -> list[str]:
        if not self.dendritic:
            return [
                self.statement(f"{target}_post += {value}") for value, target in self.wire.deliver
            ]
        lines = [f"held_{k} = {self.own(v)}" for k, (v, _) in enumerate(self.wire.deliver)]
        return [*lines, "passed = t"]

    def statement(self, text: str) -> str:
        """A statement with bounds, and with what phases switch."""
        target, op, value = re.fullmatch(r"(\w+) (\S?=) (.*)", text).groups()
        value = self.own(value)
        name = self.names.get(target, target)
        if target.endswith(("_post", "_pre")) and self.silenced:
            if op in ("+=", "-="):
                return f"{name} {op} sending*({value})"
            new = value if op == "=" else f"{name} {op[0]} ({value})"
            return f"{name} = sending*({new}) + (1 - sending)*{name}"
        new = value if op == "=" else f"{name} {op[0]} ({value})"
        if target in self.bounds:
            low, high = self.bounds[target]
            new = f"clip({new}, {low}, {high})"
        elif not (self.frozen and target == "w"):
            return f"{name} {op} {value}"
        if self.frozen and target == "w":
            new = f"plastic*({new}) + (1 - plastic)*w"
        return f"{name} = {new}"

    # Order and delays

    def schedule(self) -> None:
        wire, name = self.wire, self.name
        count = len(self.writer.model.wires)
        early, late = PLACES * self.place, PLACES * (count + self.place)
        pre, post = (late, early) if wire.ties else (early, late)
        self.pre_order = pre
        text = {"pre": self.handlers("pre"), "post": self.handlers("post")}
        axonal = self.writer.row.get((name, "delay"), wire.delay)
        for side, order, delay in (("pre", pre, axonal), ("post", post, wire.dendritic)):
            if f'"{side}":' in text[side]:
                self.writer.add(f"{name}.{side}.order = {order}")
                if delay:
                    self.writer.add(f'{name}.{side}.delay = "{delay}"')
            for after in [r.after for r in wire.rules] + [wire.after]:
                if after and after[0] == side:
                    total = f"{delay} + {after[1]}" if delay else after[1]
                    self.writer.add(
                        f"{name}.{side}_later.order = {order + 5}",
                        f'{name}.{side}_later.delay = "{total}"',
                    )

    def first_values(self) -> None:
        add, name = self.writer.add, self.name
        values = dict(self.wire.initial)
        if self.wire.weight:
            values["w"] = self.wire.weight
        for variable, text in values.items():
            own = self.names.get(variable, variable)
            add(f'{name}.{own} = "{text}"')
            if variable in self.bounds:
                low, high = self.bounds[variable]
                add(f'{name}.{own} = "clip({own}, {low}, {high})"')
        for switch, used in (("plastic", self.frozen), ("sending", self.silenced)):
            if used:
                add(f"{name}.{switch} = 1")

    def dendrite(self) -> None:
        """What passed a synapse arrives later, as it was; after what passes it in the same step."""
        name, wire = self.name, self.wire
        held = ", ".join(f"{name}.held_{k}_[k]" for k, _ in enumerate(wire.deliver))
        gate = f"float(array({name}.sending))*" if self.silenced else ""
        assert wire.post.cell
        still = [e.name for e in wire.post.cell.equations if "unless refractory" in e.flags]
        awake = f"{wire.post.name}.not_refractory[{name}.j[k]]"
        self.writer.add(
            f"{name}.passed = -1*second",
            f"{name}_waiting = {{}}",
            f"{name}_steps = int({wire.dendritic}/defaultclock.dt + 0.5)",
            f'@network_operation(when="synapses", order={self.pre_order + 1})',
            f"def {name}_passes():",
            "    step = round(defaultclock.t_/defaultclock.dt_)",
            f"    for k in flatnonzero({name}.passed_[:] == defaultclock.t_):",
            f"        {name}_waiting.setdefault(step + {name}_steps, []).append((k, [{held}]))",
            f'@network_operation(when="synapses", order={self.pre_order + 2})',
            f"def {name}_arrives():",
            "    step = round(defaultclock.t_/defaultclock.dt_)",
            f"    for k, values in {name}_waiting.pop(step, []):",
            f"        for target, value in zip({[t for _, t in wire.deliver]}, values):",
            f"            into = {wire.post.name}.variables[target].get_value()",
            # As Brian2 has it, a variable that stands still in a refractory neuron takes nothing.
            f"            if target in {still} and not {awake}:",
            "                continue",
            f"            into[{name}.j[k]] += {gate}value",
            f"objects += [{name}_passes, {name}_arrives]",
        )

    def normalise(self) -> None:
        assert self.wire.normalise
        period, side, goal = self.wire.normalise
        name = self.name
        index = "i" if side == "pre" else "j"
        low, high = self.bounds["w"]
        scope = f"**{name}_values"
        self.writer.add(
            f'@network_operation(dt={period}, when="end", order={self.place})',
            f"def {name}_normalise():",
            f"    if {f'array({name}.plastic) == 0' if self.frozen else False}:",
            "        return",
            f"    low, high = eval('{low}, {high}', dict(inf=inf, {scope}))",
            f"    w = {name}.variables['w'].get_value()",
            f"    for neuron in set({name}.{index}[:]):",
            f"        mine = flatnonzero({name}.{index}[:] == neuron)",
            "        total = 0.0",
            "        for k in mine:",
            "            total += w[k]",
            "        if total != 0:",
            f"            w[mine] = clip(w[mine]*({goal}/total), float(low), float(high))",
            f"objects.append({name}_normalise)",
        )

    # Phases and results

    def begin(self, phase: Phase, changed: dict[tuple[str, str], str], number: int) -> None:
        add, name = self.writer.add, self.name
        if self.frozen:
            add(f"{name}.plastic = {float(not (phase.all_frozen or name in phase.frozen))}")
        if self.silenced:
            add(f"{name}.sending = {float(name not in phase.off)}")
        if not phase.set or phase.set[0] != name:
            return
        if number:  # before the first, `t` may be that of another script
            for e in self.equations:
                if self.is_trace(e):
                    own = self.names.get(e.name, e.name)
                    add(f"{name}.{own} = {name}.{own}_now[:]")
            add(f'{name}.lastupdate = "t"')
        changed[name, phase.set[1]] = phase.set[2]
        values = self.writer.parameters(name, self.parameters, self.wire.values)
        values |= {k: v for (component, k), v in changed.items() if component == name}
        add(*values_of(name, values), f"{name}.namespace.update({name}_values)")
        for variable, (low, high) in self.bounds.items():
            add(f'{name}.{variable} = "clip({variable}, {low}, {high})"')

    def now(self, variable: str) -> str:
        own = self.names.get(variable, variable)
        e = next((e for e in self.equations if e.name == variable), None)
        return f"{own}_now" if e and self.is_trace(e) else own

    def leave(self) -> None:
        names = [e.name for e in self.equations] + (["w"] if self.wire.weight else [])
        values = ", ".join(f'"{n}": array({self.name}.{self.now(n)}[:])' for n in names)
        self.writer.add(
            f'results["synapses"]["{self.name}"] = {{"i": array({self.name}.i[:]),'
            f' "j": array({self.name}.j[:]), {values}}}'
        )

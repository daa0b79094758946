"""`tables(...)` of a plain script: what is saved, as columns."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from ...ir import Connection, EventRecord, Experiment, Kept, Layer, Monitor, Rate, Trace
from ..experiment import computed, spikes, state_columns
from .code import Code
from .state import InitialState, place


class TablesCode:
    def __init__(self, e: Experiment, code: Code, initial: InitialState):
        self.e, self.code, self.initial = e, code, initial
        self.layers = initial.layers
        self.phased = len(e.phases) > 1
        self.columns = state_columns(e)

    def lines(self) -> list[str]:
        found: list[str] = []
        if self.e.endings:
            numbers = [k for k, phase in enumerate(self.e.phases) if phase.until]
            found.append(f"ran = steps_run(last, {numbers}, len(table[\"block\"]))")
        for c in self.e.connections:
            if c.state:
                found += self.weights(c)
            for number, m in enumerate(self.e.monitors):
                if not m.on_layer and m.component == c.name:
                    found += self.samples(number, m)
        rates: list[str] = []
        for layer in self.e.layers:
            if spikes(layer):
                more, rate = self.spikes(layer)
                found += more
                rates += rate
        for number, m in enumerate(self.e.monitors):
            if m.on_layer:
                found += self.samples(number, m)
        for r in self.e.rates:
            found += self.rate(r)
        for event in self.e.events:
            found += self.events(event)
        if self.phased:
            start = 'yield "trajectories", '
            found = [
                line.replace(start, f"{start}with_phase(") + ")"
                if line.startswith(start)
                else line
                for line in found
            ]
        return [*found, *self.blocks(rates)]

    # Where things belong

    def block(self, shared: bool, copy: str) -> str:
        """The column that says to which block a copy belongs."""
        if not shared:
            return f'"block": table["block"][{copy}]'
        if self.initial.several:
            return f'"replicate": np.unique(table["replicate"])[{copy}]'
        return ""

    # Weights

    def weights(self, c: Connection) -> list[str]:
        pre, post = self.layers[c.pre], self.layers[c.post]
        lines = self.state(c, f'first["blocks of {c.name}"]')
        items = [
            f'"connection": "{c.name}"',
            self.block(c.shared, "block"),
            f'"pre": {modulo("i", pre)}',
            f'"post": {modulo("j", post)}',
            f'"delay": {self.initial.delay_column(c)}',
        ]
        if c.weight:
            first = f'first["{c.name}"]["{c.weight}"]'
            if c.name in self.initial.by_block:
                first = f'joined(first, "{c.name}", first["blocks of {c.name}"])["{c.weight}"]'
            if c.weight in c.single:
                first = f"np.float32({first})"  # as the network holds it
            has = any(i.variable == c.weight for i in c.initial)
            items.append(f'"w_initial": {first if has else 0.0}')
            items.append(f'"w": {self.final(c, c.weight)}')
        for variable in c.state:
            if variable != c.weight:
                items.append(f'"{self.columns.get(variable, variable)}": {self.final(c, variable)}')
        return [*lines, *self.age(items), f'yield "weights", {{{", ".join(filter(None, items))}}}']

    def age(self, items: list[str]) -> list[str]:
        """The time since each synapse's last event, where it is used."""
        used = any(re.search(r"\bage\b", item) for item in items)
        return ['age = DURATION - s["lastupdate"]'] if used else []

    def state(self, c: Connection, blocks: str) -> list[str]:
        """Lines that make `s`, the state of all synapses, and `block`."""
        if c.name not in self.initial.by_block:
            return [f's = last["{c.name}"]', f"block = {self.copy(c)}"]
        if c.summed:  # Brian2 gives no `j` of those that have a part of a layer as their target
            j = f's["j"] = joined(first, "{c.name}", {blocks})["j"]'
            lines = [f's = joined(last, "{c.name}", {blocks})', j]
        else:
            lines = [f's = joined(last, "{c.name}", {blocks})']
        counts = f'[len(last[f"{c.name}__{{b}}"]["i"]) for b in {blocks}]'
        return [*lines, f"block = np.repeat({blocks}, {counts})"]

    def copy(self, c: Connection) -> str:
        """The copy of each synapse."""
        return self.initial.block_of(c, "last").replace(f'last["{c.name}"]', "s")

    def final(self, c: Connection, variable: str) -> str:
        """A stored variable at the end of the run."""
        trace = next((t for t in c.traces if t.name == variable), None)
        if trace is None:
            return f's["{variable}"]'
        return self.relaxed(c, trace)

    def relaxed(self, c: Connection, trace: Trace) -> str:
        """A variable as it is at the end, from what is stored since its last event."""
        pre, post = self.layers[c.pre], self.layers[c.post]
        names = {
            "edges.copy": "block", "t": "DURATION",
            "edges.i": modulo("i", pre), "edges.j": modulo("j", post),
        }  # fmt: skip
        if c.name not in self.initial.by_block:  # what varies is at hand as each synapse has it
            names |= {f"at({p.code}, edges.copy)": f's["{p.name}"]' for p in c.varying}
        tree = ast.parse(trace.code, mode="eval").body
        if is_decay(tree):
            assert isinstance(tree, ast.Call)
            rate = self.code.show(ast.unparse(tree.args[2]), names)
            return f"{ast.unparse(tree.args[0])} * np.exp({rate} * age)".replace("'", '"')
        text = self.code.show(trace.code, names).replace('DURATION - s["lastupdate"]', "age")
        return f"np.broadcast_to({text}, len(block))"

    # Spikes

    def spikes(self, layer: Layer) -> tuple[list[str], list[str]]:
        """Lines, and items of the table of blocks."""
        recorded = layer.name in self.e.spikes_of
        given = layer.kind != "neurons"
        source = f'first["{layer.name}"]' if given else f'last["{layer.name}__spikes"]'
        lines = []
        if recorded or given or self.phased or layer.name in self.e.timed or self.stops(layer):
            lines.append(f'k, t = {source}["i"], {source}["t"]')
        if self.stops(layer):
            lines.append(f"k, t = while_run(k, t, {place('k', layer)}, ran)")
        if recorded:
            items = [
                f'"layer": "{layer.name}"',
                self.block(layer.shared, place("k", layer)),
                f'"neuron": {modulo("k", layer, plain=True)}',
                '"t": t',
            ]
            if self.phased:
                items.append('"phase": phase_of(t)')
            columns = f"{{{', '.join(filter(None, items))}}}"
            lines.append(f'yield "spikes", {saved(columns, self.e.spikes_kept.get(layer.name))}')
        copies = {"1": "1", "B": 'len(table["block"])'}.get(
            self.initial.copies(layer.shared), 'len(np.unique(table["replicate"]))'
        )
        size = layer.size
        if given or self.phased or layer.name in self.e.timed or self.stops(layer):
            counted = f"np.bincount({place('k', layer)}, minlength={copies})"
        else:
            counted = f'{source}["count"].reshape(-1, {size}).sum(axis=1)'
        if self.phased:
            within = place("k[phase_of(t) == phase]", layer)
            counted = f"np.bincount({within}, minlength={copies})"
            # One row per block and phase.
            lines.append(f"{layer.name}_spikes = np.stack([{counted} for phase in PHASES], axis=1)")
        else:
            lines.append(f"{layer.name}_spikes = {counted}")
        return lines, [layer.name]

    def stops(self, layer: Layer) -> bool:
        """Whether a layer waits in each block that has ended a phase."""
        return bool(self.e.endings) and not layer.shared

    def blocks(self, layers: list[str]) -> list[str]:
        items = ['"block": table["block"]']
        by_name = self.layers
        names = []
        for name in layers:
            layer = by_name[name]
            shown = f"{name}_spikes"
            if layer.shared and self.initial.several:
                shown += '[np.unique(table["replicate"], return_inverse=True)[1]]'
            names.append((name, layer.size, shown))
        if not self.phased:
            for name, size, shown in names:
                items.append(f'"{name}_spikes": {shown}')
                steps = "ran[0]" if self.stops(by_name[name]) else "STEPS"
                items.append(f'"{name}_rate": {shown} / ({size} * {steps} * DT)')
            if self.e.endings:
                items.append('"stopped_after": stopped_after(last, 0, [0])')
            return [f'yield "blocks", {{{", ".join(items)}}}']
        lines = ["for number, phase in enumerate(PHASES):"]
        items.append('"phase": phase')
        for name, size, shown in names:
            items.append(f'"{name}_spikes": {shown}[:, number]')
            steps = "ran[number]" if self.stops(by_name[name]) else "PHASE_STEPS[number]"
            items.append(f'"{name}_rate": {shown}[:, number] / ({size} * {steps} * DT)')
        if self.e.endings:
            numbers = [k for k, phase in enumerate(self.e.phases) if phase.until]
            items.append(f'"stopped_after": stopped_after(last, number, {numbers})')
        return [*lines, f'    yield "blocks", {{{", ".join(items)}}}']

    # Samples

    def samples(self, number: int, m: Monitor) -> list[str]:
        given = m.on_layer and self.layers[m.component].kind != "neurons"
        monitor = f'last["record__{number}"]'
        chosen = f'first["record__{number}"]' if self.initial.is_chosen(m) else ""
        lines = []
        lost = set(computed(self.e))
        if m.on_layer:
            layer = self.layers[m.component]
            if given:
                return self.heard_samples(number, m, layer)
            base = f'np.arange(len(last["{layer.name}"]["{self.some_variable(layer)}"]))'
            lines.append(f"k = {chosen or base}")
            where = [
                f'"layer": "{layer.name}"',
                self.block(layer.shared, place("k", layer)),
                f'"neuron": {modulo("k", layer, plain=True)}',
            ]
        else:
            c = next(c for c in self.e.connections if c.name == m.component)
            pre, post = self.layers[c.pre], self.layers[c.post]
            if c.name in self.initial.by_block:
                blocks = chosen or f'first["blocks of {c.name}"]'
                if chosen:
                    lines += self.state(c, blocks)
                    lines += ['age = DURATION - s["lastupdate"]'] if ages(c) else []
                names = [model for _, model in m.variables]
                monitor = f'joined_monitors(last, "record__{number}_{c.name}", {blocks}, {names})'
                monitor = monitor.replace("'", '"')
            elif chosen:  # else all of it is at hand, for the table of weights
                lines.append(
                    f's = {{n: v[{chosen}] for n, v in last["{c.name}"].items() if np.ndim(v)}}'
                )
                lines.append(f"block = {self.copy(c)}")
            if chosen and ages(c) and c.name not in self.initial.by_block:
                lines.append('age = DURATION - s["lastupdate"]')
            where = [
                f'"connection": "{c.name}"',
                self.block(c.shared, "block"),
                f'"pre": {modulo("i", pre)}',
                f'"post": {modulo("j", post)}',
                '"synapse_number": s["synapse_number"].astype(int)' if c.many > 1 else "",
            ]
        for shown, model in m.variables:
            key = (m.component, model)
            if m.on_layer:
                variable = f"{model}__at_end" if key in lost else model
                final = f'last["{m.component}"]["{variable}"]' + (f"[{chosen}]" if chosen else "")
            else:
                base = (
                    model.removesuffix("__now") if any(t.now == model for t in c.traces) else model
                )
                variable = f"{model}__at_end" if key in lost else base
                final = self.final(c, variable)
            items = [f'"variable": "{shown}"', *filter(None, where)]
            columns = (
                f'samples({monitor}, "{model}", {final}, DURATION, {{{", ".join(items)}}})'
            )
            kept = replace(m.kept, neurons=None, blocks=None)
            if self.e.endings and not self.initial.is_shared(m):
                columns = f'rows_run({columns}, table["block"], ran)'
            lines.append(f'yield "trajectories", {saved(columns, kept)}')
        return lines

    def events(self, event: EventRecord) -> list[str]:
        """The times of a layer's custom events."""
        layer, source = self.layers[event.layer], f'last["{event.monitor}"]'
        items = [
            f'"layer": "{event.layer}.{event.event}"',
            self.block(layer.shared, place("k", layer)),
            f'"neuron": {modulo("k", layer, plain=True)}',
            '"t": t',
            '"phase": phase_of(t)' if self.phased else "",
        ]
        columns = f"{{{', '.join(filter(None, items))}}}"
        cut = f"k, t = while_run(k, t, {place('k', layer)}, ran)"
        return [f'k, t = {source}["i"], {source}["t"]', *([cut] if self.stops(layer) else []),
                f'yield "spikes", {saved(columns, event.kept)}']  # fmt: skip

    def rate(self, r: Rate) -> list[str]:
        """The mean rate of a layer's neurons, in bins."""
        layer = self.layers[r.layer]
        given = layer.kind != "neurons"
        source = f'first["{layer.name}"]' if given else f'last["{layer.name}__spikes"]'
        copies = {"1": "1", "B": 'len(table["block"])'}.get(
            self.initial.copies(layer.shared), 'len(np.unique(table["replicate"]))'
        )
        first, last = r.kept.neurons or (0, layer.size)
        ran = ", ran" if self.stops(layer) else ""
        items = [f'"variable": "{r.variable}"', f'"layer": "{layer.name}"',
                 self.block(layer.shared, "copy"), '"t": t', '"value": hertz']  # fmt: skip
        call = (
            f'{source}["i"], {source}["t"], {layer.size}, {copies}, {r.every!r}, {first},'
            f" {last}{ran}"
        )
        columns = f"{{{', '.join(filter(None, items))}}}"
        kept = replace(r.kept, neurons=None)
        function = "population_rate_run" if self.stops(layer) else "population_rate"
        return [f"copy, t, hertz = {function}({call})",
                f'yield "trajectories", {saved(columns, kept)}']  # fmt: skip

    def heard_samples(self, number: int, m: Monitor, layer: Layer) -> list[str]:
        """Samples of a layer that ran before the network: the last ones are among them."""
        monitor = f'first["record__{number}"]'
        lines = [f'k = np.arange({monitor}["{m.variables[0][1]}"].shape[1])']
        for shown, model in m.variables:
            items = [
                f'"variable": "{shown}"',
                f'"layer": "{layer.name}"',
                self.block(layer.shared, place("k", layer)),
                f'"neuron": {modulo("k", layer, plain=True)}',
            ]
            where = ", ".join(filter(None, items))
            columns = (
                f'samples({{"t": {monitor}["t"][:-1],'
                f' "{model}": {monitor}["{model}"][:-1]}}, "{model}", {monitor}["{model}"][-1],'
                f' {monitor}["t"][-1], {{{where}}})'
            )
            lines.append(f'yield "trajectories", {saved(columns, m.kept)}')
        return lines

    def some_variable(self, layer: Layer) -> str:
        assert layer.group is not None
        return re.match(r"d?(\w+?)(/dt)? [=:]", layer.group.equations[0])[1]  # type: ignore[index]


def saved(columns: str, kept: Kept | None) -> str:
    """Code of the columns of a table, or of the rows of them that are saved."""
    arguments = kept.code() if kept is not None else ""
    return f"rows_kept({columns}, {arguments})" if arguments else columns


def modulo(index: str, layer: Layer, plain: bool = False) -> str:
    """The number of a neuron within its layer."""
    whole = index if plain else f's["{index}"]'
    return f"{whole} % {layer.size}" if layer.size > 1 else "0"


def ages(c: Connection) -> bool:
    """Whether a variable depends on the time of Brian2's last update."""
    return any("lastupdate" in t.code for t in c.traces)


def is_decay(node: ast.expr) -> bool:
    """Whether code is `relaxed(value, still, at_one, age)` of a variable that is still at 0."""
    return (
        isinstance(node, ast.Call) and ast.unparse(node.func) == "relaxed" and is_zero(node.args[1])
    )


def is_zero(node: ast.expr) -> bool:
    """Whether code is a product or quotient with a factor 0.0."""
    match node:
        case ast.Constant(value=0.0):
            return True
        case ast.UnaryOp():
            return is_zero(node.operand)
        case ast.BinOp(op=ast.Mult()):
            return is_zero(node.left) or is_zero(node.right)
        case ast.BinOp(op=ast.Div()):
            return is_zero(node.left)
    return False

"""`tables(...)` of a plain script: the saved columns."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from ...ir import Connection, EventRecord, Experiment, Layer, Monitor, Rate, Trace
from ..experiment import computed, spikes, state_columns
from .activity import activity
from .alike import alike
from .code import Code, names_in, uses
from .columns import in_one, is_decay, saved, written_out
from .copies import Copies, copy_of
from .recorded import is_chosen, is_double, is_shared


class TablesCode:
    def __init__(self, e: Experiment, code: Code, copies: Copies):
        self.e, self.code, self.copies = e, code, copies
        self.layers = copies.layers
        self.phased = len(e.phases) > 1
        self.columns = state_columns(e)
        self.in_blocks = True
        """Whether all rows belong to a block, and none to what blocks share."""

    def lines(self) -> list[str]:
        found: list[str] = []
        if self.e.endings:
            found.append(f'ran = steps_run(last, {self.ending()}, len(table["block"]))')
        connections = [(c, self.connection(c)) for c in self.e.connections]
        found += alike([(c.name, self.sizes(c), lines) for c, lines in connections if lines])
        for layer in self.e.layers:
            if spikes(layer) and layer.name in self.e.spikes_of:
                found += self.spikes(layer)
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
                line.replace(start, f"{start}with_phase(") + ")" if start in line else line
                for line in found
            ]
        return [*found, *self.blocks()]

    def connection(self, c: Connection) -> list[str]:
        """The weights of a connection, and what is recorded of it."""
        found = self.weights(c) if c.state else []
        mine = [
            (number, m)
            for number, m in enumerate(self.e.monitors)
            if not m.on_layer and m.component == c.name
        ]
        # Trajectories of only some synapses come last: their `s` differs from that of the weights.
        for number, m in sorted(mine, key=lambda item: is_chosen(self.e, self.layers, item[1])):
            found += self.samples(number, m)
        return found

    def sizes(self, c: Connection) -> tuple[int, int]:
        """The numbers of neurons in its layers."""
        return self.layers[c.pre].size, self.layers[c.post].size

    # Where things belong

    def block(self, shared: bool, copy: str) -> str:
        """The column that tells which row of the sweep a copy belongs to."""
        if not shared:
            return f'"block": {copy}'
        self.in_blocks = False
        if self.copies.several:
            return f'"replicate": np.unique(table["replicate"])[{copy}]'
        return ""

    def modulo(self, index: str, layer: Layer) -> str:
        """The number of a neuron within its layer."""
        if layer.size == 1:
            return "0"
        return index if self.copies.count(layer.shared) == "1" else f"{index} % {layer.size}"

    # Weights

    def weights(self, c: Connection) -> list[str]:
        items = {"delay": self.delay(c)}
        if c.weight:
            first = f'first["{c.name}"]["{c.weight}"]'
            if c.name in self.copies.by_block:
                first = f'joined(first, "{c.name}", first["blocks of {c.name}"])["{c.weight}"]'
            if c.weight in c.single:
                first = f"np.float32({first})"  # as the network holds it
            has = any(i.variable == c.weight for i in c.initial)
            items["w_initial"] = first if has else "0.0"
            items["w"] = self.final(c, c.weight)
        for variable in c.state:
            if variable != c.weight and (c.many == 1 or variable != "synapse_number"):
                items[self.columns.get(variable, variable)] = self.final(c, variable)
        blocks = f'first["blocks of {c.name}"]'
        texts = list(items.values())
        columns = ", ".join(f'"{name}": {text}' for name, text in items.items())
        return [
            *self.state(c, blocks),
            *self.where(c, texts),
            *self.age(texts),
            f'yield "weights", where | {{{columns}}}',
        ]

    def delay(self, c: Connection) -> str:
        """Code for the delay of each synapse, from the first state."""
        ways = {p.name: p.delay for p in c.pathways if not p.event}

        def of(name: str) -> str:
            if c.name not in self.copies.by_block:
                return f'first["{c.name}.{name}"]["delay"]'
            key = f'first[f"{c.name}__{{b}}.{name}"]["delay"]'
            return f'np.concatenate([{key} for b in first["blocks of {c.name}"]])'

        if c.axonal is None and c.dendritic is None:
            return "0.0"
        ends = ("edges.axonal", "edges.dendritic")
        best = next((name for name, d in ways.items() if d == ends), "")
        if best:
            return of(best)
        ways |= {p.name: p.delay for p in c.pathways if p.event}
        firsts = (next((n for n, d in ways.items() if d == (end,)), "") for end in ends)
        return " + ".join(of(name) for name in firsts if name) or "0.0"

    def where(self, c: Connection, code: Sequence[str], chosen: str = "") -> list[str]:
        """Lines that make the columns that distinguish a connection's synapses, for some code."""
        apart = c.name in self.copies.by_block
        named = apart or uses(code, "block")
        columns = [
            f'"connection": "{c.name}"',
            self.block(c.shared, "block" if named else self.copy(c, chosen)),
            '"pre": ' + self.modulo('s["i"]', self.layers[c.pre]),
            '"post": ' + self.modulo('s["j"]', self.layers[c.post]),
            '"synapse_number": s["synapse_number"].astype(int)' if c.many > 1 else "",
        ]
        lines = [f"block = {self.copy(c, chosen)}"] if named and not apart else []
        return [*lines, f"where = {{{', '.join(filter(None, columns))}}}"]

    def age(self, code: Sequence[str]) -> list[str]:
        """The time since each synapse's last event, if it is used."""
        names = sorted(name for text in code for name in names_in(text))
        since = dict.fromkeys(n for n in names if n.startswith("since_"))
        return [
            *(['age = DURATION - s["lastupdate"]'] if "age" in names else []),
            *(f'{n} = DURATION - s["{n.removeprefix("since_")}"]' for n in since),
        ]

    def state(self, c: Connection, blocks: str) -> list[str]:
        """Lines that make `s`, the state of all synapses, and the `block` of several objects."""
        if c.name not in self.copies.by_block:
            return [f's = last["{c.name}"]']
        if c.summed:  # Brian2 gives no `j` for synapses whose target is a part of a layer
            j = f's["j"] = joined(first, "{c.name}", {blocks})["j"]'
            lines = [f's = joined(last, "{c.name}", {blocks})', j]
        else:
            lines = [f's = joined(last, "{c.name}", {blocks})']
        counts = f'[len(last[f"{c.name}__{{b}}"]["i"]) for b in {blocks}]'
        return [*lines, f"block = np.repeat({blocks}, {counts})"]

    def copy(self, c: Connection, chosen: str = "") -> str:
        """The copy of each synapse in `s`, for all or for the `chosen` ones."""
        copy = self.copies.of_synapses(c, "s", "first")
        return f"{copy}[{chosen}]" if chosen and self.copies.between_shared(c) else copy

    def final(self, c: Connection, variable: str) -> str:
        """A stored variable at the end of the run."""
        trace = next((t for t in c.traces if t.name == variable), None)
        if trace is None:
            return f's["{variable}"]'
        return self.relaxed(c, trace)

    def relaxed(self, c: Connection, trace: Trace) -> str:
        """A variable at the end of the run, computed from the values stored at its last event."""
        pre, post = self.layers[c.pre], self.layers[c.post]
        names = {
            "edges.copy": "block",
            "t": "DURATION",
            "edges.i": self.modulo('s["i"]', pre),
            "edges.j": self.modulo('s["j"]', post),
        }
        if c.name not in self.copies.by_block:  # varying parameters are available per synapse
            names |= {f"at({p.code}, edges.copy)": f's["{p.name}"]' for p in c.varying}
        tree = ast.parse(trace.code, mode="eval").body
        if is_decay(tree):
            assert isinstance(tree, ast.Call)
            rate = self.code.show(ast.unparse(tree.args[2]), names)
            return f"{ast.unparse(tree.args[0])} * np.exp({rate} * age)".replace("'", '"')
        names |= {f"t - s[{name!r}]": f"since_{name}" for name in c.state}
        return self.code.show(trace.code, {**names, "t - s['lastupdate']": "age"})

    # Spikes

    def spikes(self, layer: Layer) -> list[str]:
        items = [
            f'"layer": "{layer.name}"',
            self.block(layer.shared, copy_of("i", layer)),
            f'"neuron": {self.modulo("i", layer)}',
            '"t": t',
        ]
        if self.phased:
            items.append('"phase": phase_of(t)')
        columns = f"{{{', '.join(filter(None, items))}}}"
        source = self.source(layer)
        kept = saved(columns, self.e.spikes_kept.get(layer.name))
        return [f'i, t = {source}["i"], {source}["t"]', *self.cut(layer), f'yield "spikes", {kept}']

    def stops(self, layer: Layer) -> bool:
        """Whether a layer waits in each block that has ended a phase."""
        return bool(self.e.endings) and not layer.shared

    def cut(self, layer: Layer) -> list[str]:
        """A line that removes the spikes of waiting blocks."""
        waits = self.stops(layer)
        return [f"i, t = while_run(i, t, {copy_of('i', layer)}, ran)"] if waits else []

    def ending(self) -> list[int]:
        """The numbers of the phases that may end for a block."""
        return [k for k, phase in enumerate(self.e.phases) if phase.until]

    def source(self, layer: Layer) -> str:
        """Where the spikes of a layer come from: given, or recorded."""
        given = layer.kind != "neurons"
        return f'first["{layer.name}"]' if given else f'last["{layer.name}__spikes"]'

    def blocks(self) -> list[str]:
        """One row per block and phase."""
        layers = [layer for layer in self.e.layers if spikes(layer)]
        several = self.copies.several and any(layer.shared for layer in layers)
        if not self.phased and not self.e.endings and not several:
            return activity([(x, self.source(x)) for x in layers])
        items = ['"block": table["block"]']
        items += ['"phase": phase'] if self.phased else []
        number = "number" if self.phased else "0"
        for layer in layers:
            given = f'"{layer.name}", {self.source(layer)}, {layer.size}'
            text = f"activity({given})"
            if self.phased:
                text = f"activity_in(phase, {given}, {self.count(layer)})"
            if self.stops(layer):
                text = f"activity_run({number}, {given}, ran)"
            if layer.shared and self.copies.several:
                replicate = 'np.unique(table["replicate"], return_inverse=True)[1]'
                text = f"{{n: v[{replicate}] for n, v in {text}.items()}}"
            items.append(f"**{text}")
        if self.e.endings:
            items.append(f'"stopped_after": stopped_after(last, {number}, {self.ending()})')
        found = f'yield "blocks", {{{", ".join(items)}}}'
        if not self.phased:
            return [found]
        each = "number, phase in enumerate(PHASES)" if self.e.endings else "phase in PHASES"
        return [f"for {each}:", f"    {found}"]

    def count(self, layer: Layer) -> str:
        """The number of copies of a layer."""
        return {"1": "1", "B": 'len(table["block"])'}.get(
            self.copies.count(layer.shared), 'len(np.unique(table["replicate"]))'
        )

    # Samples

    def samples(self, number: int, m: Monitor) -> list[str]:
        if m.on_layer:
            return self.layer_samples(number, m)
        c = next(c for c in self.e.connections if c.name == m.component)
        monitor = f'last["record__{number}"]'
        chosen = f'first["record__{number}"]' if is_chosen(self.e, self.layers, m) else ""
        lost, lines = set(computed(self.e)), []
        finals = {}
        for _, model in m.variables:
            trace = any(t.now == model for t in c.traces)
            stored = model.removesuffix("__now") if trace else model
            lasting = (c.name, model) in lost
            finals[model] = self.final(c, f"{model}__at_end" if lasting else stored)
            if 's["' not in finals[model]:
                finals[model] = f'np.full(len(s["i"]), {finals[model]})'
        if c.name in self.copies.by_block:
            blocks = chosen or f'first["blocks of {c.name}"]'
            names = str([model for _, model in m.variables]).replace("'", '"')
            monitor = f'joined_monitors(last, "record__{number}_{c.name}", {blocks}, {names})'
            lines += self.state(c, blocks) if chosen else []
        elif chosen:
            rows = f'last["{c.name}"].items() if np.ndim(v)'
            lines.append(f"s = {{n: v[{chosen}] for n, v in {rows}}}")
        if chosen:  # otherwise all of it is available, for the table of weights
            lines += [*self.where(c, [*finals.values()], chosen), *self.age([*finals.values()])]
        return [*lines, *self.trajectories(m, monitor, finals)]

    def layer_samples(self, number: int, m: Monitor) -> list[str]:
        layer = self.layers[m.component]
        if layer.kind != "neurons":
            return self.heard_samples(number, m, layer)
        chosen = f'first["record__{number}"]' if is_chosen(self.e, self.layers, m) else ""
        lost, finals = set(computed(self.e)), {}
        for _, model in m.variables:
            variable = f"{model}__at_end" if (layer.name, model) in lost else model
            finals[model] = f'last["{layer.name}"]["{variable}"]' + ("[i]" if chosen else "")
        return [
            f"i = {chosen or self.neurons(layer)}",
            self.neurons_where(layer),
            *self.trajectories(m, f'last["record__{number}"]', finals),
        ]

    def neurons(self, layer: Layer) -> str:
        """The numbers of all neurons of a layer."""
        return f'np.arange(first["{layer.name}"]["N"])'

    def neurons_where(self, layer: Layer) -> str:
        """The columns that distinguish the neurons `i` of a layer."""
        items = [
            f'"layer": "{layer.name}"',
            self.block(layer.shared, copy_of("i", layer)),
            f'"neuron": {self.modulo("i", layer)}',
        ]
        return f"where = {{{', '.join(filter(None, items))}}}"

    def trajectories(
        self, m: Monitor, monitor: str, finals: dict[str, str], end: str = "DURATION"
    ) -> list[str]:
        """Lines for the samples of all variables. A Brian2 monitor has only the chosen elements."""
        given = m.on_layer and self.layers[m.component].kind != "neurons"
        kept = m.kept if given else replace(m.kept, neurons=None, blocks=None)
        ran = self.e.endings and not given and not is_shared(self.e, self.layers, m)
        each, longer = [], []
        for shown, model in m.variables:
            final = finals[model]
            number = "" if is_double(self.e, self.layers, m, model) else ".astype(float)"
            longer.append(written_out(shown, model, monitor, f"{final}]{number}", end))
            where = "where" if shown == model else f'where | {{"variable": "{shown}"}}'
            columns = f'samples({monitor}, "{model}", {final}, {end}, {where})'
            columns = f"rows_run({columns}, ran)" if ran else columns
            each.append([f'yield "trajectories", {saved(columns, kept)}'])
        variables = [model for _, model in m.variables]
        only = len(self.e.monitors) == 1 and m.component not in self.copies.by_block
        found = in_one(longer, variables)
        written_once = len(found) <= len(longer[0]) + 1
        plain = only and written_once and not ran and not kept.code()
        return found if plain else in_one(each, variables)

    def events(self, event: EventRecord) -> list[str]:
        """The times of a layer's custom events."""
        layer, source = self.layers[event.layer], f'last["{event.monitor}"]'
        items = [
            f'"layer": "{event.layer}.{event.event}"',
            self.block(layer.shared, copy_of("i", layer)),
            f'"neuron": {self.modulo("i", layer)}',
            '"t": t',
            '"phase": phase_of(t)' if self.phased else "",
        ]
        columns = f"{{{', '.join(filter(None, items))}}}"
        return [
            f'i, t = {source}["i"], {source}["t"]',
            *self.cut(layer),
            f'yield "spikes", {saved(columns, event.kept)}',
        ]

    def rate(self, r: Rate) -> list[str]:
        """The mean rate of a layer's neurons, in bins."""
        layer = self.layers[r.layer]
        given = layer.kind != "neurons"
        source = f'first["{layer.name}"]' if given else f'last["{layer.name}__spikes"]'
        copies = self.count(layer)
        ran, function = ("", "population_rate")
        if self.stops(layer):
            ran, function = ", ran", "population_rate_run"
        first, last = r.kept.neurons or (0, layer.size)
        items = [
            f'"variable": "{r.variable}"',
            f'"layer": "{layer.name}"',
            self.block(layer.shared, "copy"),
            '"t": t',
            '"value": hertz',
        ]
        call = f'{source}["i"], {source}["t"], {layer.size}, {copies}, {r.every!r}, {first}'
        call += f", {last}{ran}"
        columns = f"{{{', '.join(filter(None, items))}}}"
        kept = replace(r.kept, neurons=None)
        return [
            f"copy, t, hertz = {function}({call})",
            f'yield "trajectories", {saved(columns, kept)}',
        ]

    def heard_samples(self, number: int, m: Monitor, layer: Layer) -> list[str]:
        """Samples of a layer that ran before the network, including the last ones."""
        record = f'first["record__{number}"]'
        variables = [model for _, model in m.variables]
        items = ", ".join(f'"{v}": {record}["{v}"][:-1]' for v in ("t", *variables))
        finals = {v: f'{record}["{v}"][-1]' for v in variables}
        return [
            f'i = np.arange({record}["{variables[0]}"].shape[1])',
            self.neurons_where(layer),
            f"monitor = {{{items}}}",
            *self.trajectories(m, "monitor", finals, f'{record}["t"][-1]'),
        ]

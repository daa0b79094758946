"""`network(state)` and `run(net, state)` of a plain script: the Brian2 objects, and the phases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from textwrap import indent
from typing import TYPE_CHECKING

from ...check.exact import Integration
from ...ir import Connection, Every, Experiment, Group, Layer, Normalisation, Parameter, Phase
from ..experiment import computed, kept_at_end, spikes, with_values_at_end
from .alike import Beginnings, Models
from .code import Code, quantity, units_in
from .driving import timed_arrays, with_tables
from .layout import WIDTH, block, call, mapping, quoted, statement
from .names import Names

if TYPE_CHECKING:
    from .audio import AudioCode


ENDS = "phase__ends"
DRAWS = ("uniform", "normal", "binomial")


class NetworkCode:
    def __init__(
        self,
        e: Experiment,
        code: Code,
        names: Names,
        audio: AudioCode | None = None,
        by_block: frozenset[str] = frozenset(),
    ):
        self.e, self.code, self.names, self.by_block = e, code, names, by_block
        self.audio = audio
        text = repr(e)
        self.drawing = [name for name in DRAWS if f"draw__{name}(" in text]
        self.layers = {layer.name: layer for layer in e.layers}
        self.phased = len(e.phases) > 1
        self.classes: set[str] = {"Network"}
        known = set(self.layers) | {c.name for c in e.connections}
        statements = [p.statements for c in e.connections for p in c.pathways]
        self.models, self.begun = Models(known), Beginnings(statements, known)
        self.groups: list[str] = []
        self.keys: dict[str, str] = {}  # what the state of a variable's object is called
        self.synapses: list[str] = []
        self.scalers: list[str] = []
        self.others: list[str] = []
        self.pathways: list[tuple[str, int, str]] = []  # (when, order, pathway)

    def lines(self) -> list[str]:
        """The body of network(state), imports excepted."""
        found = ["dt = DT*second"]
        inputs = [layer for layer in self.e.layers if layer.kind != "neurons"]
        found += self.inputs([layer.name for layer in inputs])
        layers = [layer for layer in self.e.layers if layer.kind == "neurons"]
        self.models.note("groups", {x.name: self.group_arguments(x) for x in layers})
        for layer in layers:
            found += self.layer(layer)
        whole = [c for c in self.e.connections if c.name not in self.by_block]
        self.models.note("synapses", {c.name: self.synapses_arguments(c) for c in whole})
        found += self.begun.lines()
        for c in self.e.connections:
            found += self.connection(c)
        found += self.relays()
        found += self.endings()
        found += self.order()
        found += ["", *self.states(), *self.links(), ""]
        return [*found, *self.result()]

    def endings(self) -> list[str]:
        """The group that holds when each block has ended a phase: one element per phase that may
        end so, and block."""
        if not self.e.endings:
            return []
        self.groups.append(self.names.of(ENDS))
        self.keys[self.groups[-1]] = ENDS
        self.classes.add("NeuronGroup")
        equations = ["stopped : integer", "goal : 1 (constant)", "every : 1 (constant)"]
        arguments = [f'state["{ENDS}"]["N"]', quoted(equations), "namespace={}", "dt=dt",
                     f'name="{ENDS}"']  # fmt: skip
        return [f"{self.groups[-1]} = " + call("NeuronGroup", arguments)]

    # Layers

    def inputs(self, layers: list[str]) -> list[str]:
        """Groups of spikes that are given."""
        if not layers:
            return []
        self.classes.add("SpikeGeneratorGroup")
        names = [self.names.of(layer) for layer in layers]
        self.others += names
        if len(layers) == 1:
            key = f'state["{layers[0]}"]'
            return [
                f"{names[0]} = "
                + call(
                    "SpikeGeneratorGroup",
                    [
                        f'{key}["N"]',
                        f'{key}["i"]',
                        f'{key}["t"]*second',
                        "dt=dt",
                        "sorted=True",
                        f'name="{layers[0]}"',
                    ],
                )
            ]
        shown = ", ".join(f'"{layer}"' for layer in layers)
        return [
            f"{', '.join(names)} = (",
            '    SpikeGeneratorGroup(state[n]["N"], state[n]["i"], state[n]["t"]*second, dt=dt,',
            "                        sorted=True, name=n)",
            *statement(f"for n in ({shown})", 4),
            ")",
        ]

    def layer(self, layer: Layer) -> list[str]:
        name = self.names.of(layer.name)
        group = layer.group
        assert group is not None
        self.classes.add("NeuronGroup")
        self.groups.append(name)
        self.keys[name] = layer.name
        model, lines = self.models.of(self.group_arguments(layer), layer.name, "groups")
        arguments = [f'state["{layer.name}"]["N"]', *model, f'name="{layer.name}"']
        return [
            *lines,
            f"{name} = " + call("NeuronGroup", arguments),
            *self.events(name, group),
            *(self.regular(name, item, f'"{item.name}"') for item in group.every),
        ]

    def group_arguments(self, layer: Layer) -> list[str]:
        """The arguments of a layer's group, but for its size and name."""
        group = layer.group
        assert group is not None
        own = self.audio.equations(layer) if self.audio and layer.drive else group.equations
        equations = [*with_tables(layer, own), *self.kept(layer.name)]
        equations += held(group.common, shared=True)
        arguments = [quoted(equations)]
        if group.threshold is not None:
            arguments += [f"threshold={quoted([group.threshold])}", f"reset={quoted(group.reset)}"]
        if group.refractory is not None:
            arguments.append(f'refractory="{group.refractory}"')
        if group.events:
            conditions = [f'"{e.name}": {quoted([e.condition])}' for e in group.events]
            arguments.append(f"events={mapping(conditions)}")
        arguments += integrated(group.integration, group.single, group.equations)
        double = uses_double(group)
        namespace = self.namespace(
            layer.name, group.namespace, group.functions, None, layer, double
        )
        return [*arguments, "dt=dt", namespace]

    def kept(self, component: str) -> list[str]:
        """Variables for what is computed from others, as it is at the end of the run."""
        if component in self.layers:
            group = self.layers[component].group
            equations = group.equations if group else ()
        else:
            equations = next(c.equations for c in self.e.connections if c.name == component)
        return kept_at_end(component, equations, self.e)

    def events(self, name: str, group: Group) -> Iterator[str]:
        for e in group.events:
            when = e.when or "after_resets"
            if e.when:
                yield f'{name}.set_event_schedule("{e.name}", when="{when}", order={e.order})'
            if e.statements:
                order = e.order + 2 if e.when else e.order
                yield call(
                    f"{name}.run_on_event",
                    [f'"{e.name}"', quoted(e.statements), f'when="{when}"', f"order={order}"],
                )

    def regular(self, name: str, item: Every, label: str) -> str:
        period = "dt" if item.period == "DT" else self.show_time(item.period)
        return call(
            f"{name}.run_regularly",
            [
                quoted(item.statements),
                f"dt={period}",
                f'when="{item.when}"',
                f"order={item.order}",
                f"name={label}",
            ],
        )

    def show_time(self, code: str) -> str:
        return quantity(self.code.show(code), "second")

    def namespace(
        self,
        owner: str,
        parameters: Sequence[Parameter],
        functions: Sequence[str],
        apart: Connection | None = None,
        layer: Layer | None = None,
        single: bool = False,
    ) -> str:
        """With `apart`, also what a block of this connection has for itself."""
        items = [f'"{p.name}": {quantity(self.code.show(p.code), p.unit)}' for p in parameters]
        for p in apart.varying if apart else ():
            own = f'state["{owner}"]["{p.name}"][b]'
            items.append(f'"{p.name}": {own}{"" if p.unit == "1" else "*" + p.unit}')
        if self.audio and layer is not None and layer.drive:
            self.classes.add("TimedArray")
            items += self.audio.namespace(layer)
        if layer is not None and layer.tables:
            self.classes.add("TimedArray")
            items += timed_arrays(layer)
        items[:0] = self.functions(functions)
        if single:
            items.insert(0, "**functions_of_double()")
        return f"namespace={{{', '.join(items)}}}"

    def functions(self, makers: Sequence[str]) -> list[str]:
        """Items of a namespace: functions of ours that its code calls, no draw that none needs."""
        draws = [f'"draw__{name}": {name}_draw_function()' for name in self.drawing]
        others = [f"**{name}()" for name in makers if name != "draw_functions"]
        return [*(draws if "draw_functions" in makers else []), *others]

    # Connections

    def connection(self, c: Connection) -> list[str]:
        self.classes.add("Synapses")
        name, apart = self.names.of(c.name), c.name in self.by_block
        post = self.layers[c.post]
        target = self.names.of(c.post)
        if apart and c.summed and not post.shared:
            target += f"[{post.size}*b:{post.size}*(b + 1)]"
        model = self.synapses_arguments(c)
        shared: list[str] = []
        if not apart:
            model, shared = self.models.of(model, c.name, "synapses")
        label = f'name=f"{c.name}__{{b}}"' if apart else f'name="{c.name}"'
        arguments = [self.names.of(c.pre), target, *model, label]
        if not apart:
            self.synapses.append(name)
            self.keys[name] = c.name
            lines = self.about(c, name, f'"{c.name}__')
            for n in c.normalise:
                lines += [*self.counters(n), *self.scaler(name, f"{name}_{n.name}", c, n)]
                self.scalers.append(f"{name}_{n.name}")
            return [*shared, f"{name} = " + call("Synapses", arguments), *lines]
        self.synapses.append(f"*{name}")
        lines = ["synapses = " + call("Synapses", arguments)]
        lines += self.about(c, "synapses", f'f"{c.name}__{{b}}__')
        before: list[str] = []
        for n in c.normalise:
            before += [*self.counters(n), f"{name}_{n.name} = []"]
            lines += self.scaler("synapses", "scaler", c, n)
            lines.append(f"{name}_{n.name}.append(scaler)")
            self.scalers.append(f"*{name}_{n.name}")
        lines.append(f"{name}.append(synapses)")
        body = [f"    {part}" if part else "" for line in lines for part in line.split("\n")]
        return [*before, f"{name} = []", f'for b in state["blocks of {c.name}"]:', *body]

    def synapses_arguments(self, c: Connection) -> list[str]:
        """The arguments of a connection's synapses, but for its ends and name."""
        apart = c.name in self.by_block
        equations = [*with_values_at_end(c, self.e).equations]
        if not apart:
            equations += held(c.varying, shared=False)
        equations += held(c.common, shared=True)
        arguments = [quoted(equations)] if equations else []
        for side in ("pre", "post"):
            mine = [p for p in c.pathways if p.side == side]
            if len(mine) == 1 and mine[0].name == side:
                arguments.append(f"on_{side}={self.begun.quoted(mine[0].statements)}")
            elif mine:
                items = [f'"{p.name}": {self.begun.quoted(p.statements)}' for p in mine]
                arguments.append(f"on_{side}={mapping(items)}")
        events = ", ".join(f'"{p.name}": "{p.event}"' for p in c.pathways if p.event)
        if events:
            arguments.append(f"on_event={{{events}}}")
        arguments += integrated(c.integration, c.single, c.equations)
        own = c if apart else None
        return [
            *arguments,
            self.namespace(c.name, c.namespace, c.functions, own, None, uses_double(c)),
            "dt=dt",
        ]

    def about(self, c: Connection, name: str, label: str) -> list[str]:
        """What follows the making of synapses; `label` is how the names of their parts begin."""
        lines = []
        if c.integration:
            lines.append(f"{name}.state_updater.order = -1  # before the groups'")
        lines += [
            f'{name}.summed_updaters["{v}_post"].order = -2  # before the state update'
            for v in c.summed
        ]
        lines += [self.regular(name, item, f'{label}{item.name}"') for item in c.every]
        if not self.by_block:
            self.pathways += [(p.when, p.order, f"{name}.{p.name}") for p in c.pathways]
        else:
            lines += [
                f'{name}.{p.name}.when, {name}.{p.name}.order = "{p.when}", {p.order}'
                for p in c.pathways
            ]
        return lines

    def counters(self, n: Normalisation) -> list[str]:
        """Counters that sum weights and then scale them."""
        counters = self.names.of(n.name)
        self.classes |= {"NeuronGroup", "Synapses"}
        values = [v for v, code in (("goal", n.goal), ("low", n.low), ("high", n.high)) if code]
        model = [f"total : {n.unit}", *(f"{v} : {n.unit} (constant)" for v in values)]
        model += ["learning : 1 (constant)"] if n.gated else []
        self.groups.append(counters)
        self.keys[counters] = n.name
        self.classes.add("BrianLogger")
        spike = f'{counters}.%s["spike"]'
        return [
            'BrianLogger.suppress_name("synapses_dt_mismatch")  # there is no delay to round',
            f"{counters} = "
            + call(
                "NeuronGroup",
                [
                    f'state["{n.name}"]["N"]',
                    quoted(model),
                    'threshold="True"',
                    'reset="total = 0*total"',
                    "namespace={}",
                    f"dt={self.show_time(n.period)}",
                    f'name="{n.name}"',
                ],
            ),
            *(
                f'{spike % part}.when, {spike % part}.order = "end", {n.order + place}'
                for part, place in (("thresholder", 0), ("resetter", 3))
            ),
        ]

    def scaler(self, synapses: str, name: str, c: Connection, n: Normalisation) -> list[str]:
        """Synapses of counters with the synapses whose weights they scale."""
        label = (
            f'name=f"{c.name}__{{b}}__{n.name}"'
            if synapses == "synapses"
            else (f'name="{c.name}__{n.name}"')
        )
        return [
            f"{name} = "
            + call(
                "Synapses",
                [
                    self.names.of(n.name),
                    synapses,
                    "on_pre="
                    + mapping([f'"add": {quoted([n.add])}', f'"scale": {quoted([n.scale])}']),
                    "namespace={}",
                    f"dt={self.show_time(n.period)}",
                    label,
                ],
            ),
            "# each weight has one counter",
            f'{name}.variables["_synaptic_post"].unique = True',
            f'{name}.add.when, {name}.add.order = "end", {n.order + 1}',
            f'{name}.scale.when, {name}.scale.order = "end", {n.order + 2}',
        ]

    def relays(self) -> list[str]:
        """Ports: spikes counted in a variable of the target."""
        lines = []
        for r in self.e.relays:
            name = self.names.of(r.name)
            self.synapses.append(name)
            self.classes.add("Synapses")
            if self.by_block:
                more = [f"{name}.pre.order = -1"]
            else:
                more = []
                self.pathways.append(("synapses", -1, f"{name}.pre"))
            lines.append(
                f"{name} = "
                + call(
                    "Synapses",
                    [
                        self.names.of(r.layer),
                        self.names.of(r.target),
                        f'on_pre="{r.counter}_post += 1"',
                        "namespace={}",
                        "dt=dt",
                        f'name="{r.name}"',
                    ],
                )
            )
            lines += more
        return lines

    def order(self) -> list[str]:
        """The order of the pathways within a time step."""
        usual = [
            p for when, _, p in sorted(self.pathways, key=lambda x: x[1]) if when == "synapses"
        ]
        lines = []
        # Of itself, Brian2 has what a presynaptic spike does before what a postsynaptic one does.
        if re.fullmatch(r"(\w+\.pre)?,?(\w+\.post)?", ",".join(usual)) is None:
            lines += [
                f"for order, pathway in enumerate([{', '.join(usual)}]):",
                "    pathway.order = order  # within a time step",
            ]
        for when, order, pathway in self.pathways:
            if when != "synapses":
                lines.append(f'{pathway}.when, {pathway}.order = "{when}", {order}')
        return lines

    # What is set, recorded, and run

    def states(self) -> list[str]:
        found = self.connecting() if self.synapses else []
        for c in self.e.connections:
            name = self.names.of(c.name)
            delayed = [p.name for p in c.pathways if p.delay]
            if c.name in self.by_block and delayed:
                found.append(f"for synapses in {name}:")
                found += [
                    f'    synapses.{p}.set_states(state[f"{{synapses.name}}.{p}"], units=False)'
                    for p in delayed
                ]
                continue
            found += [f'{name}.{p}.set_states(state["{c.name}.{p}"], units=False)' for p in delayed]
        if self.groups:
            head, name, key, space = one_or_each("group", self.groups, self.keys)
            found += [
                *head,
                f'{space}values = {{k: v for k, v in state[{key}].items() if k != "N"}}',
                f"{space}{name}.set_states(values, units=False)",
            ]
        return found

    def connecting(self) -> list[str]:
        """Synapses are made, and their variables set."""
        head, name, key, space = one_or_each("synapses", [*self.synapses, *self.scalers], self.keys)
        lines = [f"values = dict(state[{key}])"]
        if all(self.has_synapses(c) for c in self.e.connections):
            lines += [
                f'{name}.connect(i=values.pop("i"), j=values.pop("j"))',
                f"{name}.set_states(values, units=False)",
            ]
        else:
            lines += [
                'i, j = values.pop("i"), values.pop("j")',
                "if len(i):",
                f"    {name}.connect(i=i, j=j)",
                f"    {name}.set_states(values, units=False)",
                "else:",
                f"    {name}.connect(False)",
            ]
        return [*head, *(space + line for line in lines)]

    def has_synapses(self, c: Connection) -> bool:
        """Whether a connection certainly has some, or has objects only for blocks with some."""
        sizes = self.layers[c.pre].size, self.layers[c.post].size
        return (
            c.name in self.by_block
            or (not c.pairs and c.choose in ("True", "i == j"))
            or (not c.pairs and c.choose == "i != j" and max(sizes) > 1)
            or "lowest(" in c.choose
        )

    def links(self) -> Iterator[str]:
        for layer in self.e.layers:
            for link in layer.group.links if layer.group else ():
                self.classes.add("linked_var")
                target, source = self.names.of(layer.name), self.names.of(link.layer)
                index = f'state["{layer.name}.{link.variable}"]'
                linked = f'linked_var({source}, "{link.source}", index={index})'
                yield f"{target}.{link.variable} = {linked}"

    def result(self) -> list[str]:
        objects = [*self.groups, *self.others, *self.synapses, *self.scalers]
        for layer in self.e.layers:
            if layer.kind == "neurons" and spikes(layer):
                self.classes.add("SpikeMonitor")
                few = layer.name not in self.e.timed and not self.phased
                counts = ["record=False"] if few else []
                objects.append(
                    call(
                        "SpikeMonitor",
                        [self.names.of(layer.name), *counts, f'name="{layer.name}__spikes"'],
                    )
                )
        for number, m in enumerate(self.e.monitors):
            if m.on_layer and self.layers[m.component].kind != "neurons":
                continue
            self.classes.add("StateMonitor")
            variables = [model for _, model in m.variables]
            shown = (
                f'"{variables[0]}"' if len(variables) == 1 else repr(variables).replace("'", '"')
            )
            shared = m.on_layer and self.layers[m.component].shared
            whole = m.kept.neurons is None and (m.blocks is None or shared)
            record = "True" if whole else f'state["record__{number}"]'
            every = f"dt={quantity(repr(m.every), 'second')}"
            name = self.names.of(m.component)
            if m.component in self.by_block:
                blocks = f'state["blocks of {m.component}"]'
                some = "" if whole else f" if b in {record}"
                one = call(
                    "StateMonitor",
                    ["s", shown, "record=True", every, f'name=f"record__{number}_{{s.name}}"'],
                )
                objects.append(f"*[{one} for b, s in zip({blocks}, {name}){some}]")
                continue
            objects.append(
                call(
                    "StateMonitor",
                    [name, shown, f"record={record}", every, f'name="record__{number}"'],
                )
            )
        for event in self.e.events:
            self.classes.add("EventMonitor")
            arguments = [self.names.of(event.layer), f'"{event.event}"', f'name="{event.monitor}"']
            objects.append(call("EventMonitor", arguments))
        if not self.orders_itself():
            return ["return " + call("Network", objects)]
        return [call("objects = ", objects, "[]"), "in_order(objects)", "return Network(objects)"]

    def orders_itself(self) -> bool:
        """Whether things that depend on each other happen in one slot of a step and have one
        `order` there, so that Brian2 would go by their names: groups that read variables of
        another one, sums of sums, and what several blocks add to one layer."""
        return (
            any(layer.group.links for layer in self.e.layers if layer.group)
            or sum(len(c.summed) for c in self.e.connections) > 1
            or any(c.name in self.by_block and self.layers[c.post].shared
                   for c in self.e.connections)
        )  # fmt: skip

    def run(self) -> list[str]:
        """The body of run(net, state)."""
        lines: list[str] = []
        if any(phase.stores for phase in self.e.phases):
            lines.append("kept = {}  # states, by name")
        gates = {c.name: c.gates for c in self.e.connections if c.gates}
        normalised = [(n.name, c.name) for c in self.e.connections for n in c.normalise if n.gated]
        options = 'namespace={}, report="text"'
        for number, phase in enumerate(self.e.phases):
            if phase.turn > 1:
                continue  # of the loop around its first turn
            inside: list[str] = []
            if self.phased:
                inside.append(f"# {phase.words or phase.name}")
                inside += self.recording(number)
            for connection, names in gates.items():
                on = {
                    "learning__on": connection not in phase.frozen,
                    "sending__on": connection not in phase.off,
                }
                values = ", ".join(f'"{n}": {float(on[n])}' for n in names)
                inside += self.for_each(connection, f"set_states({{{values}}}, units=False)")
            for counters, connection in normalised:
                value = float(connection not in phase.frozen)
                inside.append(f'net["{counters}"].learning = {value}')
            inside += self.restored(phase)
            for component in phase.starts:
                inside += self.change(component, phase)
            inside += self.stored(phase, at_start=True)
            seconds = f"PHASE_STEPS[{number}]*DT*second" if self.phased else "DURATION*second"
            inside.append(
                self.run_until(phase, seconds) if phase.until
                else f"net.run({seconds}, {options})"
            )  # fmt: skip
            inside += self.end_of_phase(phase)
            inside += self.stored(phase, at_start=False)
            if self.phased:
                inside.append(f"yield {in_turn(phase)}")
            if phase.group and (not number or self.e.phases[number - 1].group != phase.group):
                lines.append(f"for turn in range(1, {phase.turns + 1}):")
            lines += [indent(line, "    ") for line in inside] if phase.group else inside
        for component, variable in computed(self.e):
            lines += self.for_each(component, f'state("{variable}__at_end")[:] = "{variable}"')
        return lines

    def run_until(self, phase: Phase, seconds: str) -> str:
        """A phase that ends for a block when a condition holds."""
        assert phase.until is not None
        until, endings = phase.until, self.e.endings
        place = str(endings.index(phase))
        if phase.group:
            each = sum(p.group == phase.group and p.turn == 1 for p in endings)
            later = "turn - 1" if each == 1 else f"{each}*(turn - 1)"
            place = later if place == "0" else f"{place} + {later}"
        shared = [x.name for x in self.e.layers if x.shared]
        shared += [n.name for c in self.e.connections if c.shared for n in c.normalise]
        options = {"times": until.times, "shared": shared, "by_block": sorted(self.by_block)}
        return call("run_until", [
            "net", "state", seconds, place, f'"{until.measure}"',
            f'("{until.component}", "{until.variable}")', f'"{until.relation}"',
            str(len(endings)),
            *(f"{name}={listed(found)}" for name, found in options.items() if found),
        ])  # fmt: skip

    def recording(self, number: int) -> Iterator[str]:
        """What begins to be recorded with a phase, or is no more."""
        for k, m in enumerate(self.e.monitors):
            if m.kept.phases is None or (m.on_layer and self.layers[m.component].kind != "neurons"):
                continue
            now = is_of(self.e.phases[number], m.kept.phases)
            before = self.e.phases[number - 1] if number else None
            turns = self.e.phases[number].group or (before and before.group)
            if before and not turns and now == is_of(before, m.kept.phases):
                continue
            if m.component not in self.by_block:
                yield f'net["record__{k}"].active = {now}'
                continue
            blocks = f'state["blocks of {m.component}"]'
            blocks = blocks if m.blocks is None else f'state["record__{k}"]'
            yield f"for b in {blocks}:"
            yield f'    net[f"record__{k}_{m.component}__{{b}}"].active = {now}'

    def end_of_phase(self, phase: Phase) -> list[str]:
        """Synapses are brought up to date: of each connection, variables that depend on others.
        When the run ends it is done in the tables."""
        found: list[str] = []
        for c in self.e.connections:
            names = [n for n in c.state if any(f"{n}__then : " in line for line in c.equations)]
            for name in names:
                found += self.for_each(c.name, f'state("{name}__then")[:] = "{name}__now"')
            for name in names:
                found += self.for_each(c.name, f'state("{name}")[:] = "{name}__then"')
        last = self.e.phases[-1]
        if phase.words != last.words or phase.group != last.group:
            return found
        if found and last.turns > 1:
            return [f"if turn < {last.turns}:", *(f"    {line}" for line in found)]
        return []

    def stored(self, phase: Phase, at_start: bool) -> Iterator[str]:
        """States that are kept."""
        partly = {name for p in self.e.phases for r in p.restores for name in r.partly}
        for s in phase.stores:
            if s.at_start == at_start:
                for c in self.e.connections:
                    if c.name in partly & {*s.components}:
                        yield from self.relaxed(c)
                yield f'store(kept, "{s.name}", net, state, {listed(s.components)})'

    def restored(self, phase: Phase) -> Iterator[str]:
        """States that are put back, and what is then outside of bounds that phases have moved."""
        for r in phase.restores:
            for c in self.e.connections:
                if c.name in r.partly:
                    yield from self.relaxed(c)
            items = [f'"{name}": {listed(chosen) if chosen else None}'
                     for name, chosen in r.components]  # fmt: skip
            options = [f"{name}={listed(found)}" for name, found in
                       (("without", r.without), ("times", r.times)) if found]  # fmt: skip
            yield call("restore", [f'kept["{r.name}"]', "net", "state", mapping(items), *options])
            for c in self.e.connections:
                if c.name in dict(r.components):
                    for name, inside in c.clipped:
                        yield from self.for_each(c.name, f'state("{name}")[:] = "{inside}"')

    def for_each(self, component: str, action: str) -> list[str]:
        """An action on a component's object, or on each of them."""
        if component not in self.by_block:
            return [f'net["{component}"].{action}']
        return [
            f'for b in state["blocks of {component}"]:',
            f'    net[f"{component}__{{b}}"].{action}',
        ]

    def relaxed(self, c: Connection) -> Iterator[str]:
        """Traces are brought up to date."""
        traces = [t for t in c.traces if not t.advanced]
        for t in traces:
            yield from self.for_each(c.name, f'state("{t.name}")[:] = "{t.now}"')
        if traces:
            yield from self.for_each(c.name, 'lastupdate = "t"')

    def change(self, component: str, phase: Phase) -> Iterator[str]:
        """A phase's new values; traces have so far relaxed with the old ones."""
        given = in_turn(phase, component)
        c = next((c for c in self.e.connections if c.name == component), None)
        owner = f'net["{component}"]'
        if c is not None:
            yield from self.relaxed(c)
        part = c if c is not None else self.layers[component].group
        if (part and part.varying and component in phase.sets) or component in dict(phase.values):
            yield f"{owner}.set_states(state[{given}], units=False)"
        if c is not None and component in phase.sets:
            yield from (f'{owner}.state("{name}")[:] = "{inside}"' for name, inside in c.clipped)
            for n in c.normalise:
                goal = in_turn(phase, component, n.name)
                yield f'net["{n.name}"].set_states(state[{goal}], units=False)'


def network_functions(
    e: Experiment, code: Code, names: Names, audio: AudioCode, by_block: frozenset[str]
) -> tuple[str, str]:
    """The bodies of network(state) and of run(net, state), imports and all."""
    network = NetworkCode(e, code, names, audio, by_block)
    body = "\n".join(block(network.lines(), 4))
    imported = sorted({*network.classes, *units_in(f"def f():\n{body}"), "second"}, key=str.lower)
    run = ["from brian2 import second", "", *network.run()]
    return "\n".join([*imported_from_brian2(imported), "", body]), "\n".join(block(run, 4))


def imported_from_brian2(names: Sequence[str]) -> list[str]:
    line = f"from brian2 import {', '.join(names)}"
    if len(line) <= WIDTH - 4:
        return [f"    {line}"]
    return statement(f"from brian2 import ({', '.join(names)})", 4)


def by_block_of(e: Experiment, lowering: str) -> frozenset[str]:
    """The connections of which each block has a Synapses object of its own; what a phase changes
    has to be a variable."""
    if lowering != "namespace":
        return frozenset()
    changed = {name for phase in e.phases for name in phase.changed}
    return frozenset(c.name for c in e.connections if c.name not in changed and not c.single)


def run_doc(e: Experiment) -> str:
    """What run(net, state) says of itself."""
    return "Phase by phase, whose names it yields." if len(e.phases) > 1 else "The whole run."


def is_of(phase: Phase, names: Sequence[str]) -> bool:
    """Whether a phase is one of these of the spec, in whichever turn."""
    return (phase.words or phase.name) in names


def in_turn(phase: Phase, component: str = "", named: str = "") -> str:
    """Code of a phase's name, in the loop over its turns; of a component also that of what it is
    given, which is called `named` or as the component is."""
    before = f"{named or component} in " if component else ""
    if phase.group and (component in phase.by_turn or not component):
        return f'f"{before}{phase.words} {{turn}}"'
    return f'"{before}{phase.key(component)}"'


def listed(names: Sequence[object]) -> str:
    """A list of names, or of tuples of names."""
    return repr(list(names)).replace("'", '"')


def one_or_each(
    each: str, names: Sequence[str], keys: dict[str, str]
) -> tuple[list[str], str, str, str]:
    """Of one object, or of a loop over several: (head, object, key of its state, indent)."""
    if len(names) == 1 and names[0] in keys:
        return [], names[0], f'"{keys[names[0]]}"', ""
    return [f"for {each} in {several(names)}:"], each, f"{each}.name", "    "


def several(names: Sequence[str]) -> str:
    """A tuple of names."""
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def integrated(
    how: Integration | None, single: Sequence[str], equations: Sequence[str] = ()
) -> list[str]:
    """The arguments that say how equations are integrated, and what is held in single precision."""
    parts = integration(how, bool(single), equations) if how and how.parts else []
    found = [f"{key}={value}" for key, value in parts]
    found = [text.replace("'", '"') for text in found]
    if single:
        found.append(f"dtype={{{', '.join(f'{name!r}: np.float32' for name in single)}}}")
    return [text.replace("'", '"') for text in found]


def held(parameters: Iterable[Parameter], shared: bool) -> list[str]:
    """Equations of parameters that an object holds: for each element, or for all that it has."""
    flags = "constant, shared" if shared else "constant"
    return [f"{p.name} : {p.unit} ({flags})" for p in parameters]


def integration(
    how: Integration, single: bool, equations: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """The arguments that say how equations are integrated. For what decays by itself Brian2's own
    `exact` gives the same code."""
    ours = {"exact": "exact_in_single" if single else "exact_by_variable",
            "exponential": "exponential"}  # fmt: skip
    parts = []
    for method, names in how.parts:
        text = ours.get(method) or f'"{method}"'
        if text == "exact_by_variable" and len(names) == 1 and decays(names[0], equations):
            text = '"exact"'
        equal = [pair for pair in how.equal if method == "exact" and {*pair} <= {*names}]
        parts.append((f"at_equal_rates({text}, {equal})" if equal else text, list(names)))
    if len(parts) < 2:
        return [("method", parts[0][0] if parts else ours["exact"])]
    listed = ", ".join(f"({method}, {names})" for method, names in parts)
    return [("method", "by_variable"), ("method_options", f'{{"parts": [{listed}]}}')]


def decays(name: str, equations: Sequence[str]) -> bool:
    """Whether a variable does nothing but decay, with a time constant that has a name or is a whole
    number: its solution is one product, `x*exp(-dt/tau)`, however its factors are put together."""
    tau = r"([A-Za-z]\w*|\(\d+\*\w+\))"
    decay = re.compile(rf"d{name}/dt = -{name}/{tau} : (?!.*unless refractory)")
    found = next(filter(None, map(decay.match, equations)), None)
    return found is not None and not any(x.startswith(f"{found[1]} = ") for x in equations)


def uses_double(part: Group | Connection) -> bool:
    """Whether factors of an integration are computed in double and then rounded."""
    return bool(part.single) and "exact_in_single" in "".join(integrated(part.integration, "x"))

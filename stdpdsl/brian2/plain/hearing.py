"""A layer that hears a sound before the network runs, at the sound's rate: `hear_AN()`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...ir import Group, Layer, Parameter
from ..equations import unit_in
from .code import literal, quantity, units_in
from .functions import function, imported
from .integrators import integrated
from .layout import block, call, quoted, quoted_model
from .literals import ceiling, floor
from .namespaces import Namespaces
from .timed_statements import at_events, regularly
from .values import bounded, drawn_from, plain, stream_key

if TYPE_CHECKING:
    from .audio import AudioCode

_CLASSES = ("Network", "NeuronGroup", "SpikeMonitor", "StateMonitor", "TimedArray", "get_device")


class Hearing:
    def __init__(self, audio: AudioCode, layer: Layer, builds_itself: bool):
        assert layer.group is not None
        self.builds_itself = builds_itself
        self.audio, self.layer, self.code, self.group = audio, layer, audio.code, layer.group
        self.name, self.records = audio.name(layer.name), audio.records(layer)
        self.replicate = audio.parameter(layer.name) or "0"
        self.sound = audio.banks[layer.drive[0][1]].sound  # it defines the time step
        self.rate = audio.rate(self.sound)
        self.banks = list(dict.fromkeys(bank for _, bank in layer.drive))

    def text(self) -> str:
        body = self.body()
        code = "\n".join(body)
        classes = [name for name in _CLASSES if f"{name}(" in code]
        units = units_in("def f():\n" + "\n".join(block(body, 4)))
        doc = f"{self.layer.name} hears the sound once, at its rate: (neuron, step) of its spikes."
        head = f"hear_{self.layer.name}({self.audio.parameter(self.layer.name)})"
        return function(head, doc, [imported("brian2", [*classes, *units]), "", *body])

    def body(self) -> list[str]:
        ratio = self.audio.steps_per_sample(self.layer.drive[0][1])
        spiking = self.group.threshold is not None
        objects = [
            self.name,
            *(["spikes"] if spiking else []),
            *(f"record__{number}" for number in self.records),
        ]
        body = [
            f"length = {ceiling('STEPS', 1 / ratio)}  # of the run, in samples",
            f"dt = 1 / ({self.rate} * Hz)",
            *self.heard(),
            *self.neurons(),
            *self.first_values(),
            *self.statements(),
        ]
        body += [f"spikes = SpikeMonitor({self.name})"] if spiking else []
        body += [self.monitor(number) for number in self.records]
        body += [
            f"Network({', '.join(objects)}).run(length / {self.rate} * second, namespace={{}})",
            "device = get_device()",
        ]
        if not self.builds_itself:
            body.append("device.build(directory=None)  # compiles and runs it, in C++")
        if spiking:
            sample = f"np.rint(spikes.t_[:] * {self.rate}).astype(int)"
            body.append(f"neuron, sample = spikes.i[:], {sample}")
        body += [self.recorded(number) for number in self.records]
        body += [
            "device.delete(force=True)  # the program, in C++",
            "device.reinit()",
            f"device.activate({'directory=None' if self.builds_itself else 'build_on_run=False'})",
        ]
        if spiking:
            step = f"np.unique([{floor('sample', ratio)}, neuron], axis=1)"
            body.append(f"step, neuron = {step}  # one spike in a step")
        else:
            body.append("neuron = step = np.zeros(0, int)")
        more = "".join(f", recorded_{number}" for number in self.records)
        return [*body, f"return neuron, step{more}"]

    def neurons(self) -> list[str]:
        """The NeuronGroup. Values that could vary between blocks or phases are single numbers
        here."""
        group: Group = self.group
        varying = {p.name for p in group.varying}
        equations = [e for e in self.audio.equations(self.layer, "i") if e.name not in varying]
        arguments = [str(self.layer.size), quoted_model(equations)]
        if group.threshold is not None:
            arguments += [f'threshold="{plain(group.threshold)}"', f"reset={quoted(group.reset)}"]
        if group.refractory is not None:
            arguments.append(f'refractory="{group.refractory}"')
        if group.events:
            events = ", ".join(f'"{e.name}": "{e.condition}"' for e in group.events)
            arguments.append(f"events={{{events}}}")
        arguments += [
            *integrated(group.integration, group.single, equations),
            "dt=dt",
            f"namespace={{{', '.join(self.namespace())}}}",
            f'name="{self.layer.name}"',
        ]
        return [call(f"{self.name} = NeuronGroup", arguments)]

    def namespace(self) -> Iterator[str]:
        yield from Namespaces(self.audio.e, self.code).functions(self.group.functions)
        for p in (*self.group.namespace, *self.group.varying):
            yield f'"{p.name}": {quantity(self.value(p), p.unit)}'
        for bank in self.banks:
            yield f'"{self.audio.signal(self.layer, bank)}": TimedArray({self.array(bank)}, dt)'

    def array(self, bank: str) -> str:
        return "heard" if bank == self.banks[0] else f"heard_{bank}"

    def heard(self) -> list[str]:
        """The output of each filterbank. Checks ensure that all sounds have the same rate."""
        body, last = [], ""
        for bank in self.banks:
            sound = self.audio.banks[bank].sound
            if sound != last:
                body.append(f"samples = {self.audio.made(sound)}")
            last = sound
            body += self.audio.output(bank, "samples", "length", self.array(bank))
        return body

    def value(self, p: Parameter) -> str:
        """Code for a number, including this replicate's key of draws."""
        if p.key:
            return f"draw_key({', '.join(map(repr, p.key))}, {self.replicate})".replace("'", '"')
        return self.code.show(p.code)

    def first_values(self) -> Iterator[str]:
        names = {"i": f"np.arange({self.layer.size})"}
        names |= {
            f"values[{i.variable!r}]": f"{self.name}.{i.variable}_[:]" for i in self.group.initial
        }
        for i in self.group.initial:
            for d in i.draws:
                stream = drawn_from(f"{stream_key(d)}, {self.replicate}", d, str(self.layer.size))
                yield f"{d.placeholder} = {stream}"
            text = bounded(self.code, i, names)
            if literal(text) is None:
                yield f"{self.name}.{i.variable}_ = {text}"
            else:
                unit = unit_in(self.group.equations, i.variable)
                yield f"{self.name}.{i.variable} = {quantity(text, unit)}"

    def statements(self) -> Iterator[str]:
        """The statements that run at events and at regular times."""
        yield from at_events(self.name, self.group)
        for item in self.group.every:
            yield regularly(self.code, self.name, item, f'"{item.name}"')

    def monitor(self, number: int) -> str:
        m = self.audio.e.monitors[number]
        variables = ", ".join(f'"{variable}"' for _, variable in m.variables)
        arguments = [
            self.name,
            f"[{variables}]",
            "record=True",
            f"dt={quantity(repr(m.every), 'second')}",
        ]
        return call(f"record__{number} = StateMonitor", arguments)

    def recorded(self, number: int) -> str:
        """The times of a record line, and of each variable an array (times, neurons)."""
        m = f"record__{number}"
        items = [f'"t": np.append({m}.t_[:], length / {self.rate})']
        items += [
            f'"{v}": np.vstack([{m}.{v}_.T, {self.name}.{v}_[:]])'
            for _, v in self.audio.e.monitors[number].variables
        ]
        return f"recorded_{number} = {{{', '.join(items)}}}"

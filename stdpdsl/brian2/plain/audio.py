"""Sounds, filterbanks and what hears them, as functions of a plain script.

`AudioCode(e, code, names)` has

* `constants()`: the sample rate of each sound.
* `functions(builds_itself)`: texts of the script's top level: a function for each sound
  (`training()`: samples in Pa), for each filterbank (`cochlea(samples)`: an object of brian2hears)
  and for each layer that hears before the network runs (`hear_AN()`: the neuron and the time step
  of each spike, and what is recorded). Functions whose result differs between replicates take the
  argument `replicate`.
* `hearing(layer)`: the statements by which `initial(table)` gets `neuron` and `step` of such a
  layer, and `state["record__0"]`: the times and values of a record line, including the last ones.
* `drives()`: the statements by which `initial(table)` gets what drives layers of the network:
  `state["cochlea"]`, the mean of each channel in each time step, an array (steps, channels). In
  `network(state)` such a layer has `equations(layer)` in place of its own, and its namespace also
  has the items `namespace(layer)`, which are TimedArrays. `column(layer)`, if it is not empty, is
  the first value of its variable `drive__column`.
* `duration(text)`: the duration of a sound (s), as the code of a phase's duration.

The script has the constants STEPS (of the whole run), DT (s) and, for files, DATA (a folder). In
`initial`, if there are several replicates, `replicate` is the table's column. The functions run on
Brian2's active device and leave it as they found it. If that device is standalone, it was set with
directory=None if it `builds_itself`, and otherwise with build_on_run=False.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from ...ir import Equation, Experiment, Filterbank, Layer, Sound
from ...language.builtins_audio import FILTERS, SOUNDS
from ..equations import code_of
from .code import Code, uses
from .driving import driven_by
from .filters import CLASSES, channels, filter_code
from .functions import definitions, function, imported
from .hearing import Hearing
from .literals import ceiling, value
from .names import Names
from .stimuli import ABOUT, presentation, stimuli

ROWS = 8192  # of a filterbank's output at a time
# Variables of the functions, and their imports.
_OWN = CLASSES | frozenset(
    "bank device dt f first flank get_device heard k length means n order piece r rms rng sample"
    " samples silence sound sounds spikes step t x TimedArray".split()
)

Arguments = dict[str, str]  # code, by parameter


class AudioCode:
    def __init__(self, e: Experiment, code: Code, names: Names):
        self.e, self.code, self.names = e, code, names
        self.sounds = {sound.name: sound for sound in e.sounds}
        self.banks = {bank.name: bank for bank in e.filterbanks}
        self.rates = {s.name: code.show(s.samplerate) for s in e.sounds}
        self.driven = [layer for layer in e.layers if layer.kind == "driven"]
        self.inside = [layer for layer in e.layers if layer.drive and layer.kind == "neurons"]

    def constants(self) -> list[str]:
        """The sample rates."""
        constants = {self.rate(name): rate for name, rate in self.rates.items()}
        return [f"{name} = {rate}  # Hz" for name, rate in constants.items()]

    def functions(self, builds_itself: bool = False) -> list[str]:
        """Texts at the top level, in the order in which they are used."""
        found = [self.sound(sound) for sound in self.e.sounds]
        found += [self.filterbank(bank) for bank in self.e.filterbanks]
        found += [Hearing(self, layer, builds_itself).text() for layer in self.driven]
        return found if self.e.sounds else []

    # Names

    def name(self, component: str) -> str:
        """The function of a sound or filterbank; the variable of a layer that hears."""
        taken = _OWN | {*self.sounds, *self.banks} - {component} | set(definitions().texts)
        if component in self.names.known:
            taken |= {*self.sounds, *self.banks}
        name = self.names.of(component)
        while name in taken or name.startswith("hear_"):
            name += "_"
        return name

    def rate(self, sound: str) -> str:
        """The constant for a sound's sample rate."""
        several = len(set(self.rates.values())) > 1
        return f"{sound.upper()}_SAMPLERATE" if several else "SAMPLERATE"

    def made(self, sound: str, replicate: str = "replicate") -> str:
        """The call that makes a sound."""
        return f"{self.name(sound)}({replicate if self.differs(sound) else ''})"

    def differs(self, component: str) -> bool:
        """Whether a sound, filterbank or layer differs between replicates."""
        if not self.e.numbered:
            return False
        if component in self.sounds:
            sound = self.sounds[component]
            return sound.shuffled or "rng" in SOUNDS[sound.function].given
        if component in self.banks:
            return self.differs(self.banks[component].sound)
        layer = next(layer for layer in self.e.layers if layer.name == component)
        assert layer.group is not None
        draws = "draw_functions" in layer.group.functions
        draws = draws or any(i.draws for i in layer.group.initial)
        return draws or any(self.differs(bank) for _, bank in layer.drive)

    def parameter(self, component: str) -> str:
        """The argument of a component's function."""
        return "replicate" if self.differs(component) else ""

    # Sounds

    def sound(self, sound: Sound) -> str:
        kind = sound.function
        given, options = self.shown(sound.arguments), self.shown(sound.options)
        rate, replicate = self.rate(sound.name), self.parameter(sound.name) or "0"
        body = stimuli(kind, given, rate)
        if "rng" in SOUNDS[kind].given:
            body.insert(0, f'rng = stream("{sound.name}", "stimuli", {replicate})')
        if sound.shuffled:
            options["shuffled"] = f'stream("{sound.name}", "order", {replicate})'
        body += presentation(options, rate, silent=kind in ("silence", "files"))
        doc = f"{ABOUT[kind]}: pressure (Pa) at {rate}."
        return function(f"{self.name(sound.name)}({self.parameter(sound.name)})", doc, body)

    def shown(self, arguments: Iterable[tuple[str, str]]) -> Arguments:
        return {name: self.code.show(code) for name, code in arguments}

    def duration(self, sound: str) -> str:
        """The duration of a sound (s)."""
        return f"len({self.made(sound, '0')}) / {self.rate(sound)}"

    def steps_per_sample(self, bank: str) -> Fraction:
        """1/(samplerate*dt) for the input of a filterbank; both as written, in decimals."""
        rate = Fraction(float(value(self.rates[self.banks[bank].sound]))).limit_denominator(10**6)
        return 1 / (rate * Fraction(self.e.dt).limit_denominator(10**12))

    # Filterbanks

    def filterbank(self, bank: Filterbank) -> str:
        filters, output = self.chain(bank)
        body = [f"bank = Sound(samples, {self.rate(bank.sound)} * Hz)"]
        used, count = {"Sound"}, 1
        for name, given in filters:
            text, classes = filter_code(name, given, count)
            count = channels(name, given, count)
            body.append(f"bank = {text}")
            used |= classes
        if output:
            body.append(f"bank = FunctionFilterbank(bank, lambda x: {output})")
            used.add("FunctionFilterbank")
        units = [u for u in ("Hz", "second") if uses(body, u)]
        body[-1] = body[-1].replace("bank = ", "return ", 1)
        imports = [imported("brian2", units), imported("brian2hears", sorted(used)), ""]
        doc = " ".join(dict.fromkeys(FILTERS[name].doc for name, _ in filters))
        return function(f"{self.name(bank.name)}(samples)", doc, [*imports, *body])

    def chain(self, bank: Filterbank) -> tuple[list[tuple[str, Arguments]], str]:
        """The filters in order of processing, and the output as code in terms of `x`."""
        filters = [(name, self.shown(arguments)) for name, arguments in bank.filters]
        if not bank.output:
            return filters, ""
        output = self.code.show(bank.output)
        return filters, output if uses(output, "x") else f"np.full(x.shape, {output})"

    def output(self, bank: str, samples: str, length: str, name: str) -> list[str]:
        """Statements that make `name`, the output of a filterbank for samples: an array (length,
        channels), 0 after the sound."""
        filters, _ = self.chain(self.banks[bank])
        # Whole update intervals of the filters; otherwise the results would depend on the chunks.
        intervals = [int(given.get("update_interval", 1)) for _, given in filters]
        rows = max(ROWS // np.lcm.reduce(intervals), 1) * np.lcm.reduce(intervals)
        return [
            f"bank = {self.name(bank)}({samples})",
            f"{name} = np.zeros(({length}, bank.nchannels))",
            f"for k in range(0, min({length}, len({samples})), {rows}):",
            f"    piece = bank.buffer_fetch(k, min(k + {rows}, len({samples})))",
            f"    {name}[k : k + len(piece)] = piece[: {length} - k]",
        ]

    # What hears

    def equations(self, layer: Layer, channel: str = "") -> list[Equation]:
        """The equations of a layer. Its drive is a function of time and channel."""
        assert layer.group is not None
        drives, found = dict(layer.drive), []
        column = self.column(layer)
        channel = channel or ("drive__column" if column else f"i % {layer.size}")
        for e in layer.group.equations:
            if e.name in drives:
                signal = f"{self.signal(layer, drives[e.name])}(t, {channel})"
                found.append(driven_by(e, signal))
            elif e.name != "drive__column" or column:
                found.append(e)
        return found

    def namespace(self, layer: Layer) -> list[str]:
        """Items of the layer's namespace for what drives it in the network."""
        return [
            f'"{self.signal(layer, bank)}": TimedArray(state["{bank}"], dt)'
            for bank in banks_of(layer)
        ]

    def signal(self, layer: Layer, bank: str) -> str:
        """The name of a filterbank's output in Brian2's code, unused otherwise there."""
        group = layer.group
        assert group is not None
        held = [e.name for e in group.equations]
        held += [p.name for p in (*group.namespace, *group.varying)]
        taken = uses(code_of(group), bank) or bank in (*held, "i", "t", "N", "dt")
        return f"{bank}_output" if taken else bank

    def hearing(self, layer: Layer) -> list[str]:
        function, records = f"hear_{layer.name}", self.records(layer)
        if not self.e.numbered:
            more = "".join(f', state["record__{k}"]' for k in records)
            return [f"neuron, step{more} = {function}()"]
        copies = f"[{function}(r) for r in np.unique(replicate)]"
        if not self.differs(layer.name):
            copies = f"[{function}()] * len(np.unique(replicate))"
        found = [f"heard = {copies}", f"neuron, step = side_by_side(heard, {layer.size})"]
        for place, number in enumerate(records, start=2):
            items = [f'"t": heard[0][{place}]["t"]']
            items += [
                f'"{v}": np.hstack([x[{place}]["{v}"] for x in heard])'
                for _, v in self.e.monitors[number].variables
            ]
            found.append(f'state["record__{number}"] = {{{", ".join(items)}}}')
        return found

    def records(self, layer: Layer) -> list[int]:
        """The numbers of the record lines of a layer."""
        return [
            number
            for number, m in enumerate(self.e.monitors)
            if m.on_layer and m.component == layer.name
        ]

    def drives(self) -> list[str]:
        found = []
        for bank in dict.fromkeys(bank for layer in self.inside for bank in banks_of(layer)):
            ratio = 1 / self.steps_per_sample(bank)
            found.append(f"first = {ceiling('np.arange(STEPS + 1)', ratio)}  # sample of each step")
            means = "step_means(heard, first)"
            if ratio >= 1:  # every step contains a sample
                means = "np.add.reduceat(heard, first[:-1]) / np.diff(first)[:, np.newaxis]"
            body = [
                f"samples = {self.made(self.banks[bank].sound, 'r')}",
                *self.output(bank, "samples", "first[-1]", "heard"),
            ]
            if self.by_replicate(bank):
                found += [
                    "means = []",
                    "for r in np.unique(replicate):",
                    *(f"    {line}" for line in [*body, f"means.append({means})"]),
                    f'state["{bank}"] = np.hstack(means)',
                ]
            else:
                found += [*body, f'state["{bank}"] = {means}']
        return found

    def by_replicate(self, bank: str) -> bool:
        """Whether what drives layers has columns for each replicate. If anything that drives a
        layer differs between replicates, all its drives have such columns."""
        layers = (layer for layer in self.inside if bank in banks_of(layer))
        return any(self.differs(other) for layer in layers for other in banks_of(layer))

    def column(self, layer: Layer) -> str:
        """Which channel each neuron hears, if that differs between blocks."""
        if not any(self.differs(bank) for bank in banks_of(layer)):
            return ""
        copy = "np.unique(replicate, return_inverse=True)[1]"
        channel = f"np.tile(np.arange({layer.size}), len(replicate))"
        return f"{channel} + {layer.size} * np.repeat({copy}, {layer.size})"


def banks_of(layer: Layer) -> list[str]:
    return list(dict.fromkeys(bank for _, bank in layer.drive))

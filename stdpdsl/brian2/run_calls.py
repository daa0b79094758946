"""The calls in the script of `stdpdsl run` for the experiment's inputs, draws, pairs and sounds."""

from __future__ import annotations

from ..ir import Connection, Draw, Filterbank, Layer, Phase, Sound
from ..language.builtins_audio import SOUNDS


def copies(shared: bool) -> str:
    """The replicate of each copy of something."""
    return "x.replicate_of_copy" if shared else "x.replicate_of_block"


def given_spikes(layer: Layer) -> str:
    """(neuron, step) of the spikes of an input."""
    spikes = layer.spikes
    assert spikes is not None
    count = [copies(layer.shared), str(layer.size)]
    if spikes.key:
        rate = [f"lambda t, i, copy: {spikes.rate}"] if spikes.rate else []
        arguments = [repr(spikes.key), *count, *rate, *spikes.arguments, "x.steps", "DT"]
    else:
        arguments = ["x", repr(layer.name), *count, *spikes.arguments]
    return f"{spikes.function}({', '.join(arguments)})"


def neuron_draw(d: Draw, layer: Layer) -> str:
    """The line that draws for each neuron."""
    row = ", row" if d.independent else ""
    return (
        f"{d.placeholder} = neuron_draws({d.kind!r}, {stream_key(d)}, {copies(layer.shared)},"
        f" {layer.size}{row})"
    )


def synapse_draw(d: Draw) -> str:
    """The line that draws for each synapse."""
    row = ", row" if d.independent else ""
    return f"{d.placeholder} = synapse_draws({d.kind!r}, {stream_key(d)}, edges{row})"


def stream_key(d: Draw) -> str:
    """`phase` is the name of the phase that sets the drawn value."""
    return f"({', '.join(map(repr, d.key))}{', phase' if d.by_phase else ''})"


def listed_pairs(c: Connection, n_pre: int, n_post: int) -> str:
    """The pairs of a file."""
    assert c.pairs is not None
    read = f", read={list(c.pairs.read)}" if c.pairs.read else ""
    numbered = ", numbered=True" if c.pairs.numbered else ""
    return f"pairs_from_file(x.file({c.pairs.path!r}), {n_pre}, {n_post}{read}{numbered})"


def duration(phase: Phase) -> str:
    """The duration of a phase (s)."""
    return f"length_of_sound({phase.sound!r}, sounds)" if phase.sound else phase.duration


def sound_lines(sound: Sound) -> list[str]:
    """The body of the function that makes a sound."""
    codes = [code for _, code in sound.arguments[: sound.position]]
    codes += [f"{name}={code}" for name, code in sound.arguments[sound.position :]]
    extra = {
        "rng": f"stream({sound.name!r}, 'stimuli', replicate)",
        "folder": "data",
        "samplerate": "samplerate",
    }
    codes += [f"{name}={extra[name]}" for name in SOUNDS[sound.function].given]
    options = [f"{name}={code}" for name, code in sound.options]
    if sound.shuffled:
        options += ["order='shuffled'", f"rng=stream({sound.name!r}, 'order', replicate)"]
    shown = ", ".join(["stimuli", "labels", "samplerate=samplerate", *options])
    return [
        f"samplerate = {sound.samplerate}",
        f"stimuli, labels = {sound.function}({', '.join(codes)})",
        f"return (*sequence({shown}), samplerate)",
    ]


def filterbank_lines(bank: Filterbank) -> list[str]:
    """The body of the function that applies a filterbank to a sound."""
    filters = []
    for function, arguments in bank.filters:
        items = ", ".join(f"{name!r}: {code}" for name, code in arguments)
        filters.append(f"({function}, {{{items}}})")
    output = f"lambda x: {bank.output}" if bank.output else "None"
    return [
        f"sound = sounds[{bank.sound!r}, replicate]",
        f"return filterbank(sound.samples, sound.samplerate, [{', '.join(filters)}], {output})",
    ]

"""What the script of `stdpdsl run` calls for what the experiment says: inputs, draws, pairs."""

from __future__ import annotations

from ..ir import Connection, Draw, Layer, Phase


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
    """`phase` is the name of the phase that sets what is drawn."""
    return f"({', '.join(map(repr, d.key))}{', phase' if d.by_phase else ''})"


def listed_pairs(c: Connection, n_pre: int, n_post: int) -> str:
    """The pairs of a file."""
    assert c.pairs is not None
    read = f", read={list(c.pairs.read)}" if c.pairs.read else ""
    numbered = ", numbered=True" if c.pairs.numbered else ""
    return f"pairs_from_file(x.file({c.pairs.path!r}), {n_pre}, {n_post}{read}{numbered})"


def duration(phase: Phase) -> str:
    """How long a phase lasts (s)."""
    return f"length_of_sound({phase.sound!r}, sounds)" if phase.sound else phase.duration

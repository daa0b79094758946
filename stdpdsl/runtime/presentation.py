"""The sequence in which stimuli are presented, with gaps, ramps and levels."""

import numpy as np

from .errors import fail

REFERENCE_PRESSURE = 2e-5  # Pa, 0 dB SPL


def sequence(
    stimuli,
    labels,
    *,
    samplerate,
    ramp=0.0,
    gap=0.0,
    level=None,
    repeats=1,
    order="sequential",
    rng=None,
):
    """The stimuli one after another: (samples in Pa, presentations).

    A gap (s) of silence comes first and after each stimulus. Each stimulus is ramped at both ends
    with a cos**2 flank of `ramp` (s). Then `level` (dB SPL) is set for each stimulus without its
    gaps, like `sound.level = …` in brian2hears; silence stays silent. `order`: "sequential" plays
    the list `repeats` times; "shuffled" shuffles all presentations, with draws from `rng`.
    Presentations are columns: onset and offset (s), stimulus, label.
    """
    played = presentation_order(len(stimuli), int(repeats), order, rng)
    ramped = [with_ramps(sound, ramp, samplerate) for sound in stimuli]
    if level is not None:
        set_levels(ramped, level)
    silent = int(np.rint(gap * samplerate))
    lengths = np.array([len(sound) for sound in stimuli])[played]
    onsets = silent + np.concatenate([[0], np.cumsum(lengths + silent)[:-1]])
    samples = np.zeros(silent + int(np.sum(lengths + silent)))
    for onset, k in zip(onsets, played, strict=True):
        samples[onset : onset + len(ramped[k])] = ramped[k]
    presentations = {
        "onset": onsets / samplerate,
        "offset": (onsets + lengths) / samplerate,
        "stimulus": played,
        "label": [labels[k] for k in played],
    }
    return samples, presentations


def presentation_order(count, repeats, order, rng):
    """The order of presentations: indices of `count` stimuli, each `repeats` times."""
    played = np.tile(np.arange(count), repeats)
    if order == "sequential":
        return played
    if order == "shuffled":
        return played[np.argsort(rng.random(len(played)), kind="stable")]
    return fail(f"the order '{order}' is neither sequential nor shuffled")


def with_ramps(sound, ramp, samplerate):
    """A copy of `sound` with flanks sin(pi u/2)**2 of `ramp` (s) at both ends."""
    count = int(np.rint(ramp * samplerate))
    if count > len(sound):
        fail(f"a ramp of {ramp:g} s is longer than a stimulus of {len(sound) / samplerate:g} s")
    flank = np.sin(np.pi * np.linspace(0.0, 1.0, count) / 2) ** 2
    sound = sound.copy()
    sound[:count] *= flank
    sound[len(sound) - count :] *= flank[::-1]
    return sound


def set_levels(stimuli, level):
    """Scale each stimulus (Pa) in place so that its rms about the mean equals `level` (dB SPL)."""
    loud = [sound for sound in stimuli if np.ptp(sound) > 0]
    if not loud:
        fail(f"a silent sound cannot be set to {level:g} dB")
    for sound in loud:
        rms = np.sqrt(np.mean((sound - np.mean(sound)) ** 2))
        sound *= 10 ** ((level - 20.0 * np.log10(rms / REFERENCE_PRESSURE)) / 20.0)

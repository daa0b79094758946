"""Sounds that are made only if something needs to hear them anew."""

from functools import cached_property

import numpy as np

from .heard_cache import fingerprint, kept, nerve_cache
from .sources import code_of, numbers_in

COLUMNS = ("onset", "offset", "stimulus", "label")


class Sound:
    """The sound of a replicate: make(replicate, folder, p) returns its (samples, presentations,
    sample rate), in Pa, s and Hz.

    `key` stands for all that decides the sound: what makes it, or the samples if they come from
    files.
    """

    def __init__(self, make, replicate, folder, p, from_files):
        self.make, self.replicate, self.folder, self.p = make, replicate, folder, p
        if from_files:
            self.key = fingerprint(self.samples, self.made[2])
        else:
            code = code_of(make)
            self.key = fingerprint(code, numbers_in(code, p), np.__version__, replicate)

    @cached_property
    def made(self):
        return self.make(self.replicate, self.folder, self.p)

    @property
    def samples(self):
        return self.made[0]

    @cached_property
    def about(self):
        """The number of samples, their rate and the presentations, kept from run to run."""
        key = fingerprint("about", self.key)

        def about():
            samples, presentations, samplerate = self.made
            return [len(samples), samplerate, *(presentations[c] for c in COLUMNS)]

        return kept(nerve_cache(key), key, about)

    @property
    def samplerate(self):
        return float(self.about[1])

    @property
    def seconds(self):
        return int(self.about[0]) / self.samplerate

    @property
    def presentations(self):
        """Columns, as `sequence` returns them."""
        return dict(zip(COLUMNS, self.about[2:], strict=True))


def length_of_sound(name, sounds):
    """Duration of a sound (s), the longest over replicates."""
    return max(sound.seconds for (sound_name, _), sound in sounds.items() if sound_name == name)


def rate_of(name, sounds):
    """Sample rate of a sound (Hz), the same in all replicates."""
    return next(sound.samplerate for (sound_name, _), sound in sounds.items() if sound_name == name)

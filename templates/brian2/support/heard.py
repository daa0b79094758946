"""Sounds that are made only where something hears them anew."""

from functools import cached_property

import numpy as np

from nerve import fingerprint, kept, nerve_cache
from sources import code_of, numbers_in


class Sound:
    """The sound of a replicate: make(replicate, folder, p) returns its (samples, presentations,
    sample rate), in Pa, s and Hz.

    `key` stands for all that decides it: what makes it, or the samples where those are files'.
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
    def shape(self):
        """The number of samples and their rate, kept from run to run."""
        key = fingerprint("shape", self.key)
        return kept(nerve_cache(key), key, lambda: [len(self.samples), self.made[2]])

    @property
    def samplerate(self):
        return float(self.shape[1])

    @property
    def seconds(self):
        return int(self.shape[0]) / self.samplerate


def sound_length(name, sounds):
    """Seconds of a sound, the longest over replicates."""
    return max(sound.seconds for (sound_name, _), sound in sounds.items() if sound_name == name)


def rate_of(name, sounds):
    """Samples per second of a sound, the same in all replicates."""
    return next(sound.samplerate for (sound_name, _), sound in sounds.items() if sound_name == name)

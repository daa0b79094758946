"""What a network leaves, by name."""

from collections.abc import Mapping

import numpy as np

from .objects import KeptFile
from .whole_state import KeptState


class Outputs(Mapping):
    """Arrays by name, each read when it is needed."""

    def __init__(self, names, read):
        self.names, self.read = names, read

    def __getitem__(self, name):
        return self.read(name)

    def __contains__(self, name):
        return name in self.names

    def __iter__(self):
        return iter(self.names)

    def __len__(self):
        return len(self.names)


def runtime_reader(outputs, folder=None):
    """The outputs of a network that ran in this process, or as its own program in a folder."""

    def read(name):
        place = outputs[name]
        if isinstance(place, np.ndarray | dict):  # from an earlier phase, or a whole state
            return place
        if isinstance(place, KeptFile | KeptState):
            return place.read(folder)
        owner, variable = place
        return np.array(owner.variables[variable].get_value())

    return Outputs(outputs, read)

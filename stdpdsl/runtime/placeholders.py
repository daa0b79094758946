"""Call `network(state)` of a script so that a program can be made from what it returns.

A script makes its network from arrays. While a program is built there are none: `state` has
placeholders, and Brian2's classes, as the script imports them, note what each placeholder is for.
The program reads the arrays when it starts (program_data.py).
"""

from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from .drives import drive_reader
from .given import draw_key_name, drive_width
from .program_data import ProgramData, assign, connect, index_array, record, replay
from .schedule import in_order


class Placeholder:
    """Stands for an array, known by its key, that a program reads when it starts."""

    def __init__(self, key):
        self.key = key

    def __len__(self):
        """A program is built with at least one element, and also runs with none."""
        return 1

    def __mul__(self, unit):
        """The array with a unit: all arrays are in SI units."""
        return self


def state_of(given, drives, dt):
    """The data of a network, as `network(state)` takes them: {object: {variable: values}}, and
    arrays of indices under their own names. `drives` are arrays by filterbank."""
    building = isinstance(given, ProgramData)
    state: dict[str, Any] = {}
    for key in given:
        owner, _, variable = key.rpartition(".")
        if not owner or variable == "__size":
            continue
        value = given[key] if variable == "N" or not building else Placeholder(key)
        if variable == "__index":
            state[owner] = value
        elif variable == "__step":
            state.setdefault(owner, {})["t"] = value if building else value * dt
        else:
            state.setdefault(owner, {})[variable] = value
    return state | {bank: Placeholder(bank) if building else drives[bank] for bank in drives}


@contextmanager
def made(network, given, drives, dt, record):
    """(Brian2's Network, its objects in order, the state) of network(state), while the script sets
    more of the state. The spikes of the layers in `record` are recorded; those of the others are
    counted."""
    import brian2

    real, objects = brian2.Network, []

    def ordered(*parts):
        """A Network whose objects have their own places in each slot of a step."""
        for part in parts:
            objects.extend(part if isinstance(part, list | tuple) else [part])
        in_order(objects)
        return real(*objects)

    def spike_monitor(source, record=True, *, real=brian2.SpikeMonitor, **options):
        return real(source, record=source.name in recorded, **options)

    recorded = record
    state = state_of(given, drives, dt)
    with placeholders(given, network, dt) if isinstance(given, ProgramData) else nullcontext():
        with replaced(brian2, Network=ordered, SpikeMonitor=spike_monitor):
            found = network(state)
        yield found, objects, state


@contextmanager
def replaced(owner, **values):
    """Other values for some attributes of a module or class."""
    before = {name: getattr(owner, name) for name in values}
    try:
        for name, value in values.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(owner, name, value)


@contextmanager
def placeholders(data, network, dt):
    """Brian2's classes, as the script imports them, take placeholders for arrays."""
    import brian2
    from brian2.groups.group import VariableOwner

    of_brian2 = classes(data, dt, brian2)
    linking = replaced(brian2.NeuronGroup, __setattr__=link_to(data, brian2.NeuronGroup))
    setting = replaced(VariableOwner, set_states=set_states(data, VariableOwner))
    script = network.__globals__
    with replaced(brian2, **of_brian2), linking, setting:
        before = script.get("draw_key")
        if before is not None:
            script["draw_key"] = lambda *name: data[draw_key_name(*name)]
        try:
            yield
        finally:
            if before is not None:
                script["draw_key"] = before


def classes(data, dt, brian2):
    """What replaces Brian2's classes and functions, by name."""

    def synapses(*arguments, real=brian2.Synapses, **options):
        made = real(*arguments, **options)
        object.__setattr__(made, "connect", lambda i, j: connect(made, data, made.name))
        return made

    def spike_generator(*arguments, name, **options):
        return replay(data, name, dt)

    def state_monitor(source, variables, record, *, name, **options):
        return record_elements(source, variables, data, name, **options)

    def linked_var(*arguments, index=None, real=brian2.linked_var):
        if not isinstance(index, Placeholder):
            return real(*arguments, index=index)
        link = real(*arguments, index=np.zeros(1, int))
        link.placeholder = index
        return link

    def timed_array(values, step, real=brian2.TimedArray):
        if not isinstance(values, Placeholder):
            return real(values, step)
        steps = round(float(step) / dt)
        return drive_reader(values.key, data[drive_width(values.key)], dt, steps)

    record_elements = record
    return {
        "Synapses": synapses,
        "SpikeGeneratorGroup": spike_generator,
        "StateMonitor": state_monitor,
        "linked_var": linked_var,
        "TimedArray": timed_array,
    }


def link_to(data, group):
    """NeuronGroup.__setattr__ that also takes links given as placeholders."""
    real = group.__setattr__

    def setattr_(self, key, value, level=0):
        index = getattr(value, "placeholder", None)
        if index is None:
            return real(self, key, value, level + 1)
        with index_array(data, index.key, f"{self.name}.N") as value.index:
            return real(self, key, value, level + 1)

    return setattr_


def set_states(data, owner):
    """VariableOwner.set_states that also takes placeholders."""
    real = owner.set_states

    def set_states_(self, values, units=True, format="dict", level=0):
        for name, value in values.items():
            if isinstance(value, Placeholder):
                assign(self, name, data, value.key)
            else:
                real(self, {name: value}, units, format, level + 1)

    return set_states_

"""The nerve: a layer that hears the sound, run once, at the sound's rate, before the network.

Time is counted in samples here: sample k is at k/samplerate seconds.
"""

import gc
import os
from pathlib import Path

import numpy as np

from .compiler import program_flags
from .drives import BEFORE_ALL, drive_file, read_in_program, steps_per_sample, write_rows
from .errors import fail
from .program_build import as_units, compiling, flags_unasked
from .schedule import in_order


def run_nerve(make_group, drives, samplerate, samples, folder=None, records=()):
    """Run a driven layer at the sound's rate: (neuron, sample) of each spike, in time order, and
    {number: (neurons, t, {variable: values})} of `records`, (number, variables, interval in s).

    make_group(dt) makes the NeuronGroup with this time step; drives = {variable: chunks} set its
    variables (SI values) at the start of each step. The run lasts `samples` steps of 1/samplerate
    (Hz). With a `folder`, the C++ standalone device builds and runs it there. Otherwise it runs in
    this process, with the current code generation target. Call it before the network's own
    set_device: it leaves the runtime device active, as if nothing had run.
    """
    from brian2 import get_device, set_device

    standalone = folder is not None
    if standalone:
        folder = os.path.abspath(folder)
        set_device("cpp_standalone", directory=folder, build_on_run=False)
    try:
        if standalone:
            return spikes_standalone(make_group, drives, samplerate, samples, folder, records)
        return spikes_in_process(make_group, drives, samplerate, samples, records)
    finally:
        if standalone:
            get_device().reinit()
            set_device("runtime")
        gc.collect()  # otherwise the network's objects would find their names taken


def spikes_in_process(make_group, drives, samplerate, samples, records):
    """`run_nerve` on the runtime device: each step copies a row of the drives."""
    from brian2 import Hz, Network, NetworkOperation, second

    group = make_group(1 / (samplerate * Hz))
    setters = [
        NetworkOperation(
            row_copier(group, variable, chunks), clock=group.clock, when="start", order=BEFORE_ALL
        )
        for variable, chunks in drives.items()
    ]
    monitor, samplers = spike_monitor(group), samplers_of(group, records)
    objects = [group, *monitor, *samplers.values(), *setters]
    in_order(objects)
    network = Network(*objects)
    network.run(samples / samplerate * second, namespace={})
    return recorded_spikes(monitor, network, samplerate, samples, samplers)


def row_copier(group, variable, chunks):
    """A function that sets `variable` of the group to the next row of the chunks."""
    values = group.variables[variable].get_value()
    rows = (row for chunk in chunks for row in chunk)

    def copy_row():
        values[:] = next(rows)

    return copy_row


def spikes_standalone(make_group, drives, samplerate, samples, folder, records):
    """`run_nerve` as a C++ program in `folder`, which reads the drives from files."""
    from brian2 import Hz, Network, get_device, second

    group = make_group(1 / (samplerate * Hz))
    paths = {name: os.path.join(folder, drive_file(f"{group.name}_{name}")) for name in drives}
    for variable, path in paths.items():
        read_in_program(group, variable, path, len(group))
    monitor, samplers = spike_monitor(group), samplers_of(group, records)
    objects = [group, *monitor, *samplers.values()]
    in_order(objects)
    network = Network(*objects)
    network.run(samples / samplerate * second, namespace={})
    device = get_device()
    with flags_unasked():
        device.build(directory=folder, compile=False, run=False)
    sources = sorted(device.writer.source_files)
    units = as_units({s: Path(folder, s).read_text(encoding="utf-8") for s in sources})
    with compiling(Path(folder), units, program_flags()) as link:  # the sound is filtered meanwhile
        for variable, chunks in drives.items():
            write_rows(paths[variable], chunks, samples, len(group))
        link(os.path.join(folder, "main"))
    device.run(folder, with_output=False)
    for path in paths.values():
        os.remove(path)
    return recorded_spikes(monitor, network, samplerate, samples, samplers)


def set_values(group, values):
    """Set variables by name, in SI units: `group.name = values` would replace an attribute if a
    variable has its name, such as `source`."""
    for name, value in values.items():
        group.state(name, use_units=False)[:] = value


def spike_monitor(group):
    """[its monitor], empty if the neurons do not spike."""
    from brian2 import SpikeMonitor

    return [SpikeMonitor(group)] if "spike" in group.events else []


def samplers_of(group, records):
    """A monitor for each record line that names this layer."""
    from brian2 import StateMonitor, second

    return {
        number: StateMonitor(group, variables, record=np.arange(len(group)), dt=every * second)
        for number, variables, every in records
    }


def recorded_spikes(monitor, network, samplerate, samples, samplers):
    """The monitor's spikes as (neuron, sample), and the samplers' values, if the network ran to its
    end."""
    from brian2 import second

    done = int(round(float(network.t / second) * samplerate))
    if done != samples:
        fail(f"the nerve stopped after {done} of {samples} samples")
    neuron = [np.array(m.i[:], dtype=np.int64) for m in monitor]
    t = [np.asarray(m.t / second) for m in monitor]
    sample = np.rint(np.concatenate([np.zeros(0), *t]) * samplerate).astype(np.int64)
    recorded = {}
    for number, sampler in samplers.items():
        times = np.append(np.asarray(sampler.t / second), samples / samplerate)
        values = {}
        for v in sampler.record_variables:
            last = sampler.source.variables[v].get_value()
            values[v] = np.column_stack([sampler.variables[v].get_value().T, last])
        recorded[number] = (np.array(sampler.record), times, values)
    return np.concatenate([np.zeros(0, dtype=np.int64), *neuron]), sample, recorded


def spike_steps(neuron, sample, samplerate, dt):
    """The network's steps that contain the spikes: (neuron, step, dropped), in time order.

    Sample k, at k/samplerate, is in step floor(k/samplerate/dt), in exact arithmetic. A neuron
    spikes at most once per step; `dropped` counts the spikes left out.
    """
    ratio = steps_per_sample(samplerate, dt)
    step = sample * ratio.numerator // ratio.denominator
    kept = np.unique(np.stack([step, neuron], axis=1), axis=0)
    return kept[:, 1], kept[:, 0], len(neuron) - len(kept)

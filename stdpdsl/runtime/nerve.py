"""The nerve: a layer that hears the sound, run once, at the sound's rate, before the network.

Time is counted in samples here: sample k is at k/samplerate seconds.
"""

import gc
import hashlib
import os
import shutil
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from .cache import own_cache
from .compiler import program_flags
from .errors import fail
from .program_build import as_units, compiling, flags_unasked
from .program_cache import one_at_a_time
from .schedule import in_order
from .sources import code_of, numbers_in
from .versions import package_version

# Reads row after row of a file of float64, one value per neuron; `step` never goes back.
DRIVE_READER = """
static double %(name)s(const int64_t step, const int64_t i) {
    static FILE* file = NULL;
    static std::vector<double> rows;
    static int64_t first = 0, held = 0;
    while (step >= first + held) {
        if (file == NULL) {
            file = fopen("%(path)s", "rb");
            rows.resize(%(rows)d * %(neurons)d);
        }
        first += held;
        held = file == NULL ? 0 : fread(rows.data(), 8 * %(neurons)d, %(rows)d, file);
        if (held == 0) {
            std::cerr << "the drive has no step " << step << std::endl;
            exit(1);
        }
    }
    return rows[(step - first) * %(neurons)d + i];
}
"""
DRIVE_AT_TIME = """
static double %(bank)s__at(const double t, const int64_t i) {
    return %(name)s(std::llround(t / %(dt)r) / %(steps)d, i);
}
"""
DRIVE_HEADERS = ["<cmath>", "<cstdio>", "<cstdlib>", "<vector>", "<iostream>"]
ROWS_READ = 4096
BEFORE_ALL = -10  # a step's drive stands before anything is recorded, whatever the names
HEARD_BYTES_KEPT = 2_000_000_000


# Drives: chunks of (rows, neurons), one row per sample ------------------------------------------


def side_by_side(drives):
    """One drive of several, such as those of the replicates: their neurons in turn."""
    for chunks in zip(*drives, strict=True):
        yield np.hstack(chunks)


def in_time(pieces, samples, neurons):
    """Place drives in time: pieces = [(first sample, chunks), …] in order, 0 between and after.

    Yields `samples` rows in all, more than any first sample. A piece ends where the next begins.
    """
    done = 0
    for n, (first, chunks) in enumerate(pieces):
        end = pieces[n + 1][0] if n + 1 < len(pieces) else samples
        yield from zero_rows(first - done, neurons)
        done = first
        for chunk in chunks:
            chunk = chunk[: end - done]
            if len(chunk) == 0:
                break
            done += len(chunk)
            yield chunk
    yield from zero_rows(samples - done, neurons)


def zero_rows(rows, neurons, chunk=65536):
    """`rows` rows of zeros, in chunks."""
    for start in range(0, rows, chunk):
        yield np.zeros((min(chunk, rows - start), neurons))


def uniform_rows(rows, neurons, rng, chunk=8192):
    """`rows` rows of draws from [0, 1), in chunks: for thresholds such as poisson(RATE)."""
    for start in range(0, rows, chunk):
        yield rng.random((min(chunk, rows - start), neurons))


# The run ----------------------------------------------------------------------------------------


def run_nerve(make_group, drives, samplerate, samples, folder=None, records=()):
    """Run a driven layer at the sound's rate: (neuron, sample) of each spike, in time order, and
    {number: (neurons, t, {variable: values})} of `records`, (number, variables, interval in s).

    make_group(dt) makes the NeuronGroup with this time step; drives = {variable: chunks} set its
    variables (SI values) at the start of each step. It runs for `samples` steps of 1/samplerate
    (Hz). With a `folder`, the C++ standalone device builds and runs it there; without, it runs in
    this process, with the code generation target of the moment. Call it before the network's own
    set_device: it leaves the runtime device active, as if nothing had been run.
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
        gc.collect()  # or the network's objects would find their names taken


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
    with compiling(Path(folder), units, program_flags()) as link:  # meanwhile the sound is filtered
        for variable, chunks in drives.items():
            write_rows(paths[variable], chunks, samples, len(group))
        link(os.path.join(folder, "main"))
    device.run(folder, with_output=False)
    for path in paths.values():
        os.remove(path)
    return recorded_spikes(monitor, network, samplerate, samples, samplers)


def set_values(group, values):
    """Set variables by their names, in SI: `group.name = values` would replace an attribute such as
    `source` where a variable is called so."""
    for name, value in values.items():
        group.state(name, use_units=False)[:] = value


def spike_monitor(group):
    """[its monitor], empty where the neurons do not spike."""
    from brian2 import SpikeMonitor

    return [SpikeMonitor(group)] if "spike" in group.events else []


def samplers_of(group, records):
    """A monitor for each record line that names this layer."""
    from brian2 import StateMonitor, second

    return {
        number: StateMonitor(group, variables, record=np.arange(len(group)), dt=every * second)
        for number, variables, every in records
    }


def write_rows(path, chunks, rows, width):
    """Write rows of float64 to a file whose folder may not exist yet."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    needed, free = 8 * rows * width, shutil.disk_usage(folder).free
    if needed > free:
        fail(f"the drive needs {needed / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} are free")
    with open(path, "wb") as file:
        for chunk in chunks:
            file.write(np.ascontiguousarray(chunk, dtype=np.float64).data)


def read_in_program(group, variable, path, width):
    """Let the C++ program set `variable` of the group from the file at each step's start: each
    neuron's from its own column of the step's row of `width` values."""
    from brian2 import get_unit
    from brian2.core.functions import Function

    def read(step, i):
        """Here for its name: the program has its own."""
        raise NotImplementedError

    name = f"read__{variable}"  # which no name of a spec is
    code = DRIVE_READER % {
        "name": name,
        "path": path.replace("\\", "/"),
        "rows": ROWS_READ,
        "neurons": width,
    }
    reader = Function(
        read,
        arg_units=[1, 1],
        arg_types=["integer", "integer"],
        return_unit=get_unit(group.variables[variable].dim),
        return_type="float",
        stateless=False,
    )
    reader.implementations.add_implementation(
        "cpp", code, compiler_kwds={"headers": DRIVE_HEADERS}
    )
    group.namespace[name] = reader
    code = f"{variable} = {name}(t_in_timesteps, i)"
    group.run_regularly(code, when="start", order=BEFORE_ALL)


def recorded_spikes(monitor, network, samplerate, samples, samplers):
    """The monitor's spikes as (neuron, sample), and what the samplers have, if the network ran to
    its end."""
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


def drive_reader(bank, width, dt, steps):
    """A function of t and a channel, as a TimedArray is one, for a program: it reads, from a file,
    rows of as many channels, one for each so many time steps of dt (s)."""
    from brian2 import second
    from brian2.core.functions import Function

    def read(t, i):
        """Here for its name: the program has its own."""
        raise NotImplementedError

    reader = Function(
        read, arg_units=[second, 1], return_unit=1, arg_types=["float", "integer"],
        return_type="float", stateless=False,
    )  # fmt: skip
    name = f"drive__{bank}"
    code = DRIVE_READER % {
        "name": name, "path": drive_file(bank), "rows": ROWS_READ, "neurons": width,
    } + DRIVE_AT_TIME % {"bank": bank, "name": name, "dt": dt, "steps": steps}  # fmt: skip
    reader.implementations.add_implementation(
        "cpp", code, compiler_kwds={"headers": DRIVE_HEADERS}, name=f"{bank}__at"
    )
    return reader


def write_drives(x, folder):
    """Write what drives layers inside the network to where its program runs."""
    for bank, means in x.drives.items():
        write_rows(os.path.join(folder, drive_file(bank)), [means], *means.shape)


def drive_file(bank):
    """Where a program finds a drive."""
    return f"{bank}.float64"


# Into the network's time ------------------------------------------------------------------------


def steps_per_sample(samplerate, dt):
    """1/(samplerate*dt) as a fraction: samplerate (Hz) and dt (s) taken as the decimal numbers that
    they were written as, so that 44.1 kHz and 0.1 ms give exactly 100/441.
    """
    rate = Fraction(samplerate).limit_denominator(10**6)
    return 1 / (rate * Fraction(dt).limit_denominator(10**12))


def spike_steps(neuron, sample, samplerate, dt):
    """The network's steps that hold the spikes: (neuron, step, dropped), in time order.

    Sample k, at k/samplerate, is in step floor(k/samplerate/dt), in exact arithmetic. A neuron
    spikes once in a step: `dropped` counts what is left out.
    """
    ratio = steps_per_sample(samplerate, dt)
    step = sample * ratio.numerator // ratio.denominator
    kept = np.unique(np.stack([step, neuron], axis=1), axis=0)
    return kept[:, 1], kept[:, 0], len(neuron) - len(kept)


def first_samples(steps, samplerate, dt):
    """The first sample at or after the start of each of the steps 0, 1, …, steps."""
    ratio = steps_per_sample(samplerate, dt)
    return -(-np.arange(steps + 1, dtype=np.int64) * ratio.denominator // ratio.numerator)


def drive_means(chunks, samplerate, dt, steps, neurons):
    """A drive at the network's steps: array (steps, neurons).

    The mean of the samples in [t, t + dt), those past the drive's end being 0; a step too short to
    hold a sample has the one before.
    """
    bounds = first_samples(steps, samplerate, dt)
    means = np.zeros((steps, neurons))
    rows = np.zeros((0, neurons))  # from sample `first` on: for the steps not done, and one before
    first = done = 0
    for chunk in in_time([(0, chunks)], int(bounds[-1]), neurons):
        rows = np.concatenate([rows, chunk])
        ready = int(np.searchsorted(bounds, first + len(rows), side="right")) - 1
        if ready > done:
            means[done:ready] = step_means(rows, bounds[done : ready + 1] - first)
            passed = max(int(bounds[ready]) - first - 1, 0)
            rows, first, done = rows[passed:], first + passed, ready
    return means


def step_means(rows, bounds):
    """Means of rows[bounds[n]:bounds[n + 1]]; where that is empty, the row before."""
    counts = np.diff(bounds)
    means = rows[np.maximum(bounds[:-1] - 1, 0)]
    filled = counts > 0
    # Every row up to the next bound belongs to a filled step, so empty ones can be skipped.
    sums = np.add.reduceat(rows[: bounds[-1]], bounds[:-1][filled], axis=0)
    means[filled] = sums / counts[filled, None]
    return means


# Kept for the next run --------------------------------------------------------------------------


def fingerprint(*parts):
    """A SHA-256 of texts, numbers and arrays, such as what a front end depends on."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.dtype.str}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()


def kept(path, key, make):
    """The arrays that `make()` returns, from the file `path` if it was made with the same key."""
    found = arrays_in(path, key)
    if found is not None:
        return found
    with one_at_a_time(Path(path).parent, Path(path).stem):  # other shards want the same
        found = arrays_in(path, key)
        return make_and_keep(path, key, make) if found is None else found


def arrays_in(path, key):
    """The arrays of a file, or None if it is not whole or was made with another key."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["key"]) == key:
                return [file[f"array_{n}"] for n in range(len(file.files) - 1)]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # absent, or torn by an interrupted run: made anew
    return None


def make_and_keep(path, key, make):
    """The arrays that `make()` returns, put into a file where that can be."""
    arrays = [np.asarray(array) for array in make()]
    partial = f"{path}.{os.getpid()}.npz"
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        named = {f"array_{n}": a for n, a in enumerate(arrays)}
        np.savez(partial, key=np.array(key), **named)  # type: ignore[arg-type]
        os.replace(partial, path)
    except OSError:  # nowhere to keep them, or no room
        Path(partial).unlink(missing_ok=True)
    return arrays


def kept_nerve(x, function, layer, p, sounds, target, run):
    """What `run()` returns, as run_nerve does, kept under all that it depends on: also the layer's
    first values."""
    values = [part for item in sorted(x.values[layer].items()) for part in item]
    key = front_end_key(x, function, p, sounds, target, *values)
    return from_arrays(kept(nerve_cache(key), key, lambda: as_arrays(*run())))


def kept_means(x, function, p, sounds, means):
    """What `means()` returns, as drive_means does, of what `function` hears."""
    key = front_end_key(x, function, p, sounds)
    return kept(nerve_cache(key), key, lambda: [means()])[0]


def front_end_key(x, function, p, sounds, *more):
    """What decides what is heard: the code of a function and the numbers that it names, the sounds,
    the time that is simulated, and what computes."""
    code = code_of(function)
    modules = [package_version(module) for module in ("brian2", "brian2hears", "numpy", "scipy")]
    return fingerprint(
        code, numbers_in(code, p), program_flags(), modules, x.steps, x.dt, x.replicate_of_copy,
        *(part for name in sorted(sounds) for part in (name, sounds[name].key)),
        *more,
    )  # fmt: skip


def nerve_cache(key):
    """The file of what is heard."""
    folder = own_cache("heard")
    forget_files(folder, HEARD_BYTES_KEPT)
    return str(folder / f"{key[:32]}.npz")


def forget_files(folder, size):
    """Delete the files that were made first, down to a size in bytes."""
    try:
        found = sorted((p.stat().st_mtime, p.stat().st_size, p) for p in Path(folder).iterdir())
        excess = sum(bytes_ for _, bytes_, _ in found) - size
        for _, bytes_, path in found:
            if excess > 0:
                path.unlink()
                excess -= bytes_
    except OSError:  # no such folder, or deleted by another at this moment
        return


def as_arrays(neuron, sample, recorded):
    """What run_nerve returns, as a flat list of arrays."""
    arrays = [neuron, sample, np.array(list(recorded), dtype=int)]
    for chosen, t, values in recorded.values():
        arrays += [chosen, t, np.array(list(values), dtype=str), *values.values()]
    return arrays


def from_arrays(arrays):
    """The inverse of as_arrays."""
    rest = iter(arrays)
    neuron, sample, numbers = next(rest), next(rest), next(rest)
    recorded = {}
    for number in numbers.tolist():
        chosen, t, names = next(rest), next(rest), next(rest)
        recorded[number] = chosen, t, {name: next(rest) for name in names.tolist()}
    return neuron, sample, recorded

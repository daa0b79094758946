"""Drives: chunks of (rows, neurons), one row per sample, and files of such rows for a program.

Time is counted in samples here: sample k is at k/samplerate seconds.
"""

import os
import shutil
from fractions import Fraction

import numpy as np

from .errors import fail

# Reads a file of float64 row by row, one value per neuron; `step` never goes back.
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
BEFORE_ALL = -10  # sets a step's drive before anything is recorded, whatever the names


def side_by_side(drives):
    """One drive made of several, such as those of the replicates, with their neurons side by
    side."""
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


# Files that programs read -------------------------------------------------------------------------


def write_rows(path, chunks, rows, width):
    """Write rows of float64 to a file; its folder is made if needed."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    needed, free = 8 * rows * width, shutil.disk_usage(folder).free
    if needed > free:
        fail(
            f"the drive needs {needed / 1e9:.1f} GB in {folder}, but only {free / 1e9:.1f}"
            " GB are free"
        )
    with open(path, "wb") as file:
        for chunk in chunks:
            file.write(np.ascontiguousarray(chunk, dtype=np.float64).data)


def read_in_program(group, variable, path, width):
    """Make the C++ program set `variable` of the group from the file at the start of each step.
    Each neuron reads its own column of the step's row of `width` values."""
    from brian2 import get_unit
    from brian2.core.functions import Function

    def read(step, i):
        """Only for the name: the program has its own version."""
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
    reader.implementations.add_implementation("cpp", code, compiler_kwds={"headers": DRIVE_HEADERS})
    group.namespace[name] = reader
    code = f"{variable} = {name}(t_in_timesteps, i)"
    group.run_regularly(code, when="start", order=BEFORE_ALL)


def drive_reader(bank, width, dt, steps):
    """A function of t and a channel, like a TimedArray, for a program. It reads rows with one value
    per channel from a file; each row lasts a number of time steps of dt (s)."""
    from brian2 import second
    from brian2.core.functions import Function

    def read(t, i):
        """Only for the name: the program has its own version."""
        raise NotImplementedError

    reader = Function(
        read,
        arg_units=[second, 1],
        return_unit=1,
        arg_types=["float", "integer"],
        return_type="float",
        stateless=False,
    )
    name = f"drive__{bank}"
    code = DRIVE_READER % {
        "name": name,
        "path": drive_file(bank),
        "rows": ROWS_READ,
        "neurons": width,
    } + DRIVE_AT_TIME % {"bank": bank, "name": name, "dt": dt, "steps": steps}
    reader.implementations.add_implementation(
        "cpp", code, compiler_kwds={"headers": DRIVE_HEADERS}, name=f"{bank}__at"
    )
    return reader


def write_drives(x, folder):
    """Write the drives of layers inside the network to where the program reads them."""
    for bank, means in x.drives.items():
        write_rows(os.path.join(folder, drive_file(bank)), [means], *means.shape)


def drive_file(bank):
    """Where a program finds a drive."""
    return f"{bank}.float64"


# Into the network's time --------------------------------------------------------------------------


def steps_per_sample(samplerate, dt):
    """1/(samplerate*dt) as a fraction. samplerate (Hz) and dt (s) are taken as the decimal numbers
    in the spec, so 44.1 kHz and 0.1 ms give exactly 100/441."""
    rate = Fraction(samplerate).limit_denominator(10**6)
    return 1 / (rate * Fraction(dt).limit_denominator(10**12))


def first_samples(steps, samplerate, dt):
    """The first sample at or after the start of each of the steps 0, 1, …, steps."""
    ratio = steps_per_sample(samplerate, dt)
    return -(-np.arange(steps + 1, dtype=np.int64) * ratio.denominator // ratio.numerator)


def drive_means(chunks, samplerate, dt, steps, neurons):
    """A drive at the network's steps: array (steps, neurons).

    Each value is the mean of the samples in [t, t + dt); samples past the drive's end are 0. A step
    too short to contain a sample takes the last sample before it.
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
    """Means of rows[bounds[n]:bounds[n + 1]]; an empty range takes the row before it."""
    counts = np.diff(bounds)
    means = rows[np.maximum(bounds[:-1] - 1, 0)]
    filled = counts > 0
    # Every row up to the next bound belongs to a filled step, so empty ones can be skipped.
    sums = np.add.reduceat(rows[: bounds[-1]], bounds[:-1][filled], axis=0)
    means[filled] = sums / counts[filled, None]
    return means

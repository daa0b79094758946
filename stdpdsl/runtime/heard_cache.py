"""What is heard, cached for the next run."""

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np

from .cache import own_cache
from .compiler import program_flags
from .program_cache import one_at_a_time
from .sources import code_of, numbers_in
from .versions import package_version

HEARD_BYTES_KEPT = 2_000_000_000


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
    with one_at_a_time(Path(path).parent, Path(path).stem):  # other shards need the same file
        found = arrays_in(path, key)
        return make_and_keep(path, key, make) if found is None else found


def arrays_in(path, key):
    """The arrays of a file, or None if it is incomplete or was made with another key."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if str(file["key"]) == key:
                return [file[f"array_{n}"] for n in range(len(file.files) - 1)]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # absent, or torn by an interrupted run: made anew
    return None


def make_and_keep(path, key, make):
    """The arrays that `make()` returns, saved to a file if possible."""
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
    """What `run()` returns, as run_nerve does, cached by all that it depends on, including the
    layer's first values."""
    values = [part for item in sorted(x.values[layer].items()) for part in item]
    key = front_end_key(x, function, p, sounds, target, *values)
    return from_arrays(kept(nerve_cache(key), key, lambda: as_arrays(*run())))


def kept_means(x, function, p, sounds, means):
    """What `means()` returns, as drive_means does, for the sound that `function` hears."""
    key = front_end_key(x, function, p, sounds)
    return kept(nerve_cache(key), key, lambda: [means()])[0]


def front_end_key(x, function, p, sounds, *more):
    """What decides what is heard: the code of a function and the numbers that it names, the sounds,
    the simulated time, and the versions of all that computes it."""
    code = code_of(function)
    modules = [package_version(module) for module in ("brian2", "brian2hears", "numpy", "scipy")]
    return fingerprint(
        code,
        numbers_in(code, p),
        program_flags(),
        modules,
        x.steps,
        x.dt,
        x.replicate_of_copy,
        *(part for name in sorted(sounds) for part in (name, sounds[name].key)),
        *more,
    )


def nerve_cache(key):
    """The file of what is heard."""
    folder = own_cache("heard")
    forget_files(folder, HEARD_BYTES_KEPT)
    return str(folder / f"{key[:32]}.npz")


def forget_files(folder, size):
    """Delete the oldest files until the rest is below a size in bytes."""
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

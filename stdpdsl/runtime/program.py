"""A compiled simulator: built once for a structure, kept, and fed every number at run time.

Brian2 writes a C++ project in which sizes, initial values, spikes and durations are literals or
files beside it. Here it is given a placeholder for each of them; the placeholders are then replaced
by values that the program reads when it starts. So one program runs any table of its model: more
blocks, other weights, other spikes, a longer run. Running it needs no brian2.

The network is described once, by a function of `data`, for all targets:

    data      {"A1.N": 200, "A1.v": array, "ff.N": 2000, "ff.i": array, ..., "train": 10.0}
              int: a size; float: a duration (s); array: one value per element of the object that
              the key names up to its last dot, in SI units
    assign    sets a variable from the data       connect   makes the synapses
    replay    makes a group of given spikes       record    makes a state monitor
    follow    makes a function of time            seed_noise
    advance   runs for a duration
"""

import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .cache import own_cache
from .live import PROGRAM_REPORT, live_line
from .objects import KeptFile
from .vectors import VECTOR_SUPPORT, by_chunks, by_vectors, lightly_driven
from .versions import package_version
from .whole_state import STATE_FILE, KeptState, write_state

PROGRAM_FORMAT = 3
PROGRAMS_KEPT = 50
PROGRAM_BYTES_KEPT = 2_000_000_000
REPORT_EVERY = 0.5  # s
# As Linux and the compilers call them. What counts in the first is that comparisons give masks.
WIDE = (("avx512f", "avx512bw", "avx512dq", "avx512vl"), ("avx2",))

# Read by the program when it starts. `number` is also called before main(), for global sizes.
PROGRAM_INPUT = r"""
#pragma once
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>
namespace brian {
inline void no_input(const std::string &file) {
    std::cerr << "the input " << file << " is missing or has the wrong size" << std::endl;
    std::exit(70);
}
inline std::clock_t wall_clock() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count() * CLOCKS_PER_SEC;
}
inline std::vector<char> bytes_of(const std::string &file) {
    std::ifstream in("inputs/" + file, std::ios::binary | std::ios::ate);
    if (!in) no_input(file);
    std::vector<char> bytes(in.tellg());
    in.seekg(0);
    if (!bytes.empty() && !in.read(bytes.data(), bytes.size())) no_input(file);
    return bytes;
}
inline double number(int index) {
    static const std::vector<char> bytes = bytes_of("numbers");
    if ((index + 1) * sizeof(double) > bytes.size()) no_input("numbers");
    return reinterpret_cast<const double *>(bytes.data())[index];
}
template <class T> void load(const std::string &file, T *into, size_t count) {
    std::ifstream in("inputs/" + file, std::ios::binary | std::ios::ate);
    if (!in || (size_t)in.tellg() != count * sizeof(T)) no_input(file);
    in.seekg(0);
    if (count && !in.read(reinterpret_cast<char *>(into), count * sizeof(T))) no_input(file);
}
template <class T> void load(const std::string &file, std::vector<T> &into) {
    load(file, into.data(), into.size());
}
template <class T> void load_all(const std::string &file, std::vector<T> &into) {
    std::ifstream in("inputs/" + file, std::ios::binary | std::ios::ate);
    if (!in) no_input(file);
    into.resize((size_t)in.tellg() / sizeof(T));
    load(file, into);
}
"""


class ProgramError(Exception):
    """The program could not be built or did not run to its end; the text says why."""


# The network, for every target -------------------------------------------------------------------


class ProgramData(dict):
    """The data that a program is built with: its placeholders, and which input feeds what."""

    def __init__(self, data, code):
        """`code` is the text whose literals no placeholder may equal."""
        super().__init__(data)
        self.arrays = {}  # {key: {"file", "dtype", "size" or None}}
        self.numbers = []  # keys, by their place in the file of numbers
        self.durations = []  # keys, in the order of the runs
        self.markers = {}  # {key of a size: its placeholder}
        self.products = {}  # {placeholder times width: (key, width)}
        literals = set(re.findall(r"\d+", code))
        marker = 70_001
        for key, value in data.items():
            if isinstance(value, int | np.integer):
                while {str(marker), str(marker + 1)} & literals:
                    marker += 2
                self.markers[key] = marker
                marker += 2

    def __getitem__(self, key):
        value = super().__getitem__(key)
        if key in self.markers:
            return self.markers[key]
        if isinstance(value, float):
            return value
        raise TypeError(f"the values of {key} are read when the program runs, not when it is built")

    def number(self, key):
        """The place of a number in the file of numbers."""
        if key not in self.numbers:
            self.numbers.append(key)
        return self.numbers.index(key)

    def loaded(self, key, variable, size):
        """C++ that reads an input into a variable; `size` is the key of its length, or None."""
        from brian2 import get_device
        from brian2.core.variables import DynamicArrayVariable

        device = get_device()
        name = device.get_array_name(variable, access_data=False)
        device.array_cache[variable] = None  # Brian2 must not take it for known
        known = self.arrays.get(key)  # what a phase sets in each of its turns
        file = known["file"].removeprefix("inputs/") if known else str(len(self.arrays))
        dtype = np.dtype(variable.dtype).str
        self.arrays[key] = {"file": f"inputs/{file}", "dtype": dtype, "size": size}
        if not isinstance(variable, DynamicArrayVariable):
            return f'load("{file}", {name}, _num_{name});'
        return f'{"load" if size else "load_all"}("{file}", {name});'

    @contextmanager
    def as_files(self, keys, size):
        """Whatever Brian2 stores in the block are the inputs `keys`, read where it stored them."""
        from brian2 import get_device

        before = set(get_device().static_arrays)
        yield
        made = [name for name in get_device().static_arrays if name not in before]
        if len(made) != len(keys):
            raise ProgramError(f"Brian2 stored {made} for {keys}")
        for key, name in zip(keys, made, strict=True):
            dtype = get_device().static_arrays[name].dtype.str
            self.arrays[key] = {"file": f"static_arrays/{name}", "dtype": dtype, "size": size}


def size_key(data, key):
    """The key of the size that an array's key belongs to: "A1.v" has "A1.N" values, and "ff.w" of
    synapses "ff.__size"."""
    owner = key.rpartition(".")[0]
    return next(name for name in (f"{owner}.N", f"{owner}.__size") if name in data)


def assign(group, name, data, key):
    """Set a variable of a group, of synapses or of a pathway (`delay`); one that all elements share
    to the first value."""
    variable = group.variables[name]
    if isinstance(data, ProgramData):
        from brian2 import get_device

        code = data.loaded(key, variable, None if variable.scalar else size_key(data, key))
        get_device().insert_code("main", code)
    else:
        group.state(name, use_units=False)[:] = data[key]


def connect(synapses, data, name):
    """Make the synapses from NAME.i to NAME.j, at least one."""
    if isinstance(data, ProgramData):
        size = size_key(data, f"{name}.i")
        nothing = np.zeros(data[size], dtype=np.int32)
        with data.as_files([f"{name}.i", f"{name}.j"], size):
            type(synapses).connect(synapses, i=nothing, j=nothing)
    else:
        synapses.connect(i=data[f"{name}.i"], j=data[f"{name}.j"])


def replay(data, name, dt):
    """NAME.N neurons of which NAME.i spike in the steps NAME.__step (of dt seconds), sorted."""
    from brian2 import get_device, second
    from brian2.input.spikegeneratorgroup import SpikeGeneratorGroup

    options = {"dt": dt * second, "sorted": True, "name": name}
    if not isinstance(data, ProgramData):
        times = data[f"{name}.__step"] * dt * second
        return SpikeGeneratorGroup(data[f"{name}.N"], data[f"{name}.i"], times, **options)
    # Two spikes, or Brian2 would write the one as a constant. Their bins are computed when the run
    # starts; ours replace them then.
    group = SpikeGeneratorGroup(data[f"{name}.N"], [0, 0], [0, dt] * second, **options)
    lines = [
        data.loaded(f"{name}.i", group.variables["neuron_index"], None),
        data.loaded(f"{name}.__step", group.variables["_timebins"], None),
    ]
    if not data.durations:
        get_device().insert_code("before_network_run", "\n".join(lines))
    return group


def record(source, variables, data, name, **options):
    """A monitor of the elements NAME.__index of its source, at least one."""
    from brian2.monitors.statemonitor import StateMonitor

    if not isinstance(data, ProgramData):
        return StateMonitor(source, variables, data[f"{name}.__index"], name=name, **options)
    size = size_key(data, f"{name}.__index")
    nothing = np.zeros(data[size], dtype=np.int32)
    with data.as_files([f"{name}.__index"], size):
        return StateMonitor(source, variables, nothing, name=name, **options)


def follow(data, name, dt, unit, width):
    """A function of time, whose steps of `dt` seconds are the rows of NAME.values, in SI units.

    `width` is 0 for a function of t, else the number of columns of a function of t and i.
    """
    from brian2 import TimedArray, second

    if not isinstance(data, ProgramData):
        return TimedArray(data[f"{name}.values"] * unit, dt=dt * second, name=name)
    rows = data[f"{name}.N"]
    file = f"static_arrays/{name}_values"
    data.arrays[f"{name}.values"] = {"file": file, "dtype": "<f8", "size": f"{name}.N"}
    if width:
        data.products[rows * width] = (f"{name}.N", width)
    shape = (rows, width) if width else rows
    return TimedArray(np.zeros(shape) * unit, dt=dt * second, name=name)


@contextmanager
def index_array(data, key, size):
    """An array of indices that Brian2 stores by itself, with one element for each of `size`."""
    if isinstance(data, ProgramData):
        with data.as_files([key], size):
            yield np.zeros(data[size], dtype=int)
    else:
        yield data[key]


def seed_noise(data, key):
    """Seed the random numbers that equations draw."""
    from brian2 import get_device, seed

    if isinstance(data, ProgramData):
        code = f"_random_generators[0].seed((unsigned long)number({data.number(key)}));"
        get_device().insert_code("main", code)
    else:
        seed(data[key])


def advance(network, data, key, report=None, instead=None, first=""):
    """Run for a duration; `report` as Brian2's: a function, or the C++ of a program's. Then
    `instead` of the line that runs the network, a program has instead(line); and `first` before
    it."""
    from brian2 import get_device, second

    options = {"namespace": {}, "report_period": REPORT_EVERY * second}
    if not isinstance(data, ProgramData):
        network.run(data[key] * second, report=report, **options)
        if instead:
            exchange_run(network, instead)
        return
    if not data.durations:
        # A second run would go on after Ctrl-C in the first.
        code = "if (Network::_globally_stopped) return 130;"
        get_device().insert_code("after_network_run", code)
    queue = get_device().main_queue
    before = len(queue)
    network.run(data[key] * second, report=report or PROGRAM_REPORT, **options)
    if instead:
        exchange_run(network, instead)
    elif first:
        exchange_run(network, lambda line: f"{first}\n{line}")
    if data.durations:
        # Brian2 writes the time that it takes the earlier runs to have reached, as a literal.
        clocks = {o.clock for o in network.sorted_objects}
        times = [c.variables[name] for c in clocks for name in ("t", "timestep")]
        names = {get_device().get_array_name(variable) for variable in times}
        added = [x for x in queue[before:] if x[0] != "set_by_single_value" or x[1][0] not in names]
        queue[before:] = added
    if not instead:
        data.durations.append(key)
    get_device().code_lines["before_network_run"].clear()  # what replay put there is done once


def exchange_run(network, instead):
    """Put instead(line) in place of the last line that runs the network."""
    from brian2 import get_device

    lines = next(x[1][1] for x in reversed(get_device().main_queue) if x[0] == "run_network")
    place = next(k for k, line in enumerate(lines) if line.startswith(f"{network.name}.run("))
    lines[place] = instead(lines[place])


# Building ----------------------------------------------------------------------------------------


def compiler():
    """The C++ compiler's path, or None."""
    names = (os.environ.get("CXX"), "g++", "c++", "clang++")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def program_flags():
    """The compiler's flags: fast, and the same bits on every machine and for every number.

    No fused multiplication and addition. No constant folding of what rounds, or exp() of a constant
    would differ from exp() of a variable (3 in 10,000 do); yet exp() is known to have no side
    effect, so that two equal calls are one. Without -fno-trapping-math a choice between two sums is
    a branch, and a loop of them no vector code. Wide vectors round as narrow ones do.
    """
    flags = ["-w", "-O3", "-std=c++11", "-ffp-contract=off", "-frounding-math"]
    flags += ["-fno-math-errno", "-fno-trapping-math"]
    try:
        said = re.search(r"^flags\b.*", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        said = None
    known = set(said[0].split()) if said else set()
    wide = next((names for names in WIDE if known.issuperset(names)), ())
    return [*flags, *(f"-m{name}" for name in wide)]


def program_key(code, flags):
    """What decides a program: the code that describes the network, and all that turns it into one.

    `code` must hold every literal of the model, and none of its data.
    """
    command = [compiler(), "--version"]
    if command[0] is None:
        raise ProgramError("no C++ compiler was found")
    asked = subprocess.run(command, capture_output=True, text=True)
    if asked.returncode:
        raise ProgramError(f"{command[0]} does not work: {asked.stderr.strip()}")
    text = asked.stdout
    machine = [platform.system(), platform.machine()]
    writers = [package_version("brian2"), package_version("sympy")]
    decides = [PROGRAM_FORMAT, writers, flags, text, machine, code]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:32]


def build_program(simulate, data, code, flags, folder):
    """Build the program of a network into `folder`, which is made.

    `simulate(data)` makes the network, runs it by `advance`, and returns its outputs as
    {name: (object, variable)}.
    """
    from brian2 import get_device, set_device

    folder = Path(folder).resolve()
    project = folder.with_name(folder.name + ".source")
    set_device("cpp_standalone", directory=str(project), build_on_run=False)
    marked = ProgramData(data, code)
    outputs = simulate(marked)
    device = get_device()
    with flags_unasked():
        device.build(directory=str(project), compile=False, run=False)
    unused = [key for key in data if key not in marked.markers and key not in marked.arrays]
    unused = [key for key in unused if key not in {*marked.durations, *marked.numbers}]
    if unused:
        raise ProgramError(f"the network makes no use of {unused}")
    for key, array in marked.arrays.items():
        if array["file"].startswith("static") and not (project / array["file"]).exists():
            raise ProgramError(f"Brian2 reads {key} from another file than {array['file']}")
    sources = sorted(device.writer.source_files)
    units = two_units(project, sources, marked)
    (folder / "static_arrays").mkdir(parents=True)
    compile_program(project, units, flags, folder / "main")
    fed = {array["file"] for array in marked.arrays.values()}
    for file in (project / "static_arrays").iterdir():
        if f"static_arrays/{file.name}" not in fed:
            shutil.copy(file, folder / "static_arrays")
    manifest = {
        "arrays": marked.arrays,
        "numbers": marked.numbers,
        "outputs": {n: output_file(device, data, place) for n, place in outputs.items()},
        "hashes": {str(p.relative_to(folder)): file_hash(p) for p in files_under(folder)},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    shutil.rmtree(project)


@contextmanager
def flags_unasked():
    """Brian2 asks the compiler about each flag before it writes a makefile, which nobody uses here:
    .4 s."""
    from brian2.codegen.cpp_prefs import get_default_compiler
    from brian2.devices.cpp_standalone import device

    asked = device.get_compiler_and_args
    device.get_compiler_and_args = lambda: (get_default_compiler(), [])
    try:
        yield
    finally:
        device.get_compiler_and_args = asked


def output_file(device, data, place):
    """Where a program leaves a variable, (object, name) or a KeptFile: its file, and the key of the
    width of one that has two dimensions."""
    if isinstance(place, KeptFile):
        return {"file": f"results/{place.file}", "dtype": place.dtype, "width": None}
    if isinstance(place, KeptState):
        return {"kinds": place.kinds}
    owner, name = place
    variable = owner.variables[name]
    columns = variable.size[1] if isinstance(variable.size, tuple) else None
    file = "results/" + device.get_array_filename(variable)
    width = None if columns is None else size_key(data, f"{owner.name}.index")  # of a monitor
    return {"file": file, "dtype": np.dtype(variable.dtype).str, "width": width}


def two_units(project, sources, data):
    """The whole project as two texts, for headers cost more than code: what runs in each step, and
    the rest. Sizes and durations become values that are read when the program starts."""
    once = re.compile(r"code_objects/((before|after)_run_|\w+_synapses_create_)")
    parts = [s for s in sources if s.startswith(("code_objects/", "brianlib/"))]
    sizes = {}
    for key, marker in data.markers.items():
        sizes[marker] = f"brian::_size_{data.number(key)}"
        sizes[marker + 1] = f"(brian::_size_{data.number(key)} + 1)"  # of a group's list of spikes
    for cells, (key, width) in data.products.items():
        sizes[cells] = f"(brian::_size_{data.number(key)} * {width})"
    literal = re.compile(r"(?<![\w.])(" + "|".join(map(str, sizes)) + r")(?![\w.])")
    names = [f"_size_{data.number(key)}" for key in data.markers]

    def text_of(source):
        text = (project / source).read_text(encoding="utf-8")
        return literal.sub(lambda found: sizes[int(found[1])], text) if sizes else text

    declared = "".join(f"extern const long long {name};\n" for name in names)
    defined = "".join(f"const long long {n} = number({n.removeprefix('_size_')});\n" for n in names)
    objects = (project / "objects.h").read_text(encoding="utf-8")
    header = f'#include "input.h"\n{objects}'
    given = PROGRAM_INPUT + VECTOR_SUPPORT + declared + "}\n"
    (project / "input.h").write_text(given, encoding="utf-8")
    (project / "objects.h").write_text(header, encoding="utf-8")
    run = re.compile(r"(\.run\(|seconds = )[\d.e+-]+(, report_progress, |;)")
    durations = iter(data.durations)
    first, second = [], [f'#include "input.h"\nnamespace brian {{\n{defined}}}\n']
    for source in sources:
        text = text_of(source)
        if source == "main.cpp":
            text, count = run.subn(
                lambda found: f"{found[1]}number({data.number(next(durations))}){found[2]}", text
            )
            if count != len(data.durations):
                raise ProgramError("Brian2 wrote another number of runs than there are")
        if source == "network.cpp":
            text = lightly_driven(text)
        if source == "objects.cpp":  # reads and writes files: gains nothing, and compiles slowly
            text = f'#pragma GCC push_options\n#pragma GCC optimize("O0")\n{text}\n'
            text += "#pragma GCC pop_options\n"
        if source.endswith("_stateupdater_codeobject.cpp"):
            text = by_vectors(text)
        if source in parts:
            text = own_namespace(by_chunks(text), f"of_{Path(source).stem}")
        (first if source in parts and not once.match(source) else second).append(text)
    return "\n".join(first), "\n".join(second)


def own_namespace(text, name):
    """A code object whose support code does not collide with another's in one unit."""
    text = text.replace("////// SUPPORT CODE ///////\nnamespace {", f"namespace {name} {{", 1)
    use = "    using namespace brian;\n"
    return text.replace(use, use + f"    using namespace {name};\n") if name in text else text


def compile_program(project, units, flags, binary):
    """Compile the two units side by side and link them."""
    cxx = compiler()
    objects, running = [], []
    for index, text in enumerate(units):
        source = project / f"unit{index}.cc"
        source.write_text(text, encoding="utf-8")
        objects.append(f"unit{index}.o")
        # What runs once need not be fast, and compiles in half the time.
        level = [] if index == 0 else ["-O1"]
        command = [cxx, *flags, *level, "-I.", "-Ibrianlib", "-c", source.name, "-o", objects[-1]]
        log = (project / f"unit{index}.log").open("w+", encoding="utf-8")
        running.append((subprocess.Popen(command, cwd=project, stderr=log), log))
    for process, log in running:
        if process.wait():
            log.seek(0)
            raise ProgramError(f"the compiler failed:\n{log.read(2000)}")
        log.close()
    link = subprocess.run(
        [cxx, *objects, "-o", str(binary)], cwd=project, capture_output=True, text=True
    )
    if link.returncode:
        raise ProgramError(f"the linker failed:\n{link.stderr[:2000]}")


# Keeping -----------------------------------------------------------------------------------------


def program_cache():
    """The folder of compiled programs."""
    return own_cache("programs")


def cached_program(simulate, data, code, flags, workdir, warn, cache=None):
    """The folder of a whole program of this network: kept, or else built and kept.

    Where the cache cannot be written, `warn(text)` is called and it stays in `workdir`.
    """
    cache = program_cache() if cache is None else Path(cache)
    key = program_key(code, flags)
    entry = cache / key
    if is_whole(entry):
        touch(entry)
        return entry
    with one_at_a_time(cache, key):
        if is_whole(entry):  # built by another while this one waited
            return entry
        built = Path(workdir) / key
        build_program(simulate, data, code, flags, built)
        try:
            keep_program(built, entry)
            touch(entry)
            forget_programs(cache, PROGRAMS_KEPT, PROGRAM_BYTES_KEPT, entry)
        except OSError as error:  # read-only, or full
            warn(f"the compiled program is not kept in {cache}: {error.strerror or error}")
            return built
    return entry


def keep_program(built, entry):
    """Move a program into the cache, so that it is there whole or not at all."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    coming = entry.with_name(f"coming-{os.getpid()}-{entry.name}")
    try:
        shutil.copytree(built, coming)
        if entry.exists():  # broken, or it would have been used
            shutil.rmtree(entry)
        os.rename(coming, entry)
    finally:
        shutil.rmtree(coming, ignore_errors=True)


def is_whole(folder):
    """Whether a program is there as it was built."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return all(file_hash(folder / name) == h for name, h in manifest["hashes"].items())
    except (OSError, ValueError, KeyError):
        return False


def file_hash(path):
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_under(folder):
    """Every file in a folder and below."""
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def touch(folder):
    """Note that a program was used last of all, whatever time it is said to be."""
    try:
        last = max(other.stat().st_mtime_ns for other in folder.parent.iterdir())
        now = max(time.time_ns(), last + 1)
        os.utime(folder, ns=(now, now))
    except OSError:
        pass


@contextmanager
def one_at_a_time(cache, key):
    """Let others that want this program wait for it, where the file system can lock."""
    try:
        import fcntl

        cache.mkdir(parents=True, exist_ok=True)
        lock = (cache / f"{key}.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
    except (ImportError, OSError):
        yield  # two may build; the last is kept
        return
    try:
        yield
    finally:
        lock.close()


def is_under_way(cache, key):
    """Whether somebody builds a program at this moment; where nothing can be locked, perhaps."""
    try:
        import fcntl

        with (cache / f"{key}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return True
    return False


def forget_programs(cache, count, size, in_use=None):
    """Delete the programs that were not used for longest, down to a count and a size in bytes."""
    found = []
    for folder in Path(cache).iterdir():
        try:
            if folder.name.startswith("coming-"):
                if not is_under_way(Path(cache), folder.name.split("-", 2)[2]):  # but was killed
                    shutil.rmtree(folder, ignore_errors=True)
            elif folder.is_dir():
                bytes_ = sum(path.stat().st_size for path in files_under(folder))
                found.append((folder.stat().st_mtime_ns, bytes_, folder))
        except OSError:  # deleted by another at this moment
            continue
    total = sum(bytes_ for _, bytes_, _ in found)
    for _, bytes_, folder in sorted(found):
        if len(found) <= count and total <= size:
            break
        if folder != in_use:
            shutil.rmtree(folder, ignore_errors=True)
            (Path(cache) / f"{folder.name}.lock").unlink(missing_ok=True)
            found.pop()
            total -= bytes_


# Running -----------------------------------------------------------------------------------------


def run_program(program, data, workdir, report=None, state=None):
    """Run a program on `data` in the folder `workdir`; return its outputs.

    `report(t, spikes, weights, silent)` is called now and then, as live_line has them. With the
    `state` of an earlier run, it goes on from there.
    """
    program, workdir = Path(program).resolve(), Path(workdir)
    manifest = json.loads((program / "manifest.json").read_text(encoding="utf-8"))
    for name in ("inputs", "static_arrays", "results"):
        (workdir / name).mkdir(parents=True)
    for file in (program / "static_arrays").iterdir():
        shutil.copy(file, workdir / "static_arrays")
    np.array([data[key] for key in manifest["numbers"]], float).tofile(workdir / "inputs/numbers")
    for key, array in manifest["arrays"].items():
        values = np.ascontiguousarray(data[key], dtype=np.dtype(array["dtype"]))
        if array["size"] and len(values) != data[array["size"]]:
            raise ProgramError(f"{key} has {len(values)} values for {data[array['size']]} elements")
        values.tofile(workdir / array["file"])
    if state is not None:
        kinds = next(x["kinds"] for x in manifest["outputs"].values() if "kinds" in x)
        write_state(workdir / "inputs" / STATE_FILE, state, kinds)
    follow_program([str(program / "main"), "--results_dir", "results/"], workdir, report)
    done = float((workdir / "results/last_run_info.txt").read_text().split()[1])
    if abs(done - 1) > 1e-9:
        raise ProgramError(f"the run ended after {done:.3%} of its duration")

    def read(name):
        """One output's final values; of a state monitor, a row per sample."""
        output = manifest["outputs"][name]
        if "kinds" in output:
            return KeptState(output["kinds"]).read(workdir / "results")
        file, dtype, width = (output[key] for key in ("file", "dtype", "width"))
        values = np.fromfile(workdir / file, dtype=np.dtype(dtype))
        return values if width is None else values.reshape(-1, data[width])

    return Outputs(manifest["outputs"], read)


def follow_program(command, workdir, report):
    """Run a program to its end, or raise ProgramError; `report` as run_program has it."""
    environment = {**os.environ, "LD_BIND_NOW": "1"}
    errors_file = Path(workdir) / "errors.txt"
    with errors_file.open("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command, cwd=workdir, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
        try:
            for line in process.stdout or ():
                if report and (found := live_line(line)):
                    report(*found)
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if status:
            errors.seek(0)
            raise ProgramError(how_it_failed(status, errors.read(2000)))


def how_it_failed(status, errors):
    """A program's end in words."""
    if status == -signal.SIGINT or status == 130:
        return "the simulation was interrupted"
    if status == -signal.SIGKILL:
        return "the simulation was killed, perhaps for want of memory"
    if status < 0:
        return f"the simulation was ended by {signal.Signals(-status).name}\n{errors}"
    return f"the simulation failed: {errors.strip() or f'exit code {status}'}"


class Outputs(Mapping):
    """Arrays by name, each read when it is asked for."""

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
    """The outputs of a network that ran in this process, or as a program in a folder, by itself."""

    def read(name):
        place = outputs[name]
        if isinstance(place, np.ndarray | dict):  # of an earlier phase, or a whole state
            return place
        if isinstance(place, KeptFile | KeptState):
            return place.read(folder)
        owner, variable = place
        return np.array(owner.variables[variable].get_value())

    return Outputs(outputs, read)

"""What a network is given, as data, for all targets.

The network is described once, by a function of `data`:

    data      {"A1.N": 200, "A1.v": array, "ff.N": 2000, "ff.i": array, ..., "train": 10.0}
              int: a size; float: a duration (s); array: one value per element of the object that
              the key names up to its last dot, in SI units
    assign    sets a variable from the data       connect   makes the synapses
    replay    makes a group of given spikes       record    makes a state monitor
    follow    makes a function of time            seed_noise
    advance   runs for a duration

Brian2 writes a C++ project in which sizes, initial values, spikes and durations are literals or
files beside it. For a program, which runs any table of its model, `data` is a ProgramData: it gives
Brian2 a placeholder for each of them, and notes which input of the program takes its place.
"""

import re
from contextlib import contextmanager

import numpy as np

from .errors import ProgramError
from .live import PROGRAM_REPORT

REPORT_EVERY = 0.5  # s


class ProgramData(dict):
    """The data that a program is built with: its placeholders, and which input feeds what."""

    def __init__(self, data, code):
        """`code` is the text; no placeholder may equal one of its literals."""
        super().__init__(data)
        self.arrays = {}  # {key: {"name", "dtype", "size" or None}}
        self.numbers = []  # keys, in the order of the file of numbers
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
        device.array_cache[variable] = None  # so that Brian2 does not take it for known
        known = self.arrays.get(key)  # what a phase sets in each of its repeats
        input_name = known["name"] if known else str(len(self.arrays))
        dtype = np.dtype(variable.dtype).str
        self.arrays[key] = {"name": input_name, "dtype": dtype, "size": size}
        if not isinstance(variable, DynamicArrayVariable):
            return f'load("{input_name}", {name}, _num_{name});'
        return f'{"load" if size else "load_all"}("{input_name}", {name});'

    @contextmanager
    def as_files(self, keys, size):
        """Whatever Brian2 stores in the block comes from the inputs `keys`, read where Brian2
        stored them."""
        from brian2 import get_device

        before = set(get_device().static_arrays)
        yield
        made = [name for name in get_device().static_arrays if name not in before]
        if len(made) != len(keys):
            raise ProgramError(f"Brian2 stored {made} for {keys}")
        for key, name in zip(keys, made, strict=True):
            dtype = get_device().static_arrays[name].dtype.str
            self.arrays[key] = {"name": f"static_arrays/{name}", "dtype": dtype, "size": size}


def size_key(data, key):
    """The key of the size that belongs to an array's key: "A1.v" has "A1.N" values, and "ff.w" of
    synapses has "ff.__size"."""
    owner = key.rpartition(".")[0]
    return next(name for name in (f"{owner}.N", f"{owner}.__size") if name in data)


def assign(group, name, data, key):
    """Set a variable of a group, of synapses or of a pathway (`delay`). If all elements share it,
    it gets the first value."""
    variable = group.variables[name]
    if isinstance(data, ProgramData):
        from brian2 import get_device

        code = data.loaded(key, variable, None if variable.scalar else size_key(data, key))
        get_device().insert_code("main", code)
    else:
        group.state(name, use_units=False)[:] = data[key]


def connect(synapses, data, name):
    """Make the synapses from NAME.i to NAME.j; at least one."""
    if isinstance(data, ProgramData):
        size = size_key(data, f"{name}.i")
        nothing = np.zeros(data[size], dtype=np.int32)
        with data.as_files([f"{name}.i", f"{name}.j"], size):
            type(synapses).connect(synapses, i=nothing, j=nothing)
    else:
        synapses.connect(i=data[f"{name}.i"], j=data[f"{name}.j"])


def replay(data, name, dt):
    """NAME.N neurons; those in NAME.i spike in the steps NAME.__step (of dt seconds), sorted."""
    from brian2 import get_device, second
    from brian2.input.spikegeneratorgroup import SpikeGeneratorGroup

    options = {"dt": dt * second, "sorted": True, "name": name}
    if not isinstance(data, ProgramData):
        times = data[f"{name}.__step"] * dt * second
        return SpikeGeneratorGroup(data[f"{name}.N"], data[f"{name}.i"], times, **options)
    # Two spikes, because Brian2 would write a single one as a constant. Brian2 computes their bins
    # when the run starts; ours then replace them.
    group = SpikeGeneratorGroup(data[f"{name}.N"], [0, 0], [0, dt] * second, **options)
    lines = [
        data.loaded(f"{name}.i", group.variables["neuron_index"], None),
        data.loaded(f"{name}.__step", group.variables["_timebins"], None),
    ]
    if not data.durations:
        get_device().insert_code("before_network_run", "\n".join(lines))
    return group


def record(source, variables, data, name, **options):
    """A monitor of the elements NAME.__index of its source; at least one."""
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
    data.arrays[f"{name}.values"] = {"name": file, "dtype": "<f8", "size": f"{name}.N"}
    if width:
        data.products[rows * width] = (f"{name}.N", width)
    shape = (rows, width) if width else rows
    return TimedArray(np.zeros(shape) * unit, dt=dt * second, name=name)


@contextmanager
def index_array(data, key, size):
    """An array of indices that Brian2 stores by itself, with one element per element of `size`."""
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
    """Run for a duration; `report` is as Brian2's: a function, or the C++ of a program. A program
    has instead(line) in place of the line that runs the network, and `first` before it."""
    from brian2 import get_device, second

    options = {"namespace": {}, "report_period": REPORT_EVERY * second}
    if not isinstance(data, ProgramData):
        network.run(data[key] * second, report=report, **options)
        if instead:
            exchange_run(network, instead)
        return
    if not data.durations:
        # After Ctrl-C in the first run, a second run would go on.
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
        # Brian2 writes the time at which the earlier runs end as a literal.
        clocks = {o.clock for o in network.sorted_objects}
        times = [c.variables[name] for c in clocks for name in ("t", "timestep")]
        names = {get_device().get_array_name(variable) for variable in times}
        added = [x for x in queue[before:] if x[0] != "set_by_single_value" or x[1][0] not in names]
        queue[before:] = added
    if not instead:
        data.durations.append(key)
    # What replay put there must happen only once.
    get_device().code_lines["before_network_run"].clear()


def exchange_run(network, instead):
    """Replace the last line that runs the network with instead(line)."""
    from brian2 import get_device

    lines = next(x[1][1] for x in reversed(get_device().main_queue) if x[0] == "run_network")
    place = next(k for k, line in enumerate(lines) if line.startswith(f"{network.name}.run("))
    lines[place] = instead(lines[place])

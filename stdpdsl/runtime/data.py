"""What a network is made of: arrays in SI units, before any simulator sees them.

A layer or connection has copies: one per block, or one per replicate if it is shared. Copy k of a
layer has the neurons k*size to (k + 1)*size - 1. A shard has only the copies of its own blocks and
of their replicates; copy 0 belongs to its first block.
"""

import os
from fractions import Fraction

import numpy as np

from .errors import fail
from .single import in_single


class Data:
    """First values of the layers, replayed spikes, and the connections' edges, by name."""

    def __init__(self, row, blocks, first_blocks, dt, folder):
        """`row` is the table of the shard's `blocks`, a range of the sweep's blocks. `first_blocks`
        is the result of `first_blocks` for the whole table."""
        self.row = row
        self.first, self.blocks = blocks.start, len(blocks)
        self.replicate_of_block = replicates_in(row, self.blocks)
        self.replicate_of_copy = np.unique(self.replicate_of_block)
        self.heard = np.searchsorted(self.replicate_of_copy, self.replicate_of_block)
        # What the blocks of several shards share is saved by the first of these shards.
        self.saves = np.array([first_blocks[r] >= self.first for r in self.replicate_of_copy])
        self.dt = dt
        self.lag = 0.0  # s by which the step of a spike begins later than before `refine`
        self.folder = folder
        self.phase_steps = []
        self.endings = ()  # the numbers of the phases that end for a block when a condition holds
        self.until = None  # when blocks are stable: tolerance, and window in steps
        self.sizes = {}  # (neurons in a copy, shared) of each layer
        self.values = {}
        self.varying = {}  # parameters that differ between blocks or phases, by component
        self.common = {}  # values that all elements of a component share, held as variables
        self.single = {}  # variables in single precision, by component
        self.spikes = {}
        self.edges = {}
        self.counters = {}  # (copy of each, shared) of what normalises
        # Whether the state is left for a later run, with spikes that arrive after the end.
        self.keeps = False
        self.parts = {}  # [(object, block, synapses)] of each connection
        self.drives = {}  # a row of values per step, by filterbank
        self.recorded = {}  # [(monitor, elements)] of each record line
        self.samples = {}
        self.presentations = []  # of the one sound that the network hears, by replicate
        self.warnings = []
        self.rounded = []  # delays that were not whole steps: see synapses.delays

    @property
    def steps(self):
        """Number of steps of the whole run."""
        return sum(self.phase_steps)

    def phase_times(self, phases):
        """Name, start and stop (s) of each phase, as requested."""
        ends = np.cumsum([0, *self.phase_steps]) * self.dt
        return [
            {"name": phase["name"], "start": float(ends[k]), "stop": float(ends[k + 1])}
            for k, phase in enumerate(phases)
        ]

    def file(self, name):
        """The path of a file that the spec names."""
        return os.path.join(self.folder, name)

    def copy_of(self, component):
        """The copy that each neuron of a layer, or each synapse of a connection, belongs to."""
        if component in self.edges:
            return self.edges[component].copy
        size, shared = self.sizes[component]
        return np.repeat(np.arange(len(self.copies(shared))), size)

    def objects(self, component):
        """[(object, block, elements)] of a layer or connection: see parts_of."""
        return self.parts.get(component, [(component, None, slice(None))])

    def is_shared(self, component):
        """Whether a layer or connection exists once per replicate, for all its blocks."""
        if component in self.edges:
            return self.edges[component].shared
        return self.sizes[component][1]

    def hold(self, varying, common=None, single=None):
        """Move parameters that a component holds as variables to its elements, and values that all
        elements share to the component. `single` are the variables in single precision."""
        self.varying, self.common, self.single = varying, common or {}, single or {}
        for component, parameters in varying.items():
            copy = self.copy_of(component)
            values = {name: full(at(value, copy), len(copy)) for name, value in parameters.items()}
            if component in self.edges:
                self.edges[component].parameters = values
            else:
                self.values[component] = values | self.values[component]
        for component in self.single:
            edges = self.edges.get(component)
            firsts = (edges.values, edges.parameters) if edges else (self.values[component],)
            for values in (*firsts, self.common.get(component, {})):
                values |= {name: self.as_held(component, name, v) for name, v in values.items()}

    def as_held(self, component, name, values):
        """A variable's values as the network holds them."""
        if name not in self.single.get(component, ()):
            return values
        return in_single(values, f"{name} of {component}")

    def refine(self, parts):
        """Divide each time step into several, with the inputs and delays that were made for the
        whole ones. A spike acts at the end of its step, so it moves into the last substep."""
        self.lag = self.dt - self.dt / parts
        self.dt /= parts
        self.phase_steps = [steps * parts for steps in self.phase_steps]
        self.spikes = {
            layer: (neuron, step * parts + parts - 1)
            for layer, (neuron, step) in self.spikes.items()
        }
        if self.until:
            self.until.steps *= parts

    def own_sizes(self):
        """Number of neurons of each layer that every block has a copy of."""
        return {layer: size for layer, (size, shared) in self.sizes.items() if not shared}

    def copies(self, shared):
        """The replicate of each copy."""
        return self.replicate_of_copy if shared else self.replicate_of_block

    def sources(self, shared, of_shared):
        """For each copy of one object, the matching copy of another object, which may be shared."""
        return self.heard if of_shared and not shared else np.arange(len(self.copies(shared)))


def replicates_in(row, blocks):
    """The replicate of each block."""
    return row.get("replicate", np.zeros(blocks)).astype(int)


def first_blocks(row, blocks):
    """The first block of each replicate, for a table with a given number of rows."""
    number, first = np.unique(replicates_in(row, blocks), return_index=True)
    return dict(zip(number.tolist(), first.tolist(), strict=True))


def neurons(size, copies):
    """(number within the layer, copy) of each neuron."""
    return np.tile(np.arange(size), len(copies)), np.repeat(np.arange(len(copies)), size)


def full(value, count):
    """One value per element. A negative number raised to a fractional power is an error."""
    if np.iscomplexobj(value):
        fail(f"a value comes out as {np.ravel(value)[0]:g}, which is not a real number")
    return value + np.zeros(count)


def at(value, index):
    """A parameter's value at each element: one number for all, or that of the block."""
    return value[index] if np.ndim(value) else value


def in_32_bits(values, what):
    """Whole numbers that an `integer` variable can hold."""
    outside = np.abs(values) >= 2**31
    if np.any(outside):
        number = np.broadcast_to(values, np.shape(outside))[outside].flat[0]
        fail(
            f"{what} is {number:.0f} somewhere, and an integer variable holds less than 2**31;"
            " declare it with `: 1`"
        )
    return values


def steps_of(duration, dt):
    """Whole steps that hold a duration (s)."""
    return int(np.ceil(duration / dt - 1e-6))


def times_of(steps, dt):
    """The times (s) of steps: the doubles nearest to the decimal numbers that a spec would
    contain."""
    unit = Fraction(dt).limit_denominator(10**12)
    return steps * unit.numerator / unit.denominator if unit else steps * dt

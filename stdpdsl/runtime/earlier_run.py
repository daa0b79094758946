"""What a run leaves for a later one, as a table: its state, and weights and counts after its
phases. A later run reads that table, the spikes and the samples.

A row of the table is the value of one element, in the order of the elements of a block. So the
blocks of an earlier run may be cut into other shards. A spike under way has two rows: the number of
steps until it acts, and the place of its synapse among those of its block.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from .errors import fail
from .folder import footer_checksum, read_metadata
from .given import LONGEST_QUEUE
from .going_on import STATE
from .objects import counter_of
from .outputs import Outputs
from .whole_state import QUEUE

AHEAD, SYNAPSE = f"{QUEUE}.ahead", f"{QUEUE}.synapse"
AFTER = "__after_"  # no name in a spec contains `__`


class SortedElements:
    """The elements of an object, sorted by copy, and the copy of each."""

    def __init__(self, copy, shared, copies):
        self.copy, self.shared, self.copies = copy, shared, copies
        self.starts = np.searchsorted(copy, np.arange(copies + 1))


def elements_of(x):
    """{object: its SortedElements} of all that has a state."""
    found = {}
    for layer, (_, shared) in x.sizes.items():
        copies = len(x.copies(shared))
        found[counter_of(layer)] = found[layer] = SortedElements(x.copy_of(layer), shared, copies)
    for connection, edges in x.edges.items():
        for name, _, part in x.parts[connection]:
            found[name] = SortedElements(edges.copy[part], edges.shared, len(edges.copies))
    for name, (copy, shared) in x.counters.items():
        found[name] = SortedElements(copy, shared, len(x.copies(shared)))
    return found


def is_space(key):
    """Whether a variable is Brian2's list of the elements that had an event in the last step."""
    variable = key.partition(".")[2]
    return variable.startswith("_") and variable.endswith("space")


# Writing -----------------------------------------------------------------------------------------


def save_state(x, results, outputs):
    """Write the state that a run has left, one value per row."""
    elements = elements_of(x)
    state = outputs[STATE] | {key: outputs[key] for key in outputs if AFTER in key}
    for key, values in state.items():
        if not len(values):
            continue
        mine = elements[key.partition(".")[0]]
        if key.endswith(QUEUE):
            ahead, synapse = values.T
            copy = mine.copy[synapse]
            order = np.argsort(copy, kind="stable")
            rows = copy[order], mine.shared
            append(x, results, f"{key}.ahead", *rows, ahead[order])
            append(x, results, f"{key}.synapse", *rows, (synapse - mine.starts[copy])[order])
            continue
        if is_space(key):
            flags = np.zeros(len(values) - 1)
            flags[values[: values[-1]]] = 1
            values = flags
        append(x, results, key, mine.copy, mine.shared, values)


def append(x, results, key, copy, shared, values):
    """Add rows of a variable. What is shared is saved by the first shard that has it."""
    columns = {"variable": key, "value": np.asarray(values, float)}
    if not shared:
        results.append("state", copy + x.first, columns)
        return
    saved = x.saves[copy]
    columns["value"] = columns["value"][saved]
    if "replicate" in results.tables["blocks"].sweep:
        columns["replicate"] = x.replicate_of_copy[copy[saved]]
    if np.any(saved):
        results.append("state", None, columns)


# Reading -----------------------------------------------------------------------------------------


class Earlier:
    """What an earlier run left in the results folder given by an option: the `phase` and the `step`
    in which it ended, its `state`, and what it `recorded`, by output name.

    `checksum` is that of its metadata; `phases` are those of this run; `spikes` are the layers
    whose spikes are recorded; `samples` are [(number, component, [(name, model's name)], steps)].
    """

    def __init__(self, x, options, checksum, phases, spikes, samples):
        self.x, self.folder = x, Path(options.earlier)
        self.metadata = read_metadata(self.folder)
        if self.metadata.get("checksum") != checksum:
            fail(f"{self.folder}: was changed in the meantime; run the command again")
        if self.metadata["target"] != options.target:
            fail(
                f"{self.folder}: was run on {self.metadata['target']}, and cannot go on here, on"
                f" {options.target}, to the last bit"
            )
        before = self.metadata["phases"]
        self.phase = len(before) - 1
        self.step = round(self.metadata["time_reached"] / x.dt)
        self.check_phases(before, x.phase_times(phases))
        self.elements = elements_of(x)
        self.state, self.recorded = self.read_state(), {}
        for layer in spikes:
            if layer not in x.spikes:
                self.read_spikes(layer)
        self.read_samples([one for one in samples if one[0] in x.recorded])

    def check_phases(self, before, now):
        """Fail unless this run begins like the earlier one."""
        for number, (old, new) in enumerate(zip(before, now, strict=False)):
            last = number == self.phase
            if len(before) > 1 and old["name"] != new["name"]:
                fail(f"the phase {old['name']} of the earlier run is now {new['name']}")
            if old["stop"] > new["stop"] or (old["stop"] < new["stop"] and not last):
                fail(
                    f"the phase {old['name']} ended at {old['stop']:g} s in the earlier run, and"
                    f" now ends at {new['stop']:g} s"
                )
        if self.x.steps <= self.step:
            fail(
                f"the run of {self.x.steps * self.x.dt:g} s is not longer than the earlier run of"
                f" {self.step * self.x.dt:g} s: there is nothing to add"
            )

    def rows(self, table, columns, condition=None):
        """[(copy of each row, {column: values})] for this shard's blocks: first what each block has
        of its own, then what is shared, each in the order of the copies."""
        known, x = self.metadata["footers"].get(table, {}), self.x
        parts = [self.folder / table / name for name in sorted(known)]
        block, found = ds.field("block"), []
        own = (block >= x.first) & (block < x.first + x.blocks)
        try:
            if any(footer_checksum(part) != known[part.name] for part in parts):
                fail(f"{self.folder / table}: is damaged")
            checked = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
            form = ds.ParquetFileFormat(default_fragment_scan_options=checked)
            data = ds.dataset(parts, format=form)
            replicate = "replicate" if "replicate" in data.schema.names else "block"
            number = {"copy": ds.field(replicate)}
            read = {name: ds.field(name) for name in columns}
            for mine, copy in ((own, {"copy": block}), (block.is_null(), number)):
                chosen = mine if condition is None else mine & condition
                found.append(data.to_table(columns=read | copy, filter=chosen))
        except (OSError, ValueError, pa.ArrowException) as error:
            fail(f"{self.folder / table}: cannot be read: {error}")
        return [self.of_copies(rows, columns, shared) for shared, rows in enumerate(found)]

    def of_copies(self, rows, columns, shared):
        """The same for given rows, whose column `copy` contains the block or the replicate."""
        x, number = self.x, rows["copy"].to_numpy()
        if not shared:
            copy = number - x.first
        elif len(number) and number.dtype != object and np.all(np.isfinite(number)):
            copy = np.searchsorted(x.replicate_of_copy, number)
            copy[~np.isin(number, x.replicate_of_copy)] = -1
        else:
            copy = np.zeros(len(number), int)
        order = np.argsort(copy, kind="stable")
        order = order[copy[order] >= 0]
        values = {}
        for name in columns:
            column = rows[name].combine_chunks()
            if pa.types.is_string(column.type):  # many rows share one text
                column = column.dictionary_encode()
                column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
                values[f"{name}s"] = column.dictionary.to_pylist()
                column = column.indices
            values[name] = column.to_numpy(zero_copy_only=False)[order]
        return copy[order], values

    def read_state(self):
        """The state, by the keys of `changing` and `queues`, and weights and counts after
        phases."""
        values = {}
        for copy, found in self.rows("state", ["variable", "value"]):
            order = np.argsort(found["variable"], kind="stable")
            keys = found["variables"]
            ends = np.searchsorted(found["variable"][order], np.arange(len(keys) + 1))
            for number, key in enumerate(keys):
                mine = order[ends[number] : ends[number + 1]]
                values[key] = copy[mine], found["value"][mine]
        state = {}
        for key, (copy, one) in values.items():
            mine = self.elements.get(key.partition(".")[0])
            if mine is None or key.endswith(SYNAPSE):
                continue
            if key.endswith(AHEAD):
                base = key.removesuffix(".ahead")
                state[base] = self.spikes_under_way(base, copy, one, values.get(f"{base}.synapse"))
                continue
            if not np.array_equal(copy, mine.copy):
                fail(
                    f"{self.folder}: has {len(one)} values of {key}, where the network has"
                    f" {len(mine.copy)}"
                )
            if is_space(key):
                events = np.flatnonzero(one)
                one = np.zeros(len(one) + 1)
                one[: len(events)], one[-1] = events, len(events)
            state[key] = one
        return Read(state, {n for n, mine in self.elements.items() if not len(mine.copy)})

    def spikes_under_way(self, key, copy, ahead, synapses):
        """(steps ahead, synapse) of each spike, sorted by steps. The file may come from a
        stranger."""
        mine = self.elements[key.partition(".")[0]]
        there, place = synapses or (copy[:0], ahead[:0])
        right = np.array_equal(there, copy) and np.all(np.isfinite([ahead, place]))
        right = right and np.all((ahead >= 0) & (ahead < LONGEST_QUEUE) & (place >= 0))
        if not right or np.any(place >= np.diff(mine.starts)[copy]):
            fail(f"{self.folder}: {key} holds spikes of synapses that do not exist")
        spikes = np.stack([ahead, place + mine.starts[copy]], axis=1).astype(np.int32)
        return spikes[np.argsort(ahead, kind="stable")]

    def read_spikes(self, layer):
        """Spikes of a layer, in the order in which a monitor has them."""
        size, shared = self.x.sizes[layer]
        rows = self.rows("spikes", ["neuron", "t"], ds.field("layer") == layer)
        copy, found = rows[1 if shared else 0]
        neuron = found["neuron"] + copy * size
        order = np.lexsort((neuron, found["t"]))
        monitor = counter_of(layer)
        self.recorded |= {f"{monitor}.i": neuron[order], f"{monitor}.t": found["t"][order]}

    def read_samples(self, samples):
        """Samples, as a monitor has them: a row for each time, a column for each element."""
        lines = {}
        for number, component, variables, steps in samples:
            for shown, model in variables:
                lines.setdefault((component, shown), []).append((number, model, steps))
        for (component, shown), monitors in lines.items():
            side = "connection" if component in self.x.edges else "layer"
            condition = (ds.field(side) == component) & (ds.field("variable") == shown)
            rows = self.rows("trajectories", ["t", "value"], condition)
            copy, found = rows[1 if self.x.is_shared(component) else 0]
            self.take_samples(component, copy, found, monitors)

    def take_samples(self, component, copy, found, monitors):
        """Separate what several monitors recorded of one variable. For each copy, the first
        monitor's elements come first, each with its samples and the state at the end."""
        copies = self.x.copy_of(component)
        parts = []
        for number, _, steps in monitors:
            ((_, chosen),) = self.x.recorded[number]
            each = -(-self.step // steps) + 1
            parts.append((copies[chosen], each))
        owner = np.concatenate([np.repeat(mine, each) for mine, each in parts])
        which = np.concatenate(
            [np.full(len(mine) * each, k) for k, (mine, each) in enumerate(parts)]
        )
        order = np.lexsort((which, owner))
        if not np.array_equal(owner[order], copy):
            fail(
                f"{self.folder}: has {len(copy)} samples of {component}, where {len(owner)} would"
                " be recorded"
            )
        for k, ((number, model, _), (mine, each)) in enumerate(zip(monitors, parts, strict=True)):
            ((monitor, _),) = self.x.recorded[number]
            rows = which[order] == k
            t, value = (found[n][rows].reshape(len(mine), each)[:, :-1] for n in ("t", "value"))
            if np.any(t != t[:1]):
                fail(f"{self.folder}: the samples of {component} have different times")
            self.recorded |= {f"{monitor}.t": t[0], f"{monitor}.{model}": value.T}

    def whole(self, outputs):
        """The outputs of both runs, joined as those of one."""

        def read(name):
            phase = name.rpartition(AFTER)[2] if AFTER in name else ""
            if phase and int(phase) < self.phase:
                return self.state[name]
            values = outputs[name]
            if name in self.recorded:
                before = np.asarray(self.recorded[name]).astype(values.dtype)
                return np.concatenate([before, values])
            return values

        return Outputs(outputs, read)


class Read(dict):
    """A state as it was read. If nothing is said about spikes, none are under way. `empty` objects
    have no values."""

    def __init__(self, state, empty):
        super().__init__(state)
        self.empty = empty

    def __contains__(self, key):
        nothing = key.endswith(QUEUE) or key.partition(".")[0] in self.empty
        return super().__contains__(key) or nothing

    def __missing__(self, key):
        if key not in self:
            raise KeyError(key)
        return np.zeros((0, 2) if key.endswith(QUEUE) else 0)

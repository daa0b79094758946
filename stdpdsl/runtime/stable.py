"""Blocks that are set aside when their weights no longer move.

After every window of time, a connection's weights are compared with those one window earlier. The
mean distance over a block's synapses, as in `settling_time`, must be at most `tolerance` of the
largest distance in any window so far. A block is stable when that holds for all its connections and
at least some of its weights have moved. Weights that relax exponentially were then, one window ago,
as near to their end as `settling_time` requires. Weights that drift steadily are never stable.

The state that a stable block has of its own is kept at that time, and put back when the run ends,
which is when all blocks of the process are stable. So a block's results are the same whatever other
blocks there are.
"""

import re
from types import SimpleNamespace

import numpy as np

from .data import steps_of
from .errors import fail
from .measures import summed_by

WATCH = "watch_of_blocks"
PARTS_OF_A_RUN = 10


def windows_of(x, asked):
    """`asked` is None, or the tolerance and the window (s); a window of None means a tenth of the
    run. Returns the same with the window in steps."""
    if asked is None:
        return None
    window = asked["window"]
    steps = -(-x.steps // PARTS_OF_A_RUN) if window is None else steps_of(window, x.dt)
    if not 0 < steps <= x.steps:
        fail(
            f"--until-stable: the weights would never be compared: the run of"
            f" {x.steps * x.dt:g} s holds no window"
            + ("" if window is None else f" of {window:g} s; take a shorter one")
        )
    return SimpleNamespace(tolerance=asked["tolerance"], steps=steps)


def watch(given, objects):
    """What records the step in which each block was set aside, 0 if it was not."""
    from brian2 import NeuronGroup, get_device

    clock = next(iter(objects.groups.values())).clock
    objects.groups[WATCH] = group = NeuronGroup(
        given[f"{WATCH}.N"], "stopped : 1", namespace={}, clock=clock, name=WATCH
    )
    if hasattr(get_device(), "array_cache"):  # so that Brian2 does not take the zeros for known
        get_device().array_cache[group.variables["stopped"]] = None
    return group


def watched_links(x, objects, weights):
    """[(name, weight, [(object, the block of each synapse, the same in C++)])] of the connections
    that each block has to itself."""
    found = []
    for connection, weight in weights.items():
        edges = x.edges[connection]
        if not edges.shared and len(edges.i):
            found.append((connection, weight, of_blocks(x, objects, connection)))
    return found


def of_blocks(x, objects, component):
    """[(object, the block of each element, the same in C++)] of a layer or connection."""
    if component in x.sizes:
        size = x.sizes[component][0]
        return [(objects.groups[component], x.copy_of(component), f"i / {size}")]
    found = []
    for s, (_, block, part) in zip(objects.links[component], x.parts[component], strict=True):
        place = place_of_synapse(x, s) if block is None else str(block)
        found.append((s, x.edges[component].copy[part], place))
    return found


def place_of_synapse(x, s):
    """The block of synapse i, in C++: that of the side that is not shared."""
    side, layer = ("pre", s.source) if x.sizes[s.target.name][1] else ("post", s.target)
    return f"{array_name(s, f'_synaptic_{side}')}[i] / {x.sizes[layer.name][0]}"


def kept_arrays(x, objects):
    """[(object, variable, the block of each element, the same in C++)] of everything that a block
    has to itself and that changes during the run."""
    from brian2.core.variables import ArrayVariable

    owners = []
    for layer, (size, shared) in x.sizes.items():
        if not shared and layer not in x.spikes:
            owners += of_blocks(x, objects, layer)
            place = x.copy_of(layer), f"i / {size}"
            owners += [(c, *place) for c in objects.counters.get(layer, ())]
    for connection, edges in x.edges.items():
        if not edges.shared and len(edges.i):
            owners += of_blocks(x, objects, connection)
    return [
        (owner, name, block, place)
        for owner, block, place in owners
        for name, v in owner.variables.items()
        if isinstance(v, ArrayVariable)
        and v.owner.name == owner.name
        and not (v.scalar or v.constant)
        and name not in ("i", "t", "spiketime", "_spikespace")
    ]


def array_name(owner, name):
    """The name of an array in a program; nothing if no program is built."""
    from brian2 import get_device

    device = get_device()
    if not hasattr(device, "main_queue"):
        return ""
    return "brian::" + device.get_array_name(owner.variables[name], access_data=False)


# In this process ---------------------------------------------------------------------------------


class Watcher:
    """Checks the weights of a network that runs in this process, window by window."""

    def __init__(self, x, objects, weights, network):
        self.x, self.network, self.step = x, network, 0
        self.group = objects.groups[WATCH]
        self.links = watched_links(x, objects, weights)
        self.kept = kept_arrays(x, objects)
        self.values: list[np.ndarray | None] = [None] * len(self.kept)
        self.last: list[np.ndarray] = []
        self.largest = np.zeros((len(self.links), x.blocks))

    def operation(self):
        """Called by the network at the end of each step."""
        from brian2 import NetworkOperation

        self.last = self.weights()
        clock = self.group.clock
        return NetworkOperation(self.end_of_step, clock=clock, when="after_end", order=0)

    def weights(self):
        """For each connection, one value per synapse, in the order of the blocks' own synapses."""
        return [
            np.concatenate([np.array(s.variables[weight].get_value()) for s, _, _ in parts])
            for _, weight, parts in self.links
        ]

    def end_of_step(self):
        self.step += 1
        if self.step % self.x.until.steps == 0:
            self.look()

    def look(self):
        """Set stable blocks aside; stop the run when all are stable."""
        now = self.weights()
        moving, moved = np.zeros((2, self.x.blocks), bool)
        for k, (_, _, parts) in enumerate(self.links):
            block = np.concatenate([blocks for _, blocks, _ in parts])
            gap = summed_by(block, np.abs(now[k] - self.last[k]), self.x.blocks)
            self.largest[k] = np.fmax(self.largest[k], gap)
            moving |= ~(gap <= self.x.until.tolerance * self.largest[k])
            moved |= self.largest[k] > 0
        self.last = now
        stopped = self.group.variables["stopped"].get_value()
        fresh = moved & ~moving & (stopped == 0)
        stopped[fresh] = self.step
        if np.any(fresh):
            for k, (owner, name, block, _) in enumerate(self.kept):
                values = owner.variables[name].get_value()
                kept = self.values[k]
                self.values[k] = np.where(fresh[block], values, values if kept is None else kept)
        if np.all(stopped > 0):
            self.network.stop()

    def put_back(self):
        """Restore each block that was set aside to its state at that time."""
        stopped = self.group.variables["stopped"].get_value() > 0
        for (owner, name, block, _), kept in zip(self.kept, self.values, strict=True):
            if kept is not None:
                values = owner.variables[name].get_value()
                values[stopped[block]] = kept[stopped[block]]


# In a program ------------------------------------------------------------------------------------

# Runs one window at a time, to a multiple of the step, so that rounding errors do not add up.
WATCHED_RUN = """
{
    double *stopped = %(stopped)s;
    const int64_t blocks = %(blocks)s;
    const double tolerance = %(tolerance)s;
    const int64_t window = std::llround(%(window)s), steps = std::llround(%(duration)s / %(dt)r);
    std::vector<char> fresh(blocks);
%(begin)s
    for (int64_t step = 0, waiting = blocks; step < steps && waiting;) {
        step = std::min(step + window, steps);
        %(network)s.run(step * %(dt)r - %(network)s.t, %(report)s, %(period)s);
        if (Network::_globally_stopped) return 130;
        if (step %% window) continue;
        std::vector<char> moving(blocks), moved(blocks);
%(look)s
        bool any = false;
        for (int64_t b = 0; b < blocks; b++) {
            fresh[b] = moved[b] && !moving[b] && !stopped[b];
            if (fresh[b]) { stopped[b] = step; waiting--; any = true; }
        }
        if (any) {
%(keep)s
        }
    }
%(put_back)s
}
"""
OF_CONNECTION = """
        {
            std::vector<double> gap(blocks);
            size_t k = 0;
%(sums)s
            for (int64_t b = 0; b < blocks; b++) {
                if (gap[b] > largest_%(n)d[b]) largest_%(n)d[b] = gap[b];
                if (!(gap[b] <= tolerance * largest_%(n)d[b])) moving[b] = 1;
                if (largest_%(n)d[b] > 0) moved[b] = 1;
            }
        }"""
OF_PART = """
            for (size_t i = 0; i < %(w)s.size(); i++, k++) {
                const int64_t b = %(place)s;
                gap[b] += std::fabs(%(w)s[i] - last_%(n)d[k]);
                last_%(n)d[k] = %(w)s[i];
            }"""


def watched_run(x, objects, weights, numbers, line):
    """C++ that replaces a line that runs a network for a duration. `numbers` are code for the
    tolerance, the window (steps) and the duration (s)."""
    found = re.fullmatch(r"(\w+)\.run\([^,]+, (\w+), (\S+)\);", line)
    if found is None:
        raise ValueError(f"this line runs no network: {line}")
    network, report, period = found.groups()
    begin, look, keep, put_back = [], [], [], []
    for n, (_, weight, parts) in enumerate(watched_links(x, objects, weights)):
        begin.append(f"    std::vector<double> last_{n}, largest_{n}(blocks);")
        sums = []
        for s, _, place in parts:
            w = array_name(s, weight)
            begin.append(f"    last_{n}.insert(last_{n}.end(), {w}.begin(), {w}.end());")
            sums.append(OF_PART % {"w": w, "place": place, "n": n})
        look.append(OF_CONNECTION % {"sums": "".join(sums), "n": n})
    for n, (owner, name, _, place) in enumerate(kept_arrays(x, objects)):
        array = array_name(owner, name)
        count = f"{array}.size()" if "_dynamic_" in array else array.replace("::", "::_num_")
        begin.append(f"    std::vector<std::decay<decltype({array}[0])>::type> kept_{n};")
        each = f"for (size_t i = 0; i < (size_t){count}; i++)"
        keep.append(f"            kept_{n}.resize({count});")
        keep.append(f"            {each} if (fresh[{place}]) kept_{n}[i] = {array}[i];")
        put_back.append(f"    if (kept_{n}.size()) {each}")
        put_back.append(f"        if (stopped[{place}]) {array}[i] = kept_{n}[i];")
    stopped = array_name(objects.groups[WATCH], "stopped")
    return WATCHED_RUN % {
        **numbers,
        "network": network,
        "report": report,
        "period": period,
        "dt": x.dt,
        "stopped": stopped,
        "blocks": stopped.replace("::", "::_num_"),
        "begin": "\n".join(begin),
        "look": "".join(look),
        "keep": "\n".join(keep),
        "put_back": "\n".join(put_back),
    }

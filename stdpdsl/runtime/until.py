"""Phases that end for a block when a condition holds, in this process or in a program.

All blocks share one clock, so the phase goes on to its stated end. The state that a block has of
its own is kept from the check at which its condition first holds, and put back when the phase ends.
The times in it are shifted by the time that the block waited. So nothing in a waiting block depends
on how long others go on. If all blocks wait, the rest of the phase is skipped.
"""

import operator
import re

import numpy as np

from .block_parts import BlockParts
from .going_on import is_here, next_spike
from .objects import array_of, queue_of
from .program_data import exchange_run
from .whole_state import send, under_way

RELATION_NAMES = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}
RELATIONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def run_until(net, state, seconds, place, what, of, relation, phases, times=(), **blocks):
    """Run a phase, number `place` of the `phases` that end this way. A block waits from the first
    check at which `what`, measured `of` a component (and a variable, or nothing), has the relation
    to its goal. `times` are the (component, variable) that hold a time."""
    parts = BlockParts(net, state, phases, **blocks)
    moving = {"lastspike", "lastupdate"}, set(times)
    if is_here():
        run_here(net, parts, seconds, place, what, of, relation, moving)
    else:
        net.run(seconds, namespace={})
        exchange_run(
            parts.network, lambda line: code_until(parts, line, place, what, of, relation, moving)
        )


def is_time(owner, name, moving):
    """Whether a variable holds a time, which advances while its block waits."""
    always, own = moving
    return name in always or any(
        name == v and (owner.name == c or owner.name.startswith(f"{c}__")) for c, v in own
    )


# In this process ---------------------------------------------------------------------------------


class Waiting:
    """The blocks that wait in a phase that runs in this process, and the state in which they
    wait."""

    def __init__(self, parts, seconds, place, what, of, relation):
        self.parts, self.what, self.holds = parts, what, RELATIONS[relation]
        self.dt = parts.ends.clock.dt_
        mine = slice(place * parts.blocks(), (place + 1) * parts.blocks())
        self.stopped, self.goal, self.every = (
            parts.ends.variables[name].get_value()[mine] for name in ("stopped", "goal", "every")
        )
        self.stopped[:] = 0
        self.window, self.steps = int(self.every[0]), round(float(seconds) / self.dt)
        self.step, self.first = 0, round(float(parts.network.t) / self.dt)
        self.skips = parts.may_skip()
        self.variable = of[1]
        name = of[0] if of[1] else f"{of[0]}__spikes"
        self.measured = parts.parts(name) if of[1] else [parts.network[name]]
        self.held = [(o, name, parts.block_of_each(owner)) for o, name, owner in parts.held()]
        self.kept = [np.array(o.variables[name].get_value()) for o, name, _ in self.held]
        self.pathways = [(p, parts.block_of_each(owner)) for p, owner in parts.pathways()]
        self.spikes = [np.zeros((0, 2), np.int32) for _ in self.pathways]
        self.before = None if of[1] else self.counted()

    def counted(self):
        """The spikes of each block so far."""
        monitor = self.measured[0]
        block = self.parts.block_of_each(monitor.source)
        count = monitor.variables["count"].get_value()
        return np.bincount(block, weights=count, minlength=len(self.goal))

    def measure(self):
        """The values to compare with the goals now."""
        if not self.variable:
            now = self.counted()
            if self.what == "count":
                return now - self.before
            size = len(self.measured[0].source) // len(self.goal)
            rate = (now - self.before) / (size * (self.window * self.dt))
            self.before = now
            return rate
        block = np.concatenate([self.parts.block_of_each(o) for o in self.measured])
        values = np.concatenate([o.variables[self.variable].get_value() for o in self.measured])
        number = np.bincount(block, minlength=len(self.goal))
        if self.what in ("sum", "mean"):
            total = np.bincount(block, weights=values, minlength=len(self.goal))
            with np.errstate(invalid="ignore", divide="ignore"):
                return total if self.what == "sum" else total / number
        least = self.what == "min"
        found = np.full(len(self.goal), np.inf if least else -np.inf)
        (np.minimum if least else np.maximum).at(found, block, values)
        found[number == 0] = np.nan
        return found

    def end_of_step(self):
        self.step += 1
        if self.step % self.window:
            return
        fresh = self.holds(self.measure(), self.goal) & (self.stopped == 0)
        if not np.any(fresh):
            return
        self.stopped[fresh] = self.step
        for k, (owner, name, block) in enumerate(self.held):
            mine = fresh[block]
            self.kept[k][mine] = owner.variables[name].get_value()[mine]
        for k, (pathway, block) in enumerate(self.pathways):
            spikes = under_way(pathway)
            self.spikes[k] = np.concatenate([self.spikes[k], spikes[fresh[block[spikes[:, 1]]]]])
        if self.skips and np.all(self.stopped > 0):
            self.parts.network.stop()

    def put_back(self, moving):
        """Restore each block that waited to its state at that time."""
        waits = self.stopped > 0
        if not np.any(waits):
            return
        since = (self.steps - self.stopped) * self.dt
        for (owner, name, block), kept in zip(self.held, self.kept, strict=True):
            moved = kept + since[block] if is_time(owner, name, moving) else kept
            mine = waits[block]
            owner.variables[name].get_value()[mine] = moved[mine]
        for (pathway, block), kept in zip(self.pathways, self.spikes, strict=True):
            now = under_way(pathway)
            spikes = np.concatenate([now[~waits[block[now[:, 1]]]], kept])
            send(pathway, spikes[np.argsort(spikes[:, 0], kind="stable")])
        # Otherwise the run was interrupted.
        if self.step < self.steps and self.skips and np.all(waits):
            self.skip()

    def skip(self):
        """Move the time to the end of the phase."""
        from brian2 import second

        end = self.first + self.steps
        self.parts.network.t_ = end * self.dt
        for clock in self.parts.clocks():
            clock.set_interval(end * self.dt * second, end * self.dt * second)
        for group in self.parts.inputs():
            bins = group.variables["_timebins"].get_value()
            group.variables["_lastindex"].set_value(np.searchsorted(bins, end))


def run_here(net, parts, seconds, place, what, of, relation, moving):
    """Do the same by checking the network after each step."""
    from brian2 import NetworkOperation

    lasts = getattr(net, "duration", seconds)  # of what runs a network phase by phase
    waiting = Waiting(parts, lasts, place, what, of, relation)
    look = NetworkOperation(
        waiting.end_of_step, clock=parts.ends.clock, when="after_end", order=1_000_000
    )
    parts.network.add(look)
    net.run(seconds, namespace={}, report="text")
    parts.network.remove(look)
    waiting.put_back(moving)


# In a program ------------------------------------------------------------------------------------

# Runs from check to check, each time to a multiple of the step, so that rounding errors do not add
# up. This is written once for all repeats of a phase.
RUN_UNTIL = """\
auto %(name)s = [&](const double seconds, const int64_t place) {
    const int64_t blocks = %(size)s / %(phases)s;
    auto *stopped = %(stopped)s + place * blocks;
    const double *goal = %(goal)s + place * blocks, dt = %(dt)s;
    const int64_t window = std::llround(%(every)s[place * blocks]);
    const int64_t steps = std::llround(seconds / dt), first = std::llround(%(network)s.t / dt);
    std::vector<char> fresh(blocks);
    std::vector<double> value(blocks), total(blocks), number(blocks), before(blocks);
    for (int64_t b = 0; b < blocks; b++) stopped[b] = 0;
%(begin)s
    int64_t step = 0, waiting = 0;
    while (step < steps && !(%(skips)s && waiting == blocks)) {
        step = step + window < steps ? step + window : steps;
        %(network)s.run((first + step) * dt - %(network)s.t, %(report)s);
        if (Network::_globally_stopped) return true;
        if (step %% window) continue;
%(look)s
        bool any = false;
        for (int64_t b = 0; b < blocks; b++) {
            fresh[b] = !stopped[b] && value[b] %(relation)s goal[b];
            if (fresh[b]) { stopped[b] = step; waiting++; any = true; }
        }
        if (any) {
%(keep)s
        }
    }
%(put_back)s
    if (step < steps) {
        %(network)s.t = (first + steps) * dt;
%(skip)s
    }
    return false;
};
"""
CALL_UNTIL = """\
{
    const double seconds = %(seconds)s;
    if (%(name)s(seconds, %(place)s)) return 130;
}
"""
COUNT = """\
%(do)s(size_t i = 0; i < %(n)s; i++) total[i / (%(n)s / blocks)] += %(values)s[i];
"""
OF_COUNTS = {
    "count": "value[b] = total[b] - before[b];",
    "rate": "value[b] = (total[b] - before[b]) / (%(each)s * (window * dt)), before[b] = total[b];",
}
OF_VALUES = {
    "sum": ("0", "total[b] += x", "total[b]"),
    "mean": ("0", "total[b] += x", "total[b] / number[b]"),
    "min": ("INFINITY", "if (x < total[b] || x != x) total[b] = x", "number[b] ? total[b] : NAN"),
    "max": ("-INFINITY", "if (x > total[b] || x != x) total[b] = x", "number[b] ? total[b] : NAN"),
}
KEEP_SPIKES = """\
            for (size_t k = 0; k < %(queue)s.queue.size(); k++)
                for (auto i : %(queue)s.queue[(%(queue)s.offset + k) %% %(queue)s.queue.size()])
                    if (fresh[%(place)s]) kept_%(n)d.push_back(std::make_pair(k, i));"""
PUT_SPIKES = """\
    if (waiting) {
        for (auto &slot : %(queue)s.queue) {
            size_t left = 0;
            for (auto i : slot) if (!stopped[%(place)s]) slot[left++] = i;
            slot.resize(left);
        }
        for (auto &spike : kept_%(n)d)
            %(queue)s.queue[(%(queue)s.offset + spike.first) %% %(queue)s.queue.size()]
                .push_back(spike.second);
    }"""


def code_until(parts, line, place, what, of, relation, moving):
    """C++ that replaces a line that runs a network for a duration."""
    found = re.search(r"(\w+)\.run\(([^,]+), (\w+, \S+)\);", line)
    if found is None:
        raise ValueError(f"this line runs no network: {line}")
    network, seconds, report = found.groups()
    name = "_".join(["run_until", RELATION_NAMES[relation], what, *filter(None, of)])
    written = vars(parts.network).setdefault("run_until", set())  # for the code that comes before
    code = (
        ""
        if name in written
        else RUN_UNTIL
        % {
            "name": name,
            "network": network,
            "report": report,
            "relation": relation,
            **running(parts, what, of, moving, network),
        }
    )
    written.add(name)
    forget(parts)
    code += CALL_UNTIL % {"name": name, "seconds": seconds, "place": place}
    return line.replace(found[0], code)


def forget(parts):
    """Make Brian2 forget the known values of whatever is changed."""
    from brian2 import get_device

    known = get_device().array_cache
    for owner, name, _ in parts.held():
        known[owner.variables[name]] = None
    for name in ("stopped", "goal", "every"):
        known[parts.ends.variables[name]] = None


def running(parts, what, of, moving, network):
    """The parts of RUN_UNTIL."""
    begin, look = measuring(parts, what, of)
    keep, put_back = [], []
    held = parts.held()
    for n, (owner, name, elements) in enumerate(held):
        first, count = array_of(owner, name)
        block = parts.place(elements)
        if owner is not elements:  # a counter of spikes
            count = len(elements)
        moved = f" + (steps - stopped[{block}]) * dt" if is_time(owner, name, moving) else ""
        each = f"for (size_t i = 0; i < {count}; i++)"
        begin.append(f"    std::vector<std::decay<decltype(*{first})>::type> kept_{n};")
        keep.append(f"            kept_{n}.resize({count});")
        keep.append(f"            {each} if (fresh[{block}]) kept_{n}[i] = {first}[i];")
        put_back.append(f"    if (waiting) {each}")
        put_back.append(f"        if (stopped[{block}]) {first}[i] = kept_{n}[i]{moved};")
    for n, (pathway, owner) in enumerate(parts.pathways(), start=len(held)):
        keys = {"queue": queue_of(pathway), "place": parts.place(owner), "n": n}
        begin.append(f"    std::vector<std::pair<size_t, int32_t>> kept_{n};")
        keep.append(KEEP_SPIKES % keys)
        put_back.append(PUT_SPIKES % keys)
    stopped, goal, every = (array_of(parts.ends, n)[0] for n in ("stopped", "goal", "every"))
    return {
        "size": len(parts.ends),
        "phases": parts.phases,
        "stopped": stopped,
        "goal": goal,
        "every": every,
        "dt": f"{array_of(parts.ends.clock, 'dt')[0]}[0]",
        "skips": str(parts.may_skip()).lower(),
        "begin": "\n".join(begin),
        "look": look,
        "keep": "\n".join(keep),
        "put_back": "\n".join(put_back),
        "skip": skipping(parts, network),
    }


def measuring(parts, what, of):
    """C++ that starts the measurement, and C++ that measures."""
    component, variable = of
    fill = "        std::fill(total.begin(), total.end(), %s);\n"
    each = "        for (int64_t b = 0; b < blocks; b++) "
    if not variable:
        monitor = parts.network[f"{component}__spikes"]
        keys = {"n": len(monitor.source), "values": array_of(monitor, "count")[0]}
        look = fill % "0" + COUNT % {"do": "        for ", **keys}
        per_neuron = f"({len(monitor.source)} / blocks)"
        then = OF_COUNTS[what] % {"each": per_neuron} if what == "rate" else OF_COUNTS[what]
        begin = COUNT % {"do": "    for ", **keys} + "    before = total;"
        return [begin], f"{look}{each}{{ {then} }}"
    start, add, found = OF_VALUES[what]
    lines = [fill % start + "        std::fill(number.begin(), number.end(), 0);"]
    for owner in parts.parts(component):
        first, count = array_of(owner, variable)
        lines.append(f"        for (size_t i = 0; i < {count}; i++) {{")
        lines.append(f"            const int64_t b = {parts.place(owner)};")
        lines.append(f"            const double x = {first}[i];")
        lines.append(f"            {add};\n            number[b]++;\n        }}")
    return [], "\n".join([*lines, f"{each}value[b] = {found};"])


def skipping(parts, network):
    """C++ that moves the clocks to the network's time, and the given spikes with them."""
    lines = []
    for clock in parts.clocks():
        name = f"brian::{clock.name}"
        lines.append(f"        {name}.set_interval({network}.t, {network}.t);")
        lines.append(f"        {name}.t[0] = {name}.timestep[0] * {name}.dt[0];")
    lines += [f"    {next_spike(group, '(first + steps)').strip()}" for group in parts.inputs()]
    return "\n".join(lines)

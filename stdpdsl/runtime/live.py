"""What a network does while it runs, so that a dead one is noticed in the first seconds: mean rates
of the layers whose spikes are counted, the blocks in which they are silent, and mean weights of the
connections."""

import time

import numpy as np

from .progress import say

PROGRAM_REPORT = """
    std::cout << "at " << start + completed * duration << std::endl;
"""


class Live:
    """Reports how far a run has come: report(t, spikes, weights, silent), with each layer's spikes
    so far, the mean weight (SI) of each connection, and the number of blocks in which a layer has
    been silent. `sizes` are the layers' numbers of neurons, summed over all blocks. The run begins
    at `t` (s)."""

    def __init__(self, events, total, sizes, blocks=1, t=0.0):
        self.events, self.total, self.sizes, self.blocks = events, total, sizes, blocks
        self.t, self.spikes, self.rates = t, {}, {}
        # Brian2 passes a report the difference of two times of day, which somebody may change.
        self.started = time.monotonic()

    def report(self, t, spikes, weights, silent=()):
        """Report the rates since the last report."""
        if t > self.t:
            self.rates = {
                layer: max(count - self.spikes.get(layer, 0), 0)  # less if blocks have waited
                / (self.sizes[layer] * (t - self.t))
                for layer, count in spikes.items()
                if self.sizes[layer]
            }
        self.t, self.spikes = max(t, self.t), spikes
        say(
            self.events,
            event="progress",
            t=t,
            duration=self.total,
            elapsed=time.monotonic() - self.started,
            rates=self.rates,
            weights=weights,
            silent={layer: [int(number), self.blocks] for layer, number in dict(silent).items()},
        )


def reporter(live, before, objects, weights, sizes):
    """A report function for Network.run in this process; `before` is the time (s) simulated so far.
    `sizes` are those of the layers of which each block has its own."""

    def report(_elapsed, completed, start, duration):
        counts = {
            layer: sum(value_of(counter, "count") for counter in counters)
            for layer, counters in objects.counters.items()
        }
        spikes = {layer: int(np.sum(count)) for layer, count in counts.items()}
        silent = {
            layer: np.sum(~np.any(counts[layer].reshape(-1, size), axis=1))
            for layer, size in sizes.items()
            if layer in counts
        }
        means = {}
        for connection, weight in weights.items():
            values = [np.ravel(value_of(s, weight)) for s in objects.links[connection]]
            if any(len(one) for one in values):
                means[connection] = float(np.mean(np.concatenate(values)))
        live.report(before + completed * float(duration), spikes, means, silent)

    return report


def value_of(owner, name):
    return owner.variables[name].get_value()


def program_report(objects, weights, sizes):
    """The same for a program, in C++. It prints a line "at T" and then KIND NAME NUMBER for each
    layer and connection, which `live_line` reads."""
    from brian2 import get_device

    def array(owner, name):
        found = get_device().get_array_name(owner.variables[name], access_data=False)
        return f"brian::{found}"

    parts = []
    for layer, counters in objects.counters.items():
        count = " + ".join(f"(long long){array(counter, 'N')}[0]" for counter in counters)
        parts.append(f'    std::cout << " spikes {layer} " << {count};')
        if layer in sizes:
            arrays = [array(counter, "count") for counter in counters]
            spiked = " || ".join(f"{a}[i]" for a in arrays)
            total = arrays[0].replace("::", "::_num_")
            parts.append("    { size_t silent = 0; bool any = false;")
            parts.append(f"    for (size_t i = 0; i < (size_t){total}; i++) {{ any |= {spiked};")
            last = f"(i + 1) % {sizes[layer]} == 0"  # neuron of a block
            parts.append(f"    if ({last}) {{ silent += !any; any = false; }} }}")
            parts.append(f'    std::cout << " silent {layer} " << silent; }}')
    for connection, weight in weights.items():
        arrays = [array(s, weight) for s in objects.links[connection]]
        parts.append("    { double sum = 0; size_t count = 0;")
        parts += [f"    for (double w : {a}) sum += w; count += {a}.size();" for a in arrays]
        parts.append(f'    if (count) std::cout << " weights {connection} " << sum / count; }}')
    return PROGRAM_REPORT.replace(" << std::endl;\n", ";\n" + "\n".join(parts) + "\n") + (
        "    std::cout << std::endl;\n"
    )


def live_line(line):
    """(t, {layer: spikes}, {connection: mean weight}, {layer: silent blocks}) of a program's line,
    or None."""
    if not line.startswith("at "):
        return None
    words = line.split()
    found = {"spikes": {}, "weights": {}, "silent": {}}
    for kind, name, value in zip(words[2::3], words[3::3], words[4::3], strict=True):
        found[kind][name] = float(value)
    return float(words[1]), *found.values()

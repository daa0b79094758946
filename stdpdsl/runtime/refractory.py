"""State updates that look only at the last spikes of refractory neurons.

In each step, Brian2 compares the time since the last spike of every neuron with its refractory
time. If this time is the same for the whole group, the neurons that spiked first become active
first. So a list of the refractory neurons is enough, and nothing is read for the others.
`not_refractory` has the same values.
"""

import re

from .crossings import thresholders_of
from .vectors import OVER_CHUNKS

# Goes into namespace brian.
REFRACTORY_SUPPORT = """
inline long long &runs_begun() {
    static long long count = 0;
    return count;
}
// Of a group, the neurons that are refractory, in the order of their last spikes. It is written
// without std::sort and std::deque, which take longer to compile than all the rest of a program.
class Refractory {
    struct Spike {
        double time;
        int neuron;
    };
    std::vector<Spike> spikes;
    size_t first;
    long long run;
    double known;
    static int compare(const void *one, const void *other) {
        const Spike *a = static_cast<const Spike *>(one), *b = static_cast<const Spike *>(other);
        if (a->time != b->time) return a->time < b->time ? -1 : 1;
        return a->neuron - b->neuron;
    }
public:
    Refractory() : first(0), run(-1), known(NAN) {}
    void spiked(int neuron, const double *lastspike) {
        const Spike spike = {lastspike[neuron], neuron};
        spikes.push_back(spike);
        size_t place = spikes.size() - 1;
        for (; place > first && spikes[place - 1].time > spike.time; place--)
            spikes[place] = spikes[place - 1];
        spikes[place] = spike;
    }
    void end(double t, double least, int n, const double *lastspike, char *not_refractory) {
        if (run != runs_begun() || known != least) {  // between runs anything may be set
            run = runs_begun();
            known = least;
            spikes.clear();
            first = 0;
            for (int k = 0; k < n; k++) {
                not_refractory[k] = t - lastspike[k] >= least;
                const Spike spike = {lastspike[k], k};
                if (!not_refractory[k]) spikes.push_back(spike);
            }
            if (!spikes.empty()) std::qsort(&spikes[0], spikes.size(), sizeof(Spike), compare);
        }
        for (; first < spikes.size() && t - spikes[first].time >= least; first++)
            not_refractory[spikes[first].neuron] = 1;
        if (2*first > spikes.size()) {
            for (size_t k = first; k < spikes.size(); k++) spikes[k - first] = spikes[k];
            spikes.resize(spikes.size() - first);
            first = 0;
        }
    }
};
template <int group> Refractory &refractory() {
    static Refractory neurons;
    return neurons;
}
"""
UPDATE_LOOP = re.compile(
    r" *for\(int _idx=_start; .*\n *\{\n *const double lastspike = (?P<last>\w+)\[_idx\];\n"
    r" *(?P<active>\w+)\[_idx\] = t - lastspike >= (?P<least>\w+);\n *\}\n"
)
DECIDED = re.compile(r"const char not_refractory = t - lastspike >= \w+;")


def with_refractory_lists(texts):
    """The sources of a project, by name, with state updates that keep such lists."""
    changed = {}
    for index, thresholder, updater in thresholders_of(texts):
        loop = UPDATE_LOOP.search(texts[updater])
        if loop is None:
            continue
        set_both = rf"\n *{loop['active']}\[_idx\] = false;\n *{loop['last']}\[_idx\] = .*;\n"
        spike = re.search(set_both, texts[thresholder])
        if spike is None or not alone_in_writing(texts, loop, {updater, thresholder}):
            continue
        group = f"brian::refractory<{index}>()"
        spiked = f"{spike[0]}            {group}.spiked(_idx, {loop['last']});\n"
        changed[thresholder] = texts[thresholder].replace(spike[0], spiked)
        text = texts[updater].replace(loop[0], "")
        text = DECIDED.sub(f"const char not_refractory = {loop['active']}[_idx];", text)
        ended = f"{group}.end(t, {loop['least']}, _N, {loop['last']}, {loop['active']});"
        changed[updater] = text.replace(OVER_CHUNKS, f"    {ended}\n{OVER_CHUNKS}")
    if changed:
        begun = "network.clear();"
        main = texts["main.cpp"].replace(begun, f"{begun}\n        brian::runs_begun()++;")
        changed["main.cpp"] = main
    return {**texts, **changed}


def alone_in_writing(texts, loop, own):
    """Whether nothing else changes what the list depends on during a run."""
    arrays = "|".join(loop[name].removeprefix("_ptr") for name in ("last", "active"))
    written = re.compile(rf"(?:{arrays})\[[^\]]*\] *(?:[-+*/%|&]?=[^=]|\+\+|--)")
    others = {source for source in texts if source.startswith("code_objects/")} - own
    return not any(written.search(texts[source]) for source in others)

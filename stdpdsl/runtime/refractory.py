"""State updates that look at the last spikes of refractory neurons alone.

In each step, Brian2 compares the time since the last spike of every neuron with its refractory
time. Where this time is the same for a group, those that spiked first become active first: a list
of those that are refractory is enough, and of the others nothing is read. `not_refractory` has the
same values.
"""

import re

from .crossings import updater_of

# Stands in namespace brian.
REFRACTORY_SUPPORT = """
inline long long &runs_begun() {
    static long long count = 0;
    return count;
}
// Of a group, the neurons that are refractory, in the order of their last spikes.
class Refractory {
    std::deque<int> neurons;
    long long run;
    double known;
public:
    Refractory() : run(-1), known(NAN) {}
    void spiked(int neuron, const double *lastspike) {
        size_t place = neurons.size();
        while (place > 0 && lastspike[neurons[place - 1]] > lastspike[neuron]) place--;
        neurons.insert(neurons.begin() + place, neuron);
    }
    void end(double t, double least, int n, const double *lastspike, char *not_refractory) {
        if (run != runs_begun() || known != least) {  // between runs anything may be set
            run = runs_begun();
            known = least;
            neurons.clear();
            for (int k = 0; k < n; k++) {
                not_refractory[k] = t - lastspike[k] >= least;
                if (!not_refractory[k]) neurons.push_back(k);
            }
            std::stable_sort(neurons.begin(), neurons.end(),
                             [=](int a, int b) { return lastspike[a] < lastspike[b]; });
        }
        for (; !neurons.empty() && t - lastspike[neurons.front()] >= least; neurons.pop_front())
            not_refractory[neurons.front()] = 1;
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
    """The sources of a project, by their names, where state updates keep such lists."""
    changed = {}
    thresholders = [source for source in texts if source.endswith("_thresholder_codeobject.cpp")]
    for index, thresholder in enumerate(sorted(thresholders)):
        updater = updater_of(thresholder, texts)
        loop = UPDATE_LOOP.search(texts[updater]) if updater else None
        if updater is None or loop is None:
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
        chunks = "    for(int _start=0; _start<_N; "
        changed[updater] = text.replace(chunks, f"    {ended}\n{chunks}")
    if changed:
        begun = "network.clear();"
        main = texts["main.cpp"].replace(begun, f"{begun}\n        brian::runs_begun()++;")
        changed["main.cpp"] = main
    return {**texts, **changed}


def alone_in_writing(texts, loop, own):
    """Whether nothing else sets what the list depends on while a run lasts."""
    arrays = "|".join(loop[name].removeprefix("_ptr") for name in ("last", "active"))
    written = re.compile(rf"(?:{arrays})\[[^\]]*\] *(?:[-+*/%|&]?=[^=]|\+\+|--)")
    others = {source for source in texts if source.startswith("code_objects/")} - own
    return not any(written.search(texts[source]) for source in others)

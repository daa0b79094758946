"""The order of everything in a time step is the script's own; it never rests on names."""

import re

import pytest
from running import assert_same, run_here, run_text, script_of

# Every kind of code that a step may hold, most of it twice, under names that sort in the order of
# declaration. Nothing is drawn, because draws are keyed by names; and no equation adds the two sums
# of `c_first` to other terms, because sympy would sort those by name.
EVERYTHING = """model everything
rule a_graded:
    requires post: x : 1
    parameters: tau_s = 3 ms
    equations:
        w : 1
        ds/dt = (0.1*x_post - s)/tau_s : 1 in [0, 5]
    on pre:
        s += w
        deliver w
rule b_learned:
    requires post: x : 1
    parameters: wmax = 4
    ports:
        reward
        G : 1
    equations:
        w : 1 in [0, wmax]
        da/dt = -a/(20 ms) : 1
    post equations: dm/dt = (x - m)/(5 ms) : 1 in [-9, 9]
    post reset: m += 0.25
    on pre:
        deliver w
        a += 1 + 0.1*m_post
    on pre after 0.3 ms: x_post = 0.9*x_post + 0.1*w
    on post: w += 0.1*a
    on post after 0.2 ms: w = 0.9*w
    on reward: w += 0.01*G*reward
neuron a_cell:
    equations:
        dx/dt = (2.5 + 0.3*level - x)/(4 ms) : 1 (unless refractory)
        g : 1
        dh/dt = (x - h)/(9 ms) : 1 in [0, 1]
        level = 0.5*h : 1 (constant over dt)
    threshold: x > 1
    reset: x = 0
    refractory: 0.5 ms
    event near: x > 0.8
    event far: h > 0.1
    on near: h = 0.5*h + 0.01
    on far: h = h*h
    every 0.2 ms: x = 0.99*x + 0.1*g
    every 0.7 ms: x = x + 0.01
    initial: x = 0.1*i
neuron b_cell:
    equations:
        dx/dt = (0.5 + g - x)/(6 ms) : 1
        g : 1
    threshold: x > 0.6
    reset: x = 0.2*x
    every 0.7 ms: x = 1.01*x
neuron c_single:
    equations: dG/dt = (1 - G)/(8 ms) : 1
layer a_input:
    regular: 300 Hz
    size: 2
layer b_input:
    spikes: [(0, 1 ms), (0, 2.05 ms), (0, 7 ms)]
    size: 1
layer c_first:
    neuron: a_cell
    size: 2
layer d_second:
    neuron: b_cell
    size: 2
layer e_global:
    neuron: c_single
    size: 1
connect a_input -> c_first as a_sum:
    pattern: all_to_all
    plasticity: a_graded
    initial: w = 0.3
    deliver: w to x
    deliver continuously: s*(1 + 0.1*x_post) to g
connect c_first -> d_second as b_sum:
    pattern: all_to_all
    plasticity: a_graded
    initial: w = 0.2
    deliver: w to x
    deliver continuously: s + 0.1*g_pre to g
connect d_second -> c_first as c_sum:
    pattern: all_to_all
    plasticity: a_graded
    initial: w = 0.1
    deliver: w to x
    deliver continuously: s*g_pre to g
connect a_input -> d_second as d_learns:
    pattern: all_to_all
    plasticity: b_learned(reward = spikes of b_input, G = G of e_global)
    initial: w = 0.5
    deliver: w*x_post to x
    axonal delay: 0.1 ms
    dendritic delay: 0.2 ms
    every 2 ms: normalise w per post to 1.5
    every 2 ms: w += 0.01*x_post
    every 2 ms: normalise w per pre to 1.2
    every 2 ms: w = 1.01*w
    every 2 ms: x_post = 0.99*x_post
    every 2 ms: x_post = x_post + 0.01
connect c_first -> d_second as e_learns:
    pattern: all_to_all
    plasticity: b_learned(reward = spikes of c_first, G = G of e_global)
    initial: w = 0.4
    deliver: w to x
    every 2 ms: w = w*w
    every 2 ms: x_post = 0.98*x_post
    ties: post first
connect c_first -> d_second as f_sets:
    pattern: all_to_all
    on pre: x_post = 0.5*x_post
sweep:
    grid: d_learns.wmax = [3, 4]
record:
    spikes of c_first, d_second
    x, g of c_first every 0.5 ms
    x, g of d_second every 0.5 ms
    w, a of d_learns every 1 ms
    s of c_sum every 1 ms
run:
    dt: 0.1 ms
    phases:
        one: 10 ms
        two: 10 ms, d_learns frozen, set a_sum.tau_s = 4 ms
"""
SOUND = """model heard
sound s:
    stimuli: tones(frequency = [300, 500] Hz, duration = 5 ms)
    gap: 1 ms
    samplerate: 8 kHz
filterbank cochlea:
    sound: s
    filter: gammatone(cf = [300, 500] Hz)
neuron cell:
    equations:
        dv/dt = (drive + extra - v)/(5 ms) : 1 (unless refractory)
        drive : 1
        extra : 1
    threshold: v > 0.001
    reset: v = 0
    refractory: 1 ms
layer nerve:
    neuron: cell
    size: 2
    scope: shared
    drive: drive from cochlea
    drive: extra from cochlea
layer inside:
    neuron: cell
    size: 2
    drive: drive from cochlea
    drive: extra from cochlea
record:
    v of nerve every 1 ms
    v of inside every 1 ms
    spikes of nerve, inside
run: duration: 6 ms
"""
NAMES = sorted(set(re.findall(r"\b[a-f]_[a-z]+\b", EVERYTHING)))
# In each slot, kinds from first to last.
KINDS = {
    "start": ("drive", "record"),
    "before_groups": ("copy",),
    "groups": ("summed", "synapses", "neurons", "bounds"),
    "thresholds": ("threshold", "spikes_of"),
    "after_thresholds": ("threshold",),
    "synapses": ("relay", "pre", "post"),
}


def scheduled(folder, text):
    """The code objects of each network that a spec's script runs, in the order of a step, and the
    tables that it writes."""
    import brian2

    seen, before = [], brian2.Network.run

    def noted(network, *args, **options):
        seen.append(list(network.sorted_objects))
        return before(network, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(brian2.Network, "run", noted)
        tables = run_here(folder, script_of(text), "scheduled")
    assert seen
    return seen, tables


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return scheduled(tmp_path_factory.mktemp("everything"), EVERYTHING)


def kind(part):
    """What an object does in its slot."""
    name, group = part.name, getattr(part, "group", None)
    if "_summed_variable_" in name:
        return "summed"
    if name.endswith("_stateupdater"):
        return "synapses" if group.__class__.__name__ == "Synapses" else "neurons"  # by its proxy
    found = re.search(r"(bounds|copy|relay_pre|thresholder|spikes_of|record|drive)", name)
    if found:
        return {"relay_pre": "relay", "thresholder": "threshold"}.get(found[0], found[0])
    if type(part).__name__ == "SpikeGeneratorGroup":
        return "threshold"
    side = getattr(part, "prepost", "")
    if name.startswith("e_learns"):  # `ties: post first`
        return {"pre": "post", "post": "pre"}.get(side, side)
    return side


def check_places(networks):
    for parts in networks:
        parts = [part for part in parts if not part.contained_objects]
        listed = "\n".join(f"{part.when:17} {part.order:3} {part.name}" for part in parts)
        assert len({(part.when, part.order) for part in parts}) == len(parts), listed
        for slot, expected in KINDS.items():
            kinds = [kind(part) for part in parts if part.when == slot]
            ranks = [expected.index(one) for one in kinds if one in expected]
            assert ranks == sorted(ranks), (slot, kinds, listed)


def test_every_object_has_a_place_of_its_own(everything):
    check_places(everything[0])


def test_so_have_what_drives_a_layer_and_what_hears(tmp_path):
    networks, _ = scheduled(tmp_path, SOUND)
    assert len(networks) == 2
    check_places(networks)


KEYS = ("layer", "connection", "variable", "phase", "block", "pre", "post", "neuron", "t")
RENAMED = dict(zip(NAMES, (f"{chr(122 - k % 26)}{k:02}" for k in range(len(NAMES))), strict=True))


def renamed(text):
    """A text whose names sort in the opposite order."""
    return re.sub(r"\b[a-f]_[a-z]+\b", lambda found: RENAMED[found[0]], text)


def rows_of(tables, names):
    """The spikes, weights and samples of a run, whose components are called as `names` says."""
    found = {}
    for name in ("spikes", "weights", "trajectories"):
        table = tables[name].replace(names)
        keys = [c for c in table if c in KEYS]
        found[name] = table.sort_values(keys).reset_index(drop=True)
    return found


def test_names_decide_nothing(tmp_path, everything):
    """The same bits, whatever the components are called."""
    one = rows_of(everything[1], RENAMED)
    two = rows_of(run_text(tmp_path, renamed(EVERYTHING)), {})
    assert len(one["spikes"]) > 50 and one["weights"]["w"].nunique() > 4
    assert_same(one, two)


TWICE = """model twice
neuron cell:
    equations:
        x : 1
        g : 1
    every 1 ms: x = x + 1
    every 1 ms: x = 2*x
    initial: x = 1
layer P:
    poisson: 1 Hz
    size: 2
layer A:
    neuron: cell
    size: 2
connect P -> A as c:
    pattern: one_to_one
    weight: 1
    deliver: w to g
    every 1 ms: w = w + 1
    every 1 ms: w = 2*w
record:
    w of c every 1 ms
    x of A every 1 ms
run:
    duration: 6 ms
"""


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
def test_what_happens_every_so_often_happens_in_the_order_of_the_spec(tmp_path, lowering):
    samples = run_text(tmp_path, TWICE, lowering)["trajectories"]
    for _, found in samples.groupby(["variable", "neuron", "pre"], dropna=False):
        values = found.sort_values("t")["value"].to_list()
        assert len(values) == 7
        assert values[1:] == [2 * (x + 1) for x in values[:-1]]

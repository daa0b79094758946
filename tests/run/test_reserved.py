"""The reserved names, measured again: Brian2 refuses, overwrites or misreads each of them."""

import keyword

import pytest

brian2 = pytest.importorskip("brian2")

import sympy  # noqa: E402
from brian2 import (  # noqa: E402
    Equations,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    Synapses,
    ms,
    prefs,
)

from stdpdsl.language.reserved import RESERVED, reason  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


@pytest.fixture(scope="module")
def groups(numpy_target):
    spikes = SpikeGeneratorGroup(1, [0], [0] * ms, name="reserved_spikes")
    cells = NeuronGroup(
        1, "volts : 1", threshold="volts > 1", reset="", refractory=1 * ms, name="reserved_cells"
    )
    synapses = Synapses(
        spikes,
        cells,
        "dlevel_1/dt = -level_1/second : 1 (event-driven)",
        on_pre="level_1 += 1",
        on_post="level_1 += 1",
        multisynaptic_index="synapse_number",
        name="reserved_synapses",
    )
    synapses.connect()
    Network(spikes, cells, synapses).run(0 * ms, namespace={})
    return cells, synapses


def refused(name):
    """Brian2 does not take `name` for a variable."""
    try:
        Equations(f"{name} : 1")
    except Exception:
        return True
    return False


def misread(name):
    """sympy reads the string as something that is not the symbol."""
    try:
        return sympy.sympify(name) != sympy.Symbol(name)
    except Exception:
        return True


def taken(name, groups):
    """Brian2's own objects have an attribute or a variable of that name."""
    return any(name in dir(g) or name in g.variables for g in groups)


def exact_decay(name):
    group = NeuronGroup(
        1, f"d{name}/dt = -{name}/tau_m : 1", method="exact", namespace={"tau_m": 1 * ms}
    )
    setattr(group, name, 1.0)
    Network(group).run(0.1 * ms, namespace={})
    return float(getattr(group, name)[0])


def test_every_reserved_name_is_measured(groups):
    # What only a compiler can refuse (C++ keywords and macros) is not asked here.
    # Nor are words of templates, which are asked below.
    compiled = (
        "a C++ keyword",
        "a macro or function of the C library that the generated C++ uses",
        "a word of Brian2's code templates",
    )
    newer = {"run_at", "run_on_clock"}  # 2.11
    left = [
        name
        for name, why in RESERVED.items()
        if why not in compiled
        and name not in newer
        and not (refused(name) or misread(name) or taken(name, groups))
    ]
    assert left == []


def test_no_name_of_brian2_is_missing(groups):
    from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
    from brian2.core.namespace import DEFAULT_UNITS

    public = {n for g in groups for n in dir(g) if not n.startswith("_")}
    known = {*DEFAULT_FUNCTIONS, *DEFAULT_CONSTANTS, *DEFAULT_UNITS, *public, *keyword.kwlist}
    mine = {"volts", "level_1"}
    assert sorted(n for n in known - mine if n.isidentifier() and reason(n) is None) == []


def test_names_of_sympy_are_complete():
    exported = {}
    exec("from sympy import *", exported)
    names = [n for n in sorted(exported) if n.isidentifier() and misread(n)]
    assert [n for n in names if reason(n) is None] == []


@pytest.mark.parametrize(
    "name", ["x_pre", "x_post", "_x", "x_", "xi_1", "E", "target", "delete", "ms"]
)
def test_reasons(name):
    assert reason(name)


@pytest.mark.parametrize("name", ["w", "apre", "tau_plus", "x", "stp_u", "rule_x"])
def test_harmless(name):
    assert reason(name) is None


def test_sympy_takes_the_value_of_a_state_silently():
    assert exact_decay("level") == pytest.approx(0.904837418, rel=1e-8)
    assert exact_decay("E") == pytest.approx(2.459603111, rel=1e-8)


def test_an_attribute_is_overwritten_silently():
    spikes = SpikeGeneratorGroup(1, [0], [0] * ms)
    cells = NeuronGroup(1, "q : 1")
    synapses = Synapses(spikes, cells, "target : 1\ngoal : 1", on_pre="goal = target")
    synapses.connect()
    synapses.target = [3.0]
    Network(spikes, cells, synapses).run(0.1 * ms, namespace={})
    assert synapses.goal[0] == 0.0

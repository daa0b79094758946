"""Where a state update finds which neurons may have crossed a threshold, and where it may not."""

import pytest

from stdpdsl.runtime.crossings import with_crossings
from stdpdsl.runtime.vectors import by_chunks

UPDATER = """const double mV = 0.002;
    double* __restrict  _ptr_array_cells_v = _array_cells_v;
    const int _N = N;
    for(int _idx=0; _idx<_N; _idx++)
    {
        // vector code
        double v = _ptr_array_cells_v[_idx];
        v = 2*v;
        _ptr_array_cells_v[_idx] = v;
    }
"""
THRESHOLDER = """const double mV = 0.001;
    double* __restrict  _ptr_array_cells_v = _array_cells_v;
    for(size_t _idx=0; _idx<N; _idx++)
    {
        const double top = _ptr_array_cells_top[_idx];
        const double v = _ptr_array_cells_v[_idx];
        const char _cond = v > top*mV;

        if(_cond) {
            _ptr_array_cells__spikespace[_count++] = _idx;
        }
    }
"""
OBJECTS = ["cells_stateupdater_codeobject", "other", "cells_spike_thresholder_codeobject"]


def project(*runs, updater=UPDATER, thresholder=THRESHOLDER, other="x = 1;"):
    """A project whose runs execute these objects."""
    adds = ["".join(f"network.add(&clock, _run_{name});\n" for name in run) for run in runs]
    texts = dict(zip(OBJECTS, (updater, other, by_chunks(thresholder)), strict=True))
    sources = {f"code_objects/{name}.cpp": text for name, text in texts.items()}
    return {**sources, "main.cpp": "".join(f"network.clear();\n{add}" for add in adds)}


def test_a_state_update_evaluates_the_condition_on_what_it_has_computed():
    updater, _, thresholder, _ = with_crossings(project(OBJECTS)).values()
    body, _, end = updater.partition("v = 2*v;")[2].partition("_crossed[_start/64] = _any != 0;")
    # Its own constants and what only the condition reads; v is at hand.
    inner = body.partition("{")[2]
    assert "const double mV = 0.001;" in inner and "top = _array_cells_top[_idx];" in inner
    assert "v =" not in inner and "_any |= (int64_t)(v > top*mV);" in inner
    assert end.strip() == "}"
    # The thresholder still decides by itself.
    assert "const char _any = brian::crossed<0>()[_start/64];" in thresholder
    assert thresholder.count("_cond = v > top*mV;") == 1


@pytest.mark.parametrize(
    ("kind", "asked"),
    [("double", "(int64_t)((v > (2*mV)))"), ("float", "(int32_t)(v >= (float)((2*mV)))")],
)
def test_the_state_update_looks_more_coarsely(kind, asked):
    updater = UPDATER.replace("double", kind)
    thresholder = THRESHOLDER.replace("double v", f"{kind} v").replace("double top", "char active")
    thresholder = thresholder.replace("v > top*mV", "(v > (2*mV)) && not_refractory")
    thresholder = thresholder.replace("active =", "not_refractory =")
    updater, _, thresholder, _ = with_crossings(
        project(OBJECTS, updater=updater, thresholder=thresholder)
    ).values()
    assert f"_any |= {asked};" in updater
    assert "_cond = (v > (2*mV)) && not_refractory;" in thresholder


@pytest.mark.parametrize(
    "changed",
    [
        project(OBJECTS, other="_ptr_array_cells_v[3] = 1;"),
        project(OBJECTS, other="_array_cells_top[3] = 1;"),
        project(OBJECTS, OBJECTS[1:]),  # a phase in which the state stands still
        project(OBJECTS[::-1]),
        project(OBJECTS, thresholder=THRESHOLDER.replace("v > top", "f(v) > top")),
        project(OBJECTS, thresholder=THRESHOLDER.replace("v > top", "_rand(_idx) > top")),
        project(OBJECTS, updater="no loop"),
        project(OBJECTS, thresholder="no loop"),
    ],
)
def test_where_that_may_not_hold_both_stay(changed):
    assert with_crossings(changed) == changed


def test_of_two_events_of_a_group_one_is_found():
    both = project([OBJECTS[0], "cells_late_thresholder_codeobject", *OBJECTS[1:]])
    late = by_chunks(THRESHOLDER.replace("spikespace", "latespace"))
    found = with_crossings({"code_objects/cells_late_thresholder_codeobject.cpp": late, **both})
    assert sum("crossed<" in text for text in found.values()) == 2


def test_a_group_without_a_state_update_is_not_taken_for_another():
    """A group `cells_b` that only counts, beside one called `cells`."""
    other = "code_objects/cells_b_spike_thresholder_codeobject.cpp"
    alone = project([OBJECTS[0], "cells_b_spike_thresholder_codeobject"])
    del alone["code_objects/cells_spike_thresholder_codeobject.cpp"]
    alone[other] = by_chunks(THRESHOLDER.replace("_array_cells_", "_array_cells_b_"))
    assert with_crossings(alone) == alone

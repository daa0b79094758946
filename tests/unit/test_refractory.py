"""Where a list of refractory neurons may stand for what Brian2 asks of each neuron."""

import pytest

from stdpdsl.runtime.refractory import with_refractory_lists
from stdpdsl.runtime.vectors import by_chunks, by_vectors

UPDATER = """    return (int64_t)((t + 1e-3*dt)/dt);
    const int _N = N;
    for(int _idx=0; _idx<_N; _idx++)
    {
        // vector code
        const double lastspike = _ptr_array_cells_lastspike[_idx];
        char not_refractory = _ptr_array_cells_not_refractory[_idx];
        double v = _ptr_array_cells_v[_idx];
        not_refractory = _timestep(t - lastspike, dt) >= _timestep(5 * ms, dt);
        const double _v = v * exp(- dt/tau);
        if(not_refractory)
            v = _v;
        _ptr_array_cells_not_refractory[_idx] = not_refractory;
        _ptr_array_cells_v[_idx] = v;
    }
"""
THRESHOLDER = """
    for(size_t _idx=0; _idx<N; _idx++)
    {
        const double v = _ptr_array_cells_v[_idx];
        const char _cond = v > 1;

        if(_cond) {
            _ptr_array_cells__spikespace[_count++] = _idx;
            _ptr_array_cells_not_refractory[_idx] = false;
            _ptr_array_cells_lastspike[_idx] = _ptr_array_cells_clock_t[0];
        }
    }
"""


PAUSE = "const double pause = _ptr_array_cells_pause[_idx];\n        double v ="


def project(updater=UPDATER, thresholder=THRESHOLDER, other="x = 1;"):
    return {
        "code_objects/cells_stateupdater_codeobject.cpp": by_vectors(updater),
        "code_objects/cells_spike_thresholder_codeobject.cpp": by_chunks(thresholder),
        "code_objects/other.cpp": other,
        "main.cpp": "network.clear();\nnetwork.run();\nnetwork.clear();\nnetwork.run();\n",
    }


def test_a_list_stands_for_the_comparison_of_each_neuron():
    updater, thresholder, _, main = with_refractory_lists(project()).values()
    assert "t - lastspike" not in updater
    assert "const char not_refractory = _ptr_array_cells_not_refractory[_idx];" in updater
    ended, _, loop = updater.partition("for(int _start=0;")
    assert "brian::refractory<0>().end(t, _kept_0, _N, _ptr_array_cells_lastspike," in ended
    assert "_ptr_array_cells_not_refractory[_idx] =" not in loop
    # Known where the spike is, once its time is.
    time, _, rest = thresholder.partition("_ptr_array_cells_clock_t[0];\n")
    assert rest.strip().startswith("brian::refractory<0>().spiked(_idx, _ptr_array_cells_lastspike")
    assert main.count("brian::runs_begun()++;") == 2


@pytest.mark.parametrize(
    "changed",
    [
        project(other="_ptr_array_cells_lastspike[_idx] = 3;"),
        project(other="_ptr_array_cells_not_refractory[_postsynaptic_idx] |= 1;"),
        project(
            UPDATER.replace("5 * ms", "pause").replace("double v =", PAUSE)
        ),  # of a parameter of each neuron
        project(UPDATER.replace("5 * ms", "v * ms")),
        project(thresholder=THRESHOLDER.replace("_idx] = false", "_idx] = v > 2")),
    ],
    ids=["last spike", "not refractory", "by neuron", "by state", "no refractoriness"],
)
def test_otherwise_each_neuron_is_compared(changed):
    assert with_refractory_lists(changed) == changed


def test_what_only_reads_does_not_matter():
    read = project(other="x = _ptr_array_cells_lastspike[_idx] == 3;")
    assert with_refractory_lists(read) != read

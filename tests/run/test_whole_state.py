"""The whole state of a network, gathered and put back, here and in a program."""

import json
import subprocess
import sys

import pytest
from by_day import CYTHON

SCRIPT = '''
import json, sys
import numpy as np
from brian2 import *
from stdpdsl.runtime.whole_state import *

target, folder = sys.argv[1:]
if target == "cpp_standalone":
    set_device("cpp_standalone", directory=folder, build_on_run=False)
else:
    prefs.codegen.target = target


def network(name):
    """Delays up to 30 ms, refractory cells, traces between events, an event of its own."""
    rng = np.random.default_rng(1)
    cells = NeuronGroup(
        5, """dv/dt = (1.2 - v)/(10*ms) : 1 (unless refractory)
        seen : integer
        tau : second (constant)""", threshold="v > 1", reset="v = 0",
        events={"high": "v > 0.5"}, refractory=3.05*ms, method="exact", name=f"cells{name}")
    cells.run_on_event("high", "seen += 1")
    cells.v = rng.random(5)
    links = Synapses(
        cells, cells, """w : 1
        da/dt = -a/(20*ms) : 1 (event-driven)""",
        on_pre={"pre": "v_post += 0.1*w; a += 1", "late": "w += 0.01*a"}, on_post="w -= 0.02*a",
        name=f"links{name}")
    links.connect(condition="i != j")
    links.pre.delay = rng.integers(0, 300, 20) * 0.1*ms
    links.late.delay = 7*ms
    links.w = rng.random(20)
    return Network(cells, links)


def parts(net):
    return changing(net.objects), queues(net.objects)


one = network("")
one.run(40*ms)
variables, pathways = parts(one)
if target == "cpp_standalone":
    insert = lambda code: get_device().insert_code("main", code)
    where = "results_dir + \\"%s\\""
    insert(keep_code(variables, pathways, where % "first"))
    one.run(23.7*ms)
    insert(keep_code(variables, pathways, where % "later"))
    insert(put_code(variables, pathways, where % "first"))
    insert(keep_code(variables, pathways, where % "again"))
    get_device().build(directory=folder)
    kinds = places(variables, pathways)
    first, later, again = (read_state(f"{folder}/results/{n}", kinds)
                           for n in ("first", "later", "again"))
    write_state(f"{folder}/written", first, kinds)
    assert open(f"{folder}/written", "rb").read() == open(f"{folder}/results/first", "rb").read()
else:
    first = gathered(variables, pathways)
    one.run(23.7*ms)
    later = gathered(variables, pathways)
    other = network("_2")
    two = {key.replace("_2", ""): value for key, value in parts(other)[0].items()}
    lines = {key.replace("_2", ""): value for key, value in parts(other)[1].items()}
    other.t_ = one.t_ - 23.7e-3
    put(first, two, lines)
    again = gathered(two, lines)
    other.run(23.7*ms)
    went_on = gathered(two, lines)
    assert all(np.array_equal(later[key], went_on[key]) for key in later)
for key in first:
    assert np.array_equal(first[key], again[key]), key
same = [key for key in first if np.array_equal(first[key], later[key])]
print(json.dumps([sorted(first), same, {k: len(first[k]) for k in pathways}]))
'''


def at_target(folder, target):
    path = folder / "script.py"
    path.write_text(SCRIPT)
    command = [sys.executable, str(path), target, str(folder / "network")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def check(found):
    keys, same, under_way = found
    assert keys == [
        "cells._highspace",
        "cells._spikespace",
        "cells.lastspike",
        "cells.not_refractory",
        "cells.seen",
        "cells.v",
        "links.a",
        "links.lastupdate",
        "links.late.queue",
        "links.post.queue",
        "links.pre.queue",
        "links.w",
    ]
    assert not {"cells.v", "links.w", "links.pre.queue", "links.lastupdate"} & set(same)
    assert under_way["links.pre.queue"] > 5
    assert under_way["links.late.queue"] > 1
    assert under_way["links.post.queue"] == 0


def test_a_network_goes_on_from_the_state_of_another(tmp_path):
    check(at_target(tmp_path, "numpy"))


@pytest.mark.slow
@pytest.mark.parametrize("target", [CYTHON, "cpp_standalone"])
def test_a_state_is_the_same_on_each_target(tmp_path, target):
    check(at_target(tmp_path, target))

"""Into how many shards a run is cut, and what decides it."""

import math
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from stdpdsl import cli
from stdpdsl.check.costs import Estimate, Part
from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source
from stdpdsl.machine import cores as machine
from stdpdsl.machine.memory import _of_cgroups, no_more_than_there_is
from stdpdsl.plan import CACHED, SHARD_BYTES, TARGETS, Times, Work


def cut(
    blocks,
    seconds,
    workers,
    target="cpp_standalone",
    anew=False,
    bytes_each=2e4,
    neurons=20,
    coupled=False,
    memory=16e9,
):
    layer = Part("A", None, neurons * blocks, bytes=bytes_each * blocks)
    found = Estimate(
        blocks, 1, (layer,), (), (), (), seconds, 1e-4, 0.0, bytes_each * blocks, None, coupled
    )
    times = Times(found, Work(6, 2, found.steps, neurons=layer.count * found.steps), anew)
    return times.shards(target, workers, memory), times


def test_two_cores_compile_sooner_and_decide_nothing(monkeypatch):
    one, two, four = (replace(cut(4, 2.0, 8)[1], cores=cores) for cores in (1, 2, 4))
    assert one.build("cpp_standalone") > two.build("cpp_standalone")
    assert two.build("cpp_standalone") == four.build("cpp_standalone")
    for seconds in range(1, 40):  # where a compiled program begins to pay
        text = BACKGROUND.replace("10 s", f"{seconds} s")
        chosen = set()
        for cores in (1, 2, 16):
            monkeypatch.setattr("stdpdsl.plan.usable_cores", lambda n=cores: n)
            compiled = compile_source(Source("t.stdp", text), Path(), [], "synapse", "auto")
            chosen.add(compiled.plan.target)
        assert len(chosen) == 1


def test_an_input_counts_while_it_plays():
    text = BACKGROUND.replace("poisson: 20 Hz", "regular: 20 Hz from 1 s to 2 s")
    whole, part = (
        compile_source(Source("t.stdp", t), Path(), [], "synapse", "numpy").plan.times.found
        for t in (text.replace(" from 1 s to 2 s", ""), text)
    )
    assert [p.rate for p in whole.layers][0] == pytest.approx(20)
    assert [p.rate for p in part.layers][0] == pytest.approx(2)


BACKGROUND = """model m
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
layer inputs:
    poisson: 20 Hz
    size: 10
layer cells:
    neuron: cell
    size: 10
connect inputs -> cells as c:
    pattern: all_to_all
    on pre: v_post += 0.1
run:
    duration: 10 s
"""


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_short_stays_whole(target):
    assert cut(4, 2.0, 8, target)[0] == 1
    assert cut(100, 5.0, 64, target)[0] == 1


def test_what_is_long_keeps_all_workers_busy_and_loses_little_when_it_is_cut_off():
    for workers in (2, 4, 16):
        shards, times = cut(20_000, 60.0, workers)
        assert shards % workers == 0
        fastest = min(times.seconds("cpp_standalone", workers * k, workers) for k in (1, 2, 4))
        assert times.seconds("cpp_standalone", shards, workers) <= 1.1 * fastest
        assert times.seconds("cpp_standalone", 1, 1) / shards < 120


def test_a_shard_fits_into_memory():
    for workers, memory in ((1, 64e9), (8, 64e9), (8, 4e9)):
        shards, _ = cut(100_000, 1.0, workers, memory=memory)
        assert 100_000 * 2e4 / shards <= min(SHARD_BYTES, memory / (4 * workers))


def test_a_program_works_on_what_its_cache_holds():
    for workers in (1, 2):
        shards, times = cut(100_000, 10.0, workers)
        assert 100_000 * 2e4 / CACHED <= shards < 8 * 100_000 * 2e4 / CACHED
        few = replace(times, found=replace(times.found, layers=()))  # of no size
        assert times.seconds("cpp_standalone", 2, workers) > 1.3 * few.seconds(
            "cpp_standalone", 2, workers
        )
        many = [t.seconds("cpp_standalone", shards, workers) for t in (times, few)]
        assert many[0] == many[1]


def test_what_is_compiled_anew_is_cut_less():
    assert cut(20_000, 60.0, 2, anew=True)[0] < cut(20_000, 60.0, 2)[0]


def test_blocks_that_feel_one_another_stay_together():
    assert cut(100_000, 100.0, 8, coupled=True)[0] == 1


def test_a_shard_has_a_block():
    assert cut(3, 3600.0, 2, neurons=20_000)[0] <= 3
    assert cut(2, 1.0, 1, bytes_each=1e12)[0] == 2


V1, V2 = ("memory.limit_in_bytes", "memory.usage_in_bytes"), ("memory.max", "memory.current")
# What /proc/self/cgroup says, the kind of mount, its options and root, and the files of memory.
GROUPS = {
    "version 2": ("0::{path}\n", "cgroup2", "rw", "/", V2),
    "version 1": ("0::/x\n4:cpu,memory:{path}\n", "cgroup", "rw,cpu,memory", "/", V1),
    "container": ("0::/box/1{path}\n", "cgroup2", "rw", "/box/1", V2),
}


@pytest.fixture(params=GROUPS.values(), ids=GROUPS)
def job(request, tmp_path):
    """A process in a group of groups: its /proc folder, the groups' folders, the memory's files."""
    groups, kind, options, root, files = request.param
    proc, tree = tmp_path / "proc", tmp_path / "sys fs"
    step = tree / "slurm" / "job_1" / "step_0"
    step.mkdir(parents=True)
    proc.mkdir()
    (proc / "cgroup").write_text(groups.format(path="/slurm/job_1/step_0"))
    place = str(tree).replace(" ", "\\040")
    (proc / "mountinfo").write_text(
        "24 1 0:22 / /proc rw shared:5 - proc proc rw\n"
        f"30 24 0:27 / {tmp_path} rw - cgroup cgroup rw,pids\n"
        f"31 24 0:28 {root} {place} rw,nosuid shared:9 - {kind} cgroup {options}\n"
    )
    return str(proc), tree, step, files


def test_memory_of_a_job(job, tmp_path):
    """The least that is left in the process's own group and in all those around it."""
    proc, tree, step, files = job

    def limits(folder, *numbers):
        for name, number in zip(files, numbers, strict=True):
            (folder / name).write_text(f"{number}\n")

    assert _of_cgroups(proc) == math.inf
    limits(tree, 9_000_000, 1_000_000)
    assert _of_cgroups(proc) == 8_000_000
    limits(step.parent, 3_000_000, 1_000_000)  # SLURM's --mem
    limits(step, "max" if files == V2 else 2**63 - 4096, 900_000)
    assert _of_cgroups(proc) == 2_000_000
    limits(step, 1_500_000, 900_000)
    assert _of_cgroups(proc) == 600_000
    limits(step, 1_500_000, 1_600_000)
    assert _of_cgroups(proc) == 0
    cached = "inactive_file" if files == V2 else "total_inactive_file"
    (step / "memory.stat").write_text(f"anon 5\n{cached} 700000\n")
    assert _of_cgroups(proc) == 600_000
    assert _of_cgroups(str(tmp_path / "none")) == math.inf


def test_cores_of_a_job(job):
    proc, tree, step, files = job
    mine = len(os.sched_getaffinity(0))

    def limits(folder, quota, period=100_000):
        if files == V2:
            (folder / "cpu.max").write_text(f"{'max' if quota < 0 else quota} {period}\n")
        else:
            (folder / "cpu.cfs_quota_us").write_text(f"{quota}\n")
            (folder / "cpu.cfs_period_us").write_text(f"{period}\n")

    for quota, cores in ((-1, mine), (9_900_000, mine), (50_000, 1)):
        limits(step.parent, quota)
        limits(step, -1)
        assert machine.usable_cores(proc) == cores
    assert machine.usable_cores(str(tree / "none")) == mine


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux what is taken")
def test_no_more_is_taken_than_there_is(monkeypatch):
    monkeypatch.setattr("stdpdsl.machine.memory.available_memory", lambda: 5e8)
    with no_more_than_there_is():
        bytearray(10**8)
        with pytest.raises(MemoryError):
            bytearray(10**9)
    bytearray(10**9)


LARGE = """model large

neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0

layer P:
    poisson: 20 Hz
    size: 10

layer A:
    neuron: cell
    size: 10

connect P -> A as feed:
    pattern: all_to_all
    plasticity: pair_additive
    deliver: w to v

sweep:
    grid:
        feed.Apre = geomspace(0.001, 0.1, 100000)

record:
    w of feed every 100 ms

run:
    duration: 1 s
"""


def test_what_fits_in_parts_is_not_refused(tmp_path, monkeypatch, capsys):
    """2 GB of recorded weights where there is 1 GB: each shard has its own part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("stdpdsl.plan.available_memory", lambda: 1e9)
    monkeypatch.setattr("stdpdsl.compiler.available_memory", lambda: 1e9)
    (tmp_path / "large.stdp").write_text(LARGE)
    assert cli.main(["plan", "large.stdp", "--workers", "2"]) == 0
    shown = capsys.readouterr().out.splitlines()
    line = next(line for line in shown if line.startswith("shards"))
    assert line.endswith(", 2 at a time") and int(line.split()[1].rstrip(",")) >= 2e9 * 8 / 1e9


def planned(text, target="auto"):
    source = Source("spec.stdp", text)
    return compile_source(source, Path(), [], "synapse", target).plan


def test_work_is_counted_by_hand():
    """10 blocks of 10 inputs at 20 Hz and 10 neurons, at whose rate (10 Hz) one can but guess."""
    text = LARGE.replace("100000)", "10)")
    work = planned(text).times.work
    assert (work.objects, work.equations, work.steps) == (6, 1, 10_000)  # of 0.1 ms
    assert work.neurons == 10_000 * 100 and work.stepwise == 0
    assert work.events == pytest.approx((20 + 10) * 1000)  # each spike reaches ten synapses
    assert work.synapses == 1000 and work.rows == 1000 * 11
    # Of 10,000 steps: in those with a spike, of 10 inputs and of 100 neurons.
    by_hand = 10_000 * ((1 - math.exp(-10 * 20 * 1e-4)) + (1 - math.exp(-100 * 10 * 1e-4)))
    assert work.runs == pytest.approx(by_hand)
    often = planned(text.replace("20 Hz", "80 Hz")).times.work
    assert often.events == pytest.approx((80 + 10) * 1000)


def test_what_makes_a_run_long_makes_it_worth_compiling():
    short = LARGE.replace("100000)", "2)")
    assert planned(short).target == "numpy"
    many_synapses = short.replace("size: 10", "size: 1000").replace("20 Hz", "40 Hz")
    long_run = short.replace("duration: 1 s", "duration: 100 s")
    compiles = any(map(shutil.which, ("g++", "c++", "clang++")))
    for text in (many_synapses, long_run):
        plan = planned(text)
        assert plan.target == ("cpp_standalone" if compiles else "numpy")
        assert plan.times.seconds("cpp_standalone", 1, 1) < plan.times.seconds("numpy", 1, 1)
        built = plan.times.seconds("cpp_standalone", 1, 1, built=True)
        assert built + plan.times.build("cpp_standalone") == pytest.approx(
            plan.times.seconds("cpp_standalone", 1, 1)
        )

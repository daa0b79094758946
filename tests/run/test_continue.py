"""A finished run goes on: 10 s and 10 s more are 20 s, to the last bit."""

import dataclasses
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from by_day import CYTHON, in_turn
from running import assert_same, run_apart, run_here, tables_in
from script_audit import audit

import stdpdsl
from stdpdsl.cli import main
from stdpdsl.compiler import compile_source
from stdpdsl.execution import continued
from stdpdsl.execution.continued import continuation
from stdpdsl.execution.errors import JobError
from stdpdsl.execution.sharded_run import run_and_save
from stdpdsl.execution.wanted import Request
from stdpdsl.language.source import Source
from stdpdsl.results.reader import load
from stdpdsl.runtime.folder import footer_checksum, read_metadata, write_metadata

SPECS = Path(__file__).parents[2] / "specs"
GALLERY = sorted(
    {p.stem for p in SPECS.glob("*.stdp")}
    - {"auditory_recordings", "diehl_cook_2015_test", "digits"}  # the third takes minutes
)
TARGETS = ["cython", "cpp_standalone"]

# The state that a cut must not lose: spikes under way for longer than the first part, refractory
# neurons, traces between events, counters, deliveries that are held, layers that all blocks share.
SPEC = """
model goes_on

neuron cell:
    parameters:
        tau_m = 10 ms
    equations:
        dv/dt = (-70 mV - v)/tau_m : volt (unless refractory)
        dg/dt = -g/(5 ms) : volt
        seen : 1
    threshold: v > -60 mV
    reset:
        v = -70 mV
        seen = seen + 1
    refractory: 8.3 ms
    initial: v = uniform(-70 mV, -65 mV)
    every 10 ms: v += normal(0 mV, 0.1 mV)
    every 7 ms: g += 1 mV
layer P:
    poisson: 60 Hz
    size: 10
layer Q:
    poisson: rate
    size: 5
layer R:
    regular: 30 Hz from 1.5 ms
    size: 3
layer A:
    neuron: cell
    size: 4
layer S:
    neuron: cell
    size: 2
    scope: shared
connect P -> A as c:
    pattern: random(p = 0.5)
    plasticity: pair_additive
    deliver: w * 8 mV to v
    initial: w = uniform(0, 1) independent per block
    axonal delay: uniform(0 ms, 70 ms)
    dendritic delay: 12 ms
    every 15 ms: normalise w per post to 3
connect A -> A as rec:
    pattern: all_to_all where i != j
    plasticity: triplet
    deliver: w * 5 mV to g
    initial: w = uniform(0, 1)
    delay: 9 ms
connect Q -> A as d:
    pattern: random(p = 0.5) independent per block
    weight: 6 mV
    deliver: w to v
connect P -> S as e:
    pattern: all_to_all
    weight: 6 mV
    deliver: w to v
    delay: 20 ms
connect R -> A as f:
    pattern: all_to_all
    weight: 4 mV
    deliver: w to v
sweep:
    grid:
        rate = [20, 40] Hz
    derive: A.tau_m = 0.4 / rate
    replicates: 2
record:
    spikes of P, Q, A, S
    w of c every 30 ms
    v of A every 7 ms
    v of A every 10 ms in blocks 1, 3
    v of S every 10 ms
    w of rec every 20 ms
measure:
    late of rec = mean(w)
run:
    duration: 46 ms
    seed: 5
"""
LONG = SPEC.replace("46 ms", "100 ms")
TRAIN = "    phases:\n        start: 10 ms, plasticity off, d off\n        train: 36 ms\n"
PHASED = SPEC.replace("    duration: 46 ms\n", TRAIN)
ADDED = """\
        repeat 2:
            test: 10 ms, plasticity off, set A.v = uniform(-70 mV, -62 mV)
            rest: 7 ms, set rec.w = 0.5
        last: 20 ms, d off
"""
MORE = PHASED.replace(TRAIN, TRAIN + ADDED)


def script(text, folder, sets, target, keep=True, earlier=""):
    return compile_source(
        Source("spec.stdp", text),
        folder,
        list(sets),
        "synapse",
        target,
        allowed=[folder],
        keep_state=keep,
        earlier=earlier,
    ).run_script


def in_two(out, texts, sets, target="numpy", data=Path("."), more=()):
    """The tables of a run that goes on from another, and of one that did not end between."""

    def run(name, text, sets, more=(), **options):
        made = script(text, data, sets, target, **options)
        if target == "numpy":
            return run_here(out, made, name, data=data, more=[*more])
        return run_apart(out, made, name, target, data=data, more=[*more])

    run("first", texts[0], sets[0], more)
    known = read_metadata(out / "first")["checksum"]
    earlier = ["--earlier", str(out / "first")]
    went_on = run("went_on", texts[1], sets[1], [*more, *earlier], earlier=known)
    return went_on, run("whole", texts[1], sets[1], more)


def check_in_two(out, texts, sets=((), ()), target="numpy", data=Path("."), more=()):
    went_on, whole = in_two(out, texts, sets, target, data, more)
    assert_same(went_on, whole)
    return whole


def check_gallery(name, out, target, steps=2000):
    path = SPECS / f"{name}.stdp"
    text = path.read_text(encoding="utf-8")
    plan = compile_source(Source(path.name, text), SPECS, [], "synapse", target)
    cuts = [(f"duration={n * plan.experiment.dt!r} s",) for n in (round(0.4337 * steps), steps)]
    shards = max(1, min(plan.plan.most, plan.plan.blocks // 2))  # two or three blocks
    return check_in_two(out, (text, text), cuts, target, SPECS, ("--shard", f"1/{shards}"))


@pytest.mark.slow
@pytest.mark.parametrize("name", in_turn(GALLERY, 2))
def test_the_whole_gallery(name, tmp_path):
    assert len(check_gallery(name, tmp_path, "numpy")["state"])


@pytest.mark.slow
@pytest.mark.parametrize(("target", "name"), in_turn([*product(TARGETS, GALLERY)], 1))
def test_the_whole_gallery_compiled(target, name, tmp_path):
    check_gallery(name, tmp_path, target)


def check_much(out, texts, target="numpy"):
    whole = check_in_two(out, texts, target=target)
    first = tables_in(out / "first")["state"].groupby("variable")["value"]
    assert first.size()["c.pre.queue.ahead"] > 50 and first.size()["c.arrival.queue.ahead"] > 50
    assert first.min()["A.not_refractory"] == 0
    assert whole["blocks"]["A_spikes"].min() >= 0 and len(whole["spikes"]) > 100
    return whole


@pytest.mark.slow
def test_nothing_is_lost_at_the_cut(tmp_path):
    """Where phases are added that switch what was switched before."""
    whole = check_much(tmp_path, (PHASED, MORE))
    assert len(set(whole["blocks"]["phase"])) == 7


@pytest.mark.slow
def test_a_cut_within_a_phase_or_without_phases(tmp_path):
    for name, texts in (
        ("within", (PHASED, MORE.replace("train: 36", "train: 47"))),
        ("without", (SPEC, LONG)),
    ):
        (tmp_path / name).mkdir()
        check_much(tmp_path / name, texts)


CPP = pytest.param("cpp_standalone", marks=pytest.mark.in_turn(1, among="goes on in C++"))


@pytest.mark.slow
@pytest.mark.parametrize("target", [CYTHON, CPP])
def test_nothing_is_lost_at_the_cut_of_a_compiled_run(target, tmp_path):
    check_much(tmp_path, (PHASED, MORE), target)


def test_its_script_holds_what_a_script_may_hold(tmp_path):
    assert audit(script(SPEC, tmp_path, (), "numpy", earlier="0" * 8)) == []


@pytest.mark.slow
@pytest.mark.parametrize("target", ["numpy", CPP])
def test_a_state_that_is_stored_as_the_run_ends(target, tmp_path):
    """It is restored by a phase that is added."""
    first = PHASED.replace("train: 36 ms", "train: 36 ms, store trained")
    added = "        test: 20 ms, plasticity off\n        again: 20 ms, restore trained\n"
    whole = first.replace("store trained\n", f"store trained\n{added}")
    check_much(tmp_path, (first, whole), target)


@pytest.mark.parametrize(
    ("stored", "allowed"),
    [
        ("start: 10 ms", False),
        ("train: 36 ms", True),
        ("train: 36 ms at start", False),
    ],
)
def test_a_state_that_is_not_kept(stored, allowed, tmp_path):
    phase, _, at_start = stored.partition(" at")
    stores = f"{phase}, store x{' at' + at_start if at_start else ''}"
    last = "        last: 1 ms, restore x\n    seed: 5"
    text = PHASED.replace(phase, stores).replace("    seed: 5", last)
    compiled = compile_source(Source("spec.stdp", text), tmp_path, [], "synapse", "numpy")
    if allowed:
        continued._check_stored(compiled, tmp_path, 1)
    else:
        with pytest.raises(JobError, match="last restores x"):
            continued._check_stored(compiled, tmp_path, 1)


FEW = """
model few
neuron cell:
    equations:
        dv/dt = -v/(10 ms) : 1
    threshold: v > 1
    reset: v = 0
layer P:
    regular: 200 Hz
    size: 2
layer A:
    neuron: cell
    size: 2
connect P -> A as ff:
    pattern: all_to_all
    axonal delay: 2 ms
    on pre: v_post += 0.6
connect P -> A as gg:
    pattern: random(p) where i != j
    plasticity: pair_additive
    initial: w = 0.5
    deliver: w to v
sweep:
    grid:
        p = [0, 1]
record:
    spikes of A
    w of gg every 5 ms
run:
    duration: 12.3 ms
"""


@pytest.mark.slow
@pytest.mark.parametrize("p", ["[0]", "[0, 1]"])
def test_a_connection_without_synapses(p, tmp_path):
    """In all blocks, or in one."""
    text = FEW.replace("[0, 1]", p)
    whole = check_in_two(tmp_path, (text, text.replace("12.3", "30")))
    assert len(whole["spikes"])


@pytest.mark.slow
def test_single_precision(tmp_path):
    single = "    precision: single\n"
    check_in_two(tmp_path, (SPEC + single, LONG + single))


# The command -------------------------------------------------------------------------------------

SMALL = """
model small

neuron cell:
    parameters:
        tau = 10 ms
    equations:
        dv/dt = -v/tau : 1
    threshold: v > 1
    reset: v = 0

layer P:
    poisson: 100 Hz
    size: 4

layer A:
    neuron: cell
    size: 2

connect P -> A as c:
    pattern: all_to_all
    plasticity: pair_additive(Apre = 0.02, Apost = -0.01)
    deliver: w * 0.6 to v
    initial: w = uniform(0, 1)
    delay: 15 ms

sweep:
    grid:
        A.tau = [10, 20, 30] ms

record:
    spikes of P, A
    w of c every 30 ms

run:
    duration: 100 ms
    seed: 3
"""


def run(folder, *more, text=SMALL, status=0):
    (folder / "spec.stdp").write_text(text)
    options = [str(option) for option in more]
    assert main(["run", str(folder / "spec.stdp"), *options, "--target", "numpy"]) == status


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def tables(folder):
    found = tables_in(folder)
    found.pop("state", None)
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Results of 100 ms, with their state, and of 200 ms."""
    folder = tmp_path_factory.mktemp("small")
    run(folder, "-o", folder / "first", "--keep-state")
    run(folder, "-o", folder / "whole", text=SMALL.replace("100 ms", "200 ms"))
    return folder


def test_a_run_becomes_longer(small, tmp_path, capsys):
    """By a time, then by its spec, in place; what is no longer than it was is left alone."""
    before = files_in(small / "first")
    run(small, "--continue", small / "first", "--for", "60 ms", "-o", tmp_path / "r")
    assert files_in(small / "first") == before
    longer = SMALL.replace("100 ms", "200 ms")
    run(small, "--continue", tmp_path / "r", text=longer)
    assert_same(tables(tmp_path / "r"), tables(small / "whole"))
    said = load(tmp_path / "r").metadata
    assert [round(one["seconds"], 6) for one in said["continued"]] == [0.1, 0.16]
    assert said["time_reached"] == load(small / "whole").metadata["time_reached"]
    after = files_in(tmp_path / "r")
    capsys.readouterr()
    run(small, "--continue", tmp_path / "r", text=longer)
    assert "nothing was run" in capsys.readouterr().out
    assert files_in(tmp_path / "r") == after


@pytest.mark.slow
def test_the_whole_can_be_reproduced(small, tmp_path):
    run(small, "--continue", small / "first", "--for", "100 ms", "-o", tmp_path / "r")
    assert main(["reproduce", str(tmp_path / "r"), "--data", str(small)]) == 0


@pytest.mark.slow
def test_without_a_state_it_is_run_again(small, tmp_path, capsys):
    run(small, "-o", tmp_path / "r")
    run(small, "--continue", tmp_path / "r", "--for", "100 ms")
    assert "has no saved state" in capsys.readouterr().err
    assert_same(tables(tmp_path / "r"), tables(small / "whole"))
    assert "continued" not in load(tmp_path / "r").metadata


@pytest.mark.slow
def test_any_shards_before_and_after(small, tmp_path):
    """The first part in three shards, the second in two, by two workers."""
    for k in (1, 2, 3):
        run(small, "-o", tmp_path / "r", "--keep-state", "--shard", f"{k}/3")
    assert main(["merge", str(tmp_path / "r.shards")]) == 0
    text, request = SMALL.replace("100 ms", "200 ms"), Request([], keep_state=True)
    source = Source("spec.stdp", text)
    compiled, origin = continuation(source, small, tmp_path / "r", request)
    plan = dataclasses.replace(compiled.plan, shards=2, workers=2)
    compiled = dataclasses.replace(compiled, plan=plan)
    outcome = run_and_save(compiled, text, small, tmp_path / "two", print, origin=origin)
    assert outcome.status == 0
    assert_same(tables(tmp_path / "two"), tables(small / "whole"))
    assert load(tmp_path / "two").metadata["shards"] == 2


@pytest.mark.slow
def test_rows_and_time_may_be_added_in_turn(small, tmp_path):
    """Also in between the rows that are there."""
    rows = SMALL.replace("[10, 20, 30]", "[10, 15, 20, 30]")
    run(small, "-o", tmp_path / "r", "--keep-state")
    run(small, "--extend", tmp_path / "r", text=rows)
    run(small, "--continue", tmp_path / "r", "--for", "100 ms", text=rows)
    run(small, "-o", tmp_path / "whole", text=rows.replace("100 ms", "200 ms"))

    def by_tau(folder, table):
        frame = tables_in(folder)[table].drop(columns="block")
        return frame.sort_values(list(frame.columns), ignore_index=True)

    for table in ("blocks", "weights", "spikes", "trajectories"):
        a, b = (by_tau(tmp_path / name, table) for name in ("r", "whole"))
        pd.testing.assert_frame_equal(a, b, check_exact=True)


@pytest.mark.slow
def test_from_python(small, tmp_path):
    spec = stdpdsl.load_spec(SMALL)
    first = stdpdsl.run(spec, tmp_path / "r", keep_state=True, target="numpy")
    assert "state" in first.tables
    stdpdsl.run(spec, continues=tmp_path / "r", longer="100 ms", target="numpy")
    assert_same(tables(tmp_path / "r"), tables(small / "whole"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Apre = 0.02", "Apre = 0.03", "plasticity: pair_additive(Apre = 0.03"),
        ("seed: 3", "seed: 4", "+    seed: 4"),
        ("[10, 20, 30] ms", "[10, 20] ms", "A.tau = [10, 20, 30] ms"),
        (
            "    duration: 100 ms\n",
            "    phases:\n        a: 100 ms, plasticity off\n        b: 1 ms\n",
            "+ a: 1, plasticity off",
        ),
        ("duration: 100 ms", "duration: 50 ms", "continued run cannot be shorter"),
    ],
)
def test_another_spec_is_refused(old, new, said, small, tmp_path, capsys):
    before = files_in(small / "first")
    run(small, "--continue", small / "first", text=SMALL.replace(old, new), status=2)
    assert said in capsys.readouterr().err
    assert files_in(small / "first") == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--for", "10 s"], "--for needs --continue"),
        (["--continue", "first", "--for", "10 mV"], "expected the additional duration, above 0 s"),
        (["--continue", "first", "--for", "-1 s"], "expected the additional duration, above 0 s"),
        (["--continue", "first", "--shard", "1/2"], "cannot be combined with --shard"),
        (["--continue", "first", "--until-stable", "0.1"], "combined with --until-stable"),
        (["--keep-state", "--parameters", "namespace"], "--parameters synapse only"),
        (["--continue", "none"], "there is no such folder"),
    ],
)
def test_options_that_contradict(options, said, small, monkeypatch, capsys):
    monkeypatch.chdir(small)
    (small / "spec.stdp").write_text(SMALL)
    status = main(["run", "spec.stdp", *options])
    assert status in (1, 2) and said in capsys.readouterr().err


def test_another_target_is_refused(small, capsys):
    (small / "spec.stdp").write_text(SMALL)
    command = ["run", str(small / "spec.stdp"), "--continue", str(small / "first"), "--for", "1 s"]
    assert main([*command, "--target", "cpp_standalone"]) == 2
    assert "target: numpy | cpp_standalone" in capsys.readouterr().err


def test_what_takes_too_much_memory_is_refused(small, monkeypatch, capsys):
    monkeypatch.setattr(continued, "available_memory", lambda: 10_000)
    run(small, "--continue", small / "first", "--for", "1 s", status=2)
    assert "rows takes" in capsys.readouterr().err


@pytest.mark.slow
def test_another_code_generator_on_the_way_is_refused(small, tmp_path):
    """Where there is no compiler, a run falls back to NumPy."""
    shutil.copytree(small / "first", tmp_path / "r")
    said = read_metadata(tmp_path / "r")
    said.pop("checksum")
    write_metadata(tmp_path / "r/metadata.json", said | {"target": "cpp_standalone"})
    known = read_metadata(tmp_path / "r")["checksum"]
    made = script(SMALL.replace("100 ms", "200 ms"), tmp_path, (), "numpy", earlier=known)
    more = ["--earlier", str(tmp_path / "r")]
    text = run_apart(tmp_path, made, "out", status=1, more=more)
    assert "was run on cpp_standalone, and cannot go on here, on numpy" in text


@pytest.mark.slow
def test_a_damaged_state_is_told(small, tmp_path, capsys):
    """A bit that has changed, spikes of synapses that there are not, a file that is gone."""
    import pyarrow.parquet as pq

    shutil.copytree(small / "first", tmp_path / "bit")
    part = tmp_path / "bit/state/part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[60] ^= 1
    part.write_bytes(data)
    run(small, "--continue", tmp_path / "bit", "--for", "1 ms", status=1)
    assert "cannot be read" in capsys.readouterr().err
    shutil.copytree(small / "first", tmp_path / "far")
    part = tmp_path / "far/state/part-00000.parquet"
    table = pq.read_table(part)
    frame = table.to_pandas()
    frame.loc[frame["variable"] == "c.pre.queue.synapse", "value"] += 1000
    pq.write_table(pa.Table.from_pandas(frame, schema=table.schema), part)
    said = read_metadata(tmp_path / "far")
    said["footers"]["state"][part.name] = footer_checksum(part)
    said.pop("checksum")
    write_metadata(tmp_path / "far/metadata.json", said)
    run(small, "--continue", tmp_path / "far", "--for", "1 ms", status=1)
    assert "synapses that do not exist" in capsys.readouterr().err
    part.unlink()
    run(small, "--continue", tmp_path / "far", "--for", "1 ms", status=2)
    assert not list(tmp_path.glob("*.shards")) and not list(tmp_path.glob("*.partial*"))


@pytest.mark.slow
def test_a_run_that_is_killed_loses_nothing(small, tmp_path):
    shutil.copytree(small / "first", tmp_path / "r")
    before = files_in(tmp_path / "r")
    (small / "spec.stdp").write_text(SMALL)
    ours = "import sys; from stdpdsl.cli import main; sys.exit(main())"
    command = [
        sys.executable,
        "-c",
        ours,
        "run",
        str(small / "spec.stdp"),
        "--continue",
        str(tmp_path / "r"),
        "--for",
    ]
    process = subprocess.Popen([*command, "1000 s"], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "simulating" in line:
            break
    process.kill()
    process.wait()
    process.stdout.close()
    assert files_in(tmp_path / "r") == before
    subprocess.run([*command, "100 ms"], check=True)
    assert_same(tables(tmp_path / "r"), tables(small / "whole"))

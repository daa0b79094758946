"""A block as its own spec, which gives the same numbers."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from running import run_text

from stdpdsl.cli import main
from stdpdsl.compiler import compile_source
from stdpdsl.execution.extract import extracted
from stdpdsl.language.source import Source
from stdpdsl.results.errors import ResultsError
from stdpdsl.results.reader import load

pytestmark = pytest.mark.slow

SPECS = Path(__file__).parents[2] / "specs"

ALL = """
# A comment that stays.
model everything

constants:
    tau_syn = 5 ms
    CHOSEN = 3

neuron cell:
    parameters:
        tau_m = 10 ms
    equations:
        dv/dt = (-70 mV - v + I)/tau_m : volt
        dI/dt = -I/tau_syn : volt
    threshold: v > -60 mV
    reset: v = -70 mV
    initial: v = uniform(-70 mV, -65 mV)
    every 10 ms: v += normal(0 mV, 0.1 mV)
layer P:
    poisson: 30 Hz
    size: 10
layer Q:
    poisson: rate
    size: 5
layer A:
    neuron: cell
    size: 4
connect P -> A as c:
    pattern: random(p = 0.5) independent per block
    plasticity: triplet(wmax = 2)
    deliver: w * 8 mV to I
    initial: w = uniform(0, start) independent per block
    delay: uniform(0 ms, 3 ms)
connect Q -> A as d:
    pattern: fixed_indegree(2)
    weight: normal(1 mV, 0.1 mV)
    deliver: w to v
sweep:
    grid:
        rate = [20, 40] Hz
        tau_syn = [5, 7] ms
        c.preset = [visual_cortex_minimal, hippocampus_full]
    random: 3 samples
        start = uniform(0.1, 1)
    derive: A.tau_m = 2 * tau_syn
    where: start > 0.2
    replicates: 2
measure:
    strong of c = fraction(w > start)
record:
    spikes of P, Q, A
    w of c every 30 ms
    v of A every 10 ms in blocks 0, CHOSEN
run:
    phases:
        settle: 40 ms, plasticity off
        train: 60 ms, set c.wmax = 1.5
    seed: 5
"""


def columns_of(frame, like):
    """The rows in an order of their own, whatever their numbers of blocks are."""
    keys = [
        n
        for n in (
            "connection",
            "layer",
            "variable",
            "phase",
            "pre",
            "post",
            "neuron",
            "stimulus",
            "t",
        )
        if n in frame
    ]
    frame = frame[like]
    return (frame.sort_values(keys, kind="stable") if keys else frame).reset_index(drop=True)


def assert_is_block(whole, alone, block):
    """What a block alone gave is that block of the whole, to the last bit."""
    blocks = whole["blocks"].set_index("block").loc[[block]]
    replicate = blocks["replicate"].iloc[0] if "replicate" in blocks else None
    for name, frame in alone.items():
        wanted = whole[name]
        mine = wanted["block"] == block
        if replicate is not None:
            mine |= wanted["block"].isna() & (wanted["replicate"] == replicate)
        else:
            mine |= wanted["block"].isna()
        wanted = wanted[mine]
        assert (frame["block"].dropna() == 0).all()
        same = [n for n in frame if n != "block"]
        left = {n for n in wanted if n not in frame} - {"block"}
        assert all(wanted[n].isna().all() for n in left), left  # of what is not recorded there
        pd.testing.assert_frame_equal(
            columns_of(frame, same),
            columns_of(wanted, same),
            check_exact=True,
            check_dtype=False,
            obj=f"{name} of block {block}",
        )


def check(tmp_path, text, blocks, sets=(), folder=None):
    whole = run_text(tmp_path, text, sets=sets, name="whole")
    results = load(tmp_path / "whole")
    for block in blocks:
        spec = extracted(results, block)
        alone = run_text(tmp_path, spec, name=f"block{block}")
        assert_is_block(whole, alone, block)
    return results, whole


def test_everything_that_can_vary(tmp_path):
    results, whole = check(tmp_path, ALL, (0, 3, 17, 30))
    assert len(whole["blocks"]) == 2 * 32 and whole["blocks"].replicate.max() == 1
    assert whole["spikes"].layer.nunique() == 3 and len(whole["spikes"]) > 500
    assert "# A comment that stays." in extracted(results, 3)
    assert "in blocks 0\n" in extracted(results, 3)
    assert "v of A every" not in extracted(results, 5)
    assert "replicate: 1" in extracted(results, 31) and "random:" not in extracted(results, 31)


def test_settings_stand_in_the_spec(tmp_path):
    sets = ["start=0.5", "d.weight=2 mV", "rate=[10, 50] Hz", "seed=9", "CHOSEN=7"]
    text = (
        ALL.replace("    random: 3 samples\n        start = uniform(0.1, 1)\n", "")
        .replace("CHOSEN = 3", "CHOSEN = 3\n    start = 0.3")
        .replace("    where: start > 0.2\n", "")
    )
    results, _ = check(tmp_path, text, (7,), sets)
    spec = extracted(results, 7)
    assert "weight: 2 mV" in spec and "seed: 9" in spec and "start = 0.5" in spec


UNITS = """
model units

neuron cell:
    parameters:
        sigma = 1 mV/sqrt(1 ms)
        g = 1 siemens/meter**2
        k = 1 Hz/second
        c = 1 nF
    equations:
        dv/dt = (sigma*sqrt(5 ms)*k*(1 second)**2 - v)/(c/(g*(1 meter)**2) + 9 ms) : volt
    threshold: v > 1 volt
    reset: v = 0 volt
layer A:
    neuron: cell
    size: 1
sweep:
    grid:
        A.sigma = [1 mV/sqrt(1 ms), 0.7 mV/sqrt(1 ms)]
        A.k = [1, 0.3] Hz/second
        A.c = [1, 3] nF
        A.g = [1, 0.7] siemens/meter**2
record:
    v of A every 1 ms
run:
    duration: 5 ms
"""


def test_units_of_every_kind(tmp_path):
    results, _ = check(tmp_path, UNITS, (0, 15))
    spec = extracted(results, 15)
    assert "A.c [farad]" in spec and "3e-09" in spec and "(1 second)**3.5" in spec


def test_the_command(tmp_path, capsys):
    run_text(tmp_path, UNITS, name="r")
    folder = str(tmp_path / "r")
    path = tmp_path / "block.stdp"
    assert main(["extract", folder, "--block", "3", "-o", str(path)]) == 0
    assert path.read_text() == extracted(load(folder), 3)
    capsys.readouterr()
    assert main(["extract", folder, "--block", "3"]) == 0
    assert capsys.readouterr().out == path.read_text()
    assert main(["check", str(path)]) == 0
    for more, said in (
        (["--block", "16"], "there is no block 16; blocks run from 0 to 15"),
        (["--block", "3", "-o", str(path)], "exists already"),
    ):
        assert main(["extract", folder, *more]) == 2
        assert said in capsys.readouterr().err


def test_coupled_blocks_cannot_be_run_alone(tmp_path):
    text = ALL.replace("        tau_syn = [5, 7] ms\n", "").replace(
        "connect Q -> A as d:",
        "layer Z:\n    neuron: cell\n    size: 1\n    scope: shared\n"
        "connect A -> Z as feel across blocks:\n"
        "    pattern: all_to_all\n    on pre: v_post += 1 mV\nconnect Q -> A as d:",
    )
    run_text(tmp_path, text, name="r")
    with pytest.raises(ResultsError, match="feel couples the blocks"):
        extracted(load(tmp_path / "r"), 0)


@pytest.mark.parametrize(
    "name, block, sets",
    [
        pytest.param("auditory_map", 2, ["duration=200 ms"], marks=pytest.mark.slow),
        pytest.param("balanced_network", 0, ["duration=15 ms"], marks=pytest.mark.slow),
        ("diehl_cook_2015", 1, ["duration=300 ms"]),
        ("dopamine_delay", 3, ["duration=1 s"]),
        ("graupner_brunel_2012", 5, ["duration=1 s"]),
        ("jonke_2017", 1, ["duration=1 s"]),
        ("quantal_release", 1, []),
        pytest.param("vogels_2011_rate", 1, ["duration=1 s"], marks=pytest.mark.slow),
        ("stdp_window", 4, ["duration=900 ms"]),
        ("zenke_2015", 1, ["duration=60 ms"]),
    ],
)
@pytest.mark.in_turn(2)
def test_specs_of_the_gallery(tmp_path, name, block, sets):
    text = (SPECS / f"{name}.stdp").read_text(encoding="utf-8")
    check(tmp_path, text, (block,), sets)


@pytest.mark.slow
def test_a_replicate_in_a_plain_script(tmp_path):
    """A plain script draws by the replicate's number too."""
    text = ALL.replace("replicates: 2", "replicate: 3").replace("    random: 3 samples\n", "")
    text = text.replace("        start = uniform(0.1, 1)\n", "").replace(
        "        rate = [20, 40] Hz\n", "        rate = [20, 40] Hz\n        start = [0.3, 0.9]\n"
    )
    text = text.replace("measure:\n    strong of c = fraction(w > start)\n", "")
    run = run_text(tmp_path, text, name="run")
    compiled = compile_source(Source("s.stdp", text), tmp_path, [], "synapse", "numpy")
    (tmp_path / "plain.py").write_text(compiled.script)
    command = [sys.executable, "plain.py", "-o", "plain", "--target", "numpy"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    for name in ("weights", "spikes", "trajectories"):
        found, wanted = pd.read_parquet(tmp_path / "plain" / name), run[name]
        keys = ["block", *(n for n in wanted if n in found and n != "block")]
        pd.testing.assert_frame_equal(
            *(x[keys].sort_values(keys, ignore_index=True) for x in (found, wanted)),
            check_exact=True,
            check_dtype=False,
        )
        assert len(wanted) > 50 and set(wanted["replicate"]) == {3}

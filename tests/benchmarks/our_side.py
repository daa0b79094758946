"""The same by stdpdsl: a spec, and `stdpdsl run` with a cache of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from problem import APOST_TO_APRE, APRE, WMAX, Problem

SPEC = """
model benchmark

neuron cell:
    parameters:
        tau_m = 10 ms
        tau_syn = 5 ms
        gain = 1 volt
        v_rest = -70 mV
    equations:
        dv/dt = (v_rest + gain*I - v)/tau_m : volt (unless refractory)
        dI/dt = -I/tau_syn : 1
    threshold: v > -60 mV
    reset: v = v_rest
    refractory: 5 ms
    initial: v = v_rest

layer inputs:
    spikes: from "spikes.parquet"
    size: 10
    scope: shared

layer cells:
    neuron: cell
    size: 10

connect inputs -> cells as ff:
    pattern: all_to_all
    plasticity: pair_additive(wmax = {wmax})
    deliver: w to I
    initial: w = 0.004 + 0.002*((7*i + 3*j) % 5)

sweep:
    grid:
        ff.Apre = linspace({first!r}, {last!r}, {blocks})
    derive:
        ff.Apost = {ratio} * Apre

run:
    duration: {seconds} s
    dt: 0.1 ms
    seed: 1
    precision: {precision}
"""


def write_spec(folder, blocks, seconds, precision="double"):
    """The problem as a spec."""
    text = SPEC.format(
        wmax=WMAX,
        first=APRE[0],
        last=APRE[1],
        blocks=blocks,
        ratio=APOST_TO_APRE,
        seconds=seconds,
        precision=precision,
    )
    (Path(folder) / "spec.stdp").write_text(text)


def main(way, target, folder, precision):
    """Run the spec `cold`, with no compiled code of ours, or `warm`, after another table's run.

    The stages are timed by the lines that the command prints as they begin.
    """
    folder = Path(folder)
    p = Problem(folder)
    cache = folder / f"cache-{precision}"
    results = folder / "results"
    if way == "cold":
        shutil.rmtree(cache, ignore_errors=True)
    write_spec(folder, p.blocks, p.seconds, precision)
    command = [sys.executable, "-m", "stdpdsl.cli", "run", str(folder / "spec.stdp")]
    command += ["--target", target, "-o", str(results), "--overwrite"]
    stages = {}
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=folder,
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONUNBUFFERED": "1"},
    ) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if stage := re.match(r"(\w+)", line):
                stages.setdefault(stage[1], time.perf_counter() - started)
    if process.returncode:
        sys.exit("".join(said))
    whole = time.perf_counter() - started
    simulate = stages.get("saving", whole) - stages.get("simulating", 0)
    spikes, mean = outcome(results)
    build = None
    if "compiling" in stages:
        build = stages["simulating"] - stages["compiling"]
    line = {"build": build, "simulate": simulate, "whole": whole, "spikes": spikes, "mean": mean}
    print(json.dumps(line))


def outcome(results):
    """All spikes of the cells and their mean weight at the end, from the table of blocks."""
    import pyarrow.dataset as ds

    blocks = ds.dataset(results / "blocks").to_table()
    spikes = sum(blocks.column("cells_spikes").to_pylist())
    means = blocks.column("ff_after_mean").to_pylist()
    return spikes, sum(means) / len(means)


if __name__ == "__main__":
    main(*sys.argv[1:])

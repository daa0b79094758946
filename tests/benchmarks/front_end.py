"""From sound to the nerve's spikes, by hand and by stdpdsl: `python -m tests.benchmarks.front_end`.

By hand: brian2hears' FilterbankGroup in a Cython run, as in the forum's script. Its time grows with
the sound, so a short one tells. Both sides hear tones of half a second. What that side compiles
does not count; what ours compiles does, once.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "specs" / "auditory_map.stdp"
TONES = "geomspace(98 Hz, 5.27 kHz, 70)"
TONE = 0.52  # s, with its gap


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--by-hand", type=int, default=20, help="tones that the other side hears")
    parser.add_argument("--repeats", type=int, default=4, help="times that ours hears 70 tones")
    options = parser.parse_args()
    print("| way | sound | time | per second of sound |")
    print("| --- | ---: | ---: | ---: |")
    theirs = print_row("FilterbankGroup, Cython", options.by_hand * TONE, by_hand(options.by_hand))
    with tempfile.TemporaryDirectory(prefix="stdpdsl-benchmark-") as folder:
        seconds = 70 * options.repeats * TONE
        first = print_row("stdpdsl run", seconds, ours(folder, options.repeats, 4))
        print_row("stdpdsl run, another table", seconds, ours(folder, options.repeats, 3))
    print(f"\nby hand / ours: {theirs / first:.3g}")


def print_row(way, sound, seconds):
    print(f"| {way} | {sound:.4g} s | {seconds:.3g} s | {seconds / sound:.3g} s |", flush=True)
    return seconds / sound


def by_hand(count):
    """Seconds that the script of the forum takes to simulate the nerve."""
    import brian2 as b2
    import brian2hears as hears
    import numpy as np

    b2.prefs.codegen.target = "cython"
    ms, Hz = b2.ms, b2.Hz
    silence = hears.silence(20 * ms, samplerate=44.1 * b2.kHz)
    pieces = []
    for f in np.geomspace(98, 5270, count):
        tone = hears.tone(f * Hz, 500 * ms, samplerate=44.1 * b2.kHz)
        tone.ramp(when="both", duration=10 * ms)
        pieces += [tone, silence]
    sound = hears.Sound.sequence(*pieces)
    sound.level = 65 * hears.dB
    bank = hears.Gammatone(sound, hears.erbspace(100 * Hz, 5000 * Hz, 10))
    cells = hears.FunctionFilterbank(bank, lambda x: 3 * np.clip(x, 0, np.inf))
    nerve = hears.FilterbankGroup(
        cells,
        "I",
        "dv/dt = (v_rest + I*volt - v)/(10*ms) : volt (unless refractory)\nI : 1",
        threshold="v > -60*mV",
        reset="v = v_rest",
        refractory=5 * ms,
        method="exact",
        namespace={"v_rest": -70 * b2.mV},
    )
    nerve.v = -70 * b2.mV
    spikes = b2.SpikeMonitor(nerve)
    network = b2.Network(nerve, spikes)
    network.run(20 * ms)  # compiles
    started = time.perf_counter()
    network.run(sound.duration - 20 * ms)
    taken = time.perf_counter() - started
    if not spikes.num_spikes:
        sys.exit("the nerve is silent")
    return taken


def ours(folder, repeats, ratio):
    """Seconds that a run takes until the nerve's spikes are there."""
    text = SPEC.read_text(encoding="utf-8")
    for here, there in (
        ("repeats: 4", f"repeats: {repeats}"),
        ("ratio = [1, 4]", f"ratio = [1, {ratio}]"),
        (TONES, TONES),
    ):
        if here not in text:
            sys.exit(f"{SPEC.name} has no `{here}`")
        text = text.replace(here, there)
    spec = Path(folder) / SPEC.name
    spec.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "stdpdsl.cli", "run", spec, "--overwrite"]
    command += ["--target", "cpp_standalone", "-o", f"{folder}/results"]
    began = {}
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "XDG_CACHE_HOME": folder,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(SPEC.parents[1]),
        },
    ) as process:
        for line in process.stdout:
            if stage := re.match(r"(\w+)", line):
                began.setdefault(stage[1], time.perf_counter())
    if process.returncode:
        sys.exit(f"stdpdsl run ended with {process.returncode}")
    stages = sorted(began, key=began.get)
    return began[stages[stages.index("inputs") + 1]] - began["inputs"]


if __name__ == "__main__":
    main()

"""Searches beside plain sweeps and loops: `python -m tests.benchmarks.searching`.

A generation of a search beside a sweep of as many blocks of the benchmark's network, in turns; and
many trials of `fit_triplet` beside a loop that runs one trial after the other, of which a few tell.
On a busy machine seconds of the processor (of the command and all its children) say more than those
of the clock.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from our_side import SPEC, write_spec  # noqa: E402
from problem import APOST_TO_APRE, APRE, WMAX, write_problem  # noqa: E402

SEARCHES = Path(__file__).resolve().parents[2] / "specs" / "searches"
FIT = (SEARCHES / "fit_triplet.stdp").read_text(encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--blocks", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--repeat", type=int, default=3, help="times, in turns; the least counts")
    parser.add_argument("--trials", type=int, default=10_000, help="of fit_triplet")
    parser.add_argument("--batch", default="50,500", help="sizes of its batches")
    parser.add_argument("--loop", type=int, default=3, help="trials of the loop")
    parser.add_argument("--workers", default="2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stdpdsl-benchmark-") as name:
        os.environ["XDG_CACHE_HOME"] = str(Path(name) / "cache")
        generations(Path(name), options)
        fits(Path(name), options)


def measure(*command):
    """Seconds of the clock and of the processor that a command of ours takes."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "stdpdsl.cli", *map(str, command)],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stdout)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return clock, used


def row(what, clock, used):
    print(f"| {what} | {clock:.3g} s | {used:.3g} s |", flush=True)


def head(text):
    print(f"\n{text}\n\n| way | clock | processor |\n| --- | ---: | ---: |")


# A generation -----------------------------------------------------------------------------------


def generations(folder, options):
    """A plain sweep; a search of one generation, and what a further one costs."""
    blocks, seconds, workers = options.blocks, options.seconds, ("--workers", options.workers)
    write_problem_in(folder, blocks, seconds)
    write_spec(folder, blocks, seconds)
    (folder / "spec.stdp").rename(folder / "sweep.stdp")
    for count in (1, 3):
        (folder / f"search{count}.stdp").write_text(search_spec(blocks, seconds, count))
    ways = {
        "sweep": ("run", folder / "sweep.stdp"),
        "search1": ("search", folder / "search1.stdp"),
        "search3": ("search", folder / "search3.stdp"),
    }
    found = {name: (float("inf"), float("inf")) for name in ways}
    for _ in range(options.repeat + 1):  # the first compiles
        for name, command in ways.items():
            one = measure(*command, "-o", folder / name, "--overwrite", *workers)
            if _:
                found[name] = tuple(map(min, found[name], one))
    head(f"{blocks:,} blocks of the benchmark's network, {seconds:g} s")
    sweep, first, third = (found[name] for name in ways)
    further = tuple((c - a) / 2 for a, c in zip(first, third, strict=True))
    row("a plain sweep", *sweep)
    row("a search of one generation", *first)
    row("a further generation", *further)
    for name, one in (("one generation", first), ("a further one", further)):
        ratios = [a / b for a, b in zip(one, sweep, strict=True)]
        print(f"{name} / sweep: clock {ratios[0]:.3g}, processor {ratios[1]:.3g}", flush=True)


def write_problem_in(folder, blocks, seconds):
    folder.mkdir(exist_ok=True)
    write_problem(folder, blocks, seconds)


def search_spec(blocks, seconds, count):
    """The same network, with the amplitude as an axis that is searched."""
    text = SPEC.format(
        wmax=WMAX,
        first=APRE[0],
        last=APRE[1],
        blocks=blocks,
        ratio=APOST_TO_APRE,
        seconds=seconds,
        precision="double",
    )
    text = re.sub(r"    grid:\n.*\n", "", text)
    return (
        text
        + f"""
search:
    over: ff.Apre = uniform({APRE[0]!r}, {APRE[1]!r})
    minimise: ff_after_mean
    method: random
    trials: {count * blocks}
    batch: {blocks}
"""
    )


# A fit ------------------------------------------------------------------------------------------


def fits(folder, options):
    """Trials of `fit_triplet`, without an early stop, and a loop over `stdpdsl run`."""
    for path in SEARCHES.glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    head(f"fit_triplet, {options.trials:,} trials, {options.workers} workers")
    workers = ("--workers", options.workers)
    for batch in map(int, options.batch.split(",")):
        fit_spec(folder / "warm.stdp", batch, batch)
        measure("search", folder / "warm.stdp", "-o", folder / "warm", "--overwrite", *workers)
        fit_spec(folder / "fit.stdp", options.trials, batch)
        found = measure(
            "search", folder / "fit.stdp", "-o", folder / f"fit{batch}", "--overwrite", *workers
        )
        row(f"stdpdsl search, batches of {batch:,}", *found)
    measure("best", folder / f"fit{batch}", "-o", folder / "one.stdp")
    loop = [
        measure("run", folder / "one.stdp", "-o", folder / "one", "--overwrite", *workers)
        for _ in range(options.loop + 1)
    ][1:]
    each = [sum(one) / len(loop) * options.trials for one in zip(*loop, strict=True)]
    row(f"a loop over stdpdsl run, extrapolated from {len(loop)}", *each)
    ratios = [a / b for a, b in zip(each, found, strict=True)]
    print(f"loop / search: clock {ratios[0]:.3g}, processor {ratios[1]:.3g}")


def fit_spec(path, trials, batch):
    text = re.sub(r"    stop: .*\n", "", FIT)
    text = text.replace("trials: 2000", f"trials: {trials}").replace("batch: 50", f"batch: {batch}")
    path.write_text(text)


if __name__ == "__main__":
    main()

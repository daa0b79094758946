"""One network in several ways, with the ratios: `python tests/benchmarks --help`.

Each way runs in processes of its own, one after the other, in one session: on a shared machine the
seconds drift, the ratios less. All ways but NEST must give the same spikes and weights.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
STEP = 1e-4  # s
ROWS = {
    "thread": "the thread's fix, Cython",
    "expert-cython": "one Synapses by hand, Cython",
    "expert-standalone": "one Synapses by hand, C++ standalone",
    "run-args": "one block by hand, `device.run(run_args=...)` for each",
    "annarchy-cold": "ANNarchy, one thread, nothing compiled yet",
    "annarchy-warm": "ANNarchy, one thread, the same again",
    "nest": "NEST, one thread",
    "limit": "C++ by hand (the limit), one thread",
    "ours-cold": "stdpdsl run, nothing compiled yet",
    "ours-warm": "stdpdsl run, another table",
    "ours-single": "the same in single precision",
}
NEST_BLOCKS = 10_000
"""Most blocks for NEST, which takes 0.9 MB for each."""
LOOSE, TIGHT = 0.1, 1e-3
"""How far spikes and mean weight may be from the limit's: NEST has other delays; the others may
round exp() differently, and a spike that moves by a step moves others."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", default=",".join(ROWS), help="ways, separated by commas")
    parser.add_argument("--blocks", default="20,1000,5000", help="numbers of blocks")
    parser.add_argument("--seconds", type=float, help="simulated; default: 5 for 20 blocks, 10")
    parser.add_argument("--huge", action="store_true", help="also 100,000 blocks for 1 s")
    parser.add_argument("--quick", action="store_true", help="20 blocks for 1 s, nothing slow")
    parser.add_argument(
        "--thread-blocks", type=int, default=20, help="most blocks of `thread` and `run-args`"
    )
    parser.add_argument(
        "--annarchy",
        default=sys.executable,
        metavar="PYTHON",
        help="an interpreter that has ANNarchy, which wants an environment of its"
        " own (`pip install annarchy`, cmake, a C++ compiler)",
    )
    parser.add_argument("--target", default="cpp_standalone", help="of stdpdsl run")
    parser.add_argument("--repeat", type=int, default=1, help="times, in turns; the least counts")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    rows = options.rows.split(",")
    if unknown := set(rows) - set(ROWS):
        parser.error(f"no such way: {', '.join(sorted(unknown))}")
    sizes = [
        (int(b), options.seconds or (5 if int(b) <= 20 else 10)) for b in options.blocks.split(",")
    ]
    if options.quick:
        sizes = [(20, options.seconds or 1)]
        rows = [row for row in rows if row not in ("thread", "expert-cython")]
    if options.huge:
        sizes.append((100_000, options.seconds or 1))
    if not can_import(options.annarchy, "ANNarchy"):
        rows = [row for row in rows if not row.startswith("annarchy")]
        print("without ANNarchy, which is not installed: see --annarchy\n")
    if "nest" in rows and not importlib.util.find_spec("nest"):
        rows.remove("nest")
        print("without NEST, which is not installed\n")
    figures = []
    with tempfile.TemporaryDirectory(prefix="stdpdsl-benchmark-") as folder:
        for blocks, seconds in sizes:
            few = options.thread_blocks
            most = {"thread": few, "run-args": few, "nest": NEST_BLOCKS}
            mine = [r for r in rows if blocks <= most.get(r, blocks)]
            figures += table(Path(folder), mine, blocks, seconds, options)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


def table(folder, rows, blocks, seconds, options):
    """Measure and print one size: of each figure the least, as what else runs only adds to it."""
    problem = folder / f"{blocks}"
    write_problem(problem, blocks, seconds)
    print(f"{blocks:,} blocks, {seconds:g} s\n")
    print("| way | build | simulate | whole process | processor | memory | spikes | mean weight |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    figures = [{"row": row, "blocks": blocks, "seconds": seconds} for row in rows]
    for rounds_left in reversed(range(options.repeat)):
        for figure in figures:
            measured = WAYS[figure["row"]](problem, options)
            for what, value in measured.items():
                known = figure.get(what)
                figure[what] = value if known is None else min(value, known)
            if not rounds_left:
                print_row(figure)
    print()
    print_ratios({f["row"]: f for f in figures})
    check_agreement(figures)
    shutil.rmtree(problem)
    return figures


def print_row(figure):
    """One way, as soon as it is known."""
    build = "–" if figure["build"] is None else f"{figure['build']:.3g} s"
    print(
        f"| {ROWS[figure['row']]} | {build} | {figure['simulate']:.3g} s "
        f"| {figure['whole']:.3g} s | {figure['processor']:.3g} s "
        f"| {figure['memory'] / 1e6:,.0f} MB | {figure['spikes']:,} | {figure['mean']:.6f} |",
        flush=True,
    )


def print_ratios(by_row):
    """How many times longer the others take, for what both sides have measured here."""
    for ours in ("ours-warm", "ours-cold"):
        for other, figure in by_row.items():
            if ours in by_row and not other.startswith("ours"):
                whole = figure["whole"] / by_row[ours]["whole"]
                simulate = figure["simulate"] / by_row[ours]["simulate"]
                print(
                    f"{other} / {ours}: whole process {whole:.3g}, simulation alone {simulate:.3g}"
                )
    print(flush=True)


def check_agreement(figures):
    """Stop where two ways did not simulate the same network."""
    reference = next((f for f in figures if f["row"] == "limit"), figures[0])
    for figure in figures:
        allowed = LOOSE if figure["row"] == "nest" else TIGHT
        for what in ("spikes", "mean"):
            if abs(figure[what] - reference[what]) > allowed * abs(reference[what]):
                sys.exit(
                    f"{figure['row']} and {reference['row']} disagree on {what}: "
                    f"{figure[what]} and {reference[what]}"
                )


def write_problem(folder, blocks, seconds):
    """In a process of its own: a child's peak memory is at least what this one holds."""
    folder.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, HERE / "problem.py", folder, str(blocks), str(seconds)], check=True
    )


# The ways: each returns build, simulate, whole, processor (s), memory (bytes), spikes, mean ------


def measure(command, more=None):
    """Run a side; what it printed last, wall and processor time (s), peak memory (bytes)."""
    paths = [str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": os.pathsep.join(paths)}
    environment |= {"OMP_NUM_THREADS": "1", "PYNEST_QUIET": "1", **(more or {})}
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, text=True, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{text[-4000:]}")
    whole = time.perf_counter() - started
    scale = 1 if sys.platform == "darwin" else 1024
    processor = usage.ru_utime + usage.ru_stime  # of all that it started, too
    figure = {"whole": whole, "processor": processor, "memory": usage.ru_maxrss * scale}
    return figure | json.loads(text.strip().splitlines()[-1])


def brian(way, target):
    script = HERE / "brian_side.py"
    return lambda folder, _: measure([sys.executable, script, way, target, folder])


def nest(folder, _):
    return measure([sys.executable, HERE / "nest_side.py", folder])


def annarchy(way):
    def run(folder, options):
        python, build = Path(options.annarchy), folder / "annarchy"
        # Its compiler asks the first Python of the path for its own parts.
        path = {"PATH": os.pathsep.join((str(python.parent), os.environ["PATH"]))}
        command = [python, HERE / "annarchy_side.py", folder, build]
        if way == "cold":
            shutil.rmtree(build, ignore_errors=True)
        elif not build.exists():
            measure(command, path)
        return measure(command, path)

    return run


def can_import(python, module):
    """Whether an interpreter has a module, without importing it."""
    code = f"import importlib.util, sys; sys.exit(not importlib.util.find_spec({module!r}))"
    return not subprocess.run([python, "-c", code], check=False).returncode


def limit(folder, _):
    binary = folder / "limit"
    flags = ["-O3", "-march=native", "-ffp-contract=off", "-std=c++17"]
    started = time.perf_counter()
    cxx = os.environ.get("CXX", "c++")
    subprocess.run([cxx, *flags, HERE / "limit.cpp", "-o", binary], check=True)
    build = time.perf_counter() - started
    size = json.loads((folder / "problem.json").read_text())
    steps = round(size["seconds"] / STEP)
    return {**measure([binary, folder, str(size["blocks"]), str(steps)]), "build": build}


def ours(way, precision="double"):
    def run(folder, options):
        target = options.target
        if way == "warm":
            prepare(folder, target, precision)
        return measure([sys.executable, HERE / "our_side.py", way, target, folder, precision])

    return run


def prepare(folder, target, precision):
    """Leave compiled what a run of another table compiles."""
    other, cache = folder / "other", f"cache-{precision}"
    write_problem(other, 3, 0.1)
    if not (folder / cache).exists():
        measure([sys.executable, HERE / "our_side.py", "cold", target, other, precision])
        shutil.move(other / cache, folder / cache)


WAYS = {
    "thread": brian("thread", "cython"),
    "expert-cython": brian("expert", "cython"),
    "expert-standalone": brian("expert", "cpp_standalone"),
    "run-args": brian("run-args", "cpp_standalone"),
    "annarchy-cold": annarchy("cold"),
    "annarchy-warm": annarchy("warm"),
    "nest": nest,
    "limit": limit,
    "ours-cold": ours("cold"),
    "ours-warm": ours("warm"),
    "ours-single": ours("warm", "single"),
}


if __name__ == "__main__":
    main()

"""What `stdpdsl plan` predicts, and what it takes: `python -m tests.benchmarks.plans --help`.

Processor time of the whole command in one process, compilers among it: on a shared machine it
drifts less than the time on the clock. Each line also names the work that the prediction counts.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source
from stdpdsl.plan import PACE, TARGETS, pace

SPECS = Path(__file__).resolve().parents[2] / "specs"
CASES = {  # unlike in what costs: what is set to keep them short, and the targets that are sensible
    "auditory_map": ([], ["cpp_standalone"]),
    "song_2000": (["duration=60 s"], ["cpp_standalone"]),
    "balanced_network": ([], ["numpy", "cython", "cpp_standalone"]),
    "kremer_2011": ([], ["numpy", "cpp_standalone"]),
    "clopath_2010": ([], ["numpy", "cpp_standalone"]),
    "stdp_window": ([], ["numpy", "cython", "cpp_standalone"]),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("specs", nargs="*", metavar="SPEC", help="of the gallery; default: six")
    parser.add_argument("--targets", help="only these, separated by commas")
    options = parser.parse_args()
    targets_asked = options.targets.split(",") if options.targets else None
    if unknown := {*options.specs} - {path.stem for path in SPECS.glob("*.stdp")}:
        parser.error(f"no such spec: {', '.join(sorted(unknown))}")
    print("| spec | target | predicted | measured | ratio | work |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    for name in options.specs or CASES:
        sets, targets = CASES.get(name, ([], TARGETS))
        for target in targets_asked or targets:
            compare(name, sets, target)


def compare(name, sets, target):
    """Predict and measure a run with nothing compiled, and with everything."""
    spec = SPECS / f"{name}.stdp"
    source = Source(spec.name, spec.read_text(encoding="utf-8"))
    times = replace(compile_source(source, SPECS, sets, "synapse", target).plan.times, cores=1)
    work = ", ".join(f"{what} {n:.3g}" for what, n in asdict(times.work).items() if n)
    with tempfile.TemporaryDirectory(prefix="stdpdsl-benchmark-") as folder:
        command = [sys.executable, "-m", "stdpdsl.cli", "run", str(spec), "--workers", "1"]
        command += ["--target", target, "-o", f"{folder}/results"]
        command += [word for text in sets for word in ("--set", text)]
        for built in (False, True) if times.build(target) or times.work.heard else (True,):
            shutil.rmtree(f"{folder}/results", ignore_errors=True)
            predicted = times.seconds(target, 1, 1, built) * pace() / PACE
            measured = processor_time(command, folder)
            print(
                f"| {name} | {target}{'' if built else ', compiled anew'} | {predicted:.3g} s "
                f"| {measured:.3g} s | {predicted / measured:.2f} | {work} |",
                flush=True,
            )


def processor_time(command, folder):
    """Seconds, user's and system's, of a command and of all that it starts."""
    log = Path(folder) / "log"
    with log.open("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, "XDG_CACHE_HOME": str(folder)},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text(encoding='utf-8')[-4000:]}")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()

"""Runs a program, and reads its results."""

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np

from .errors import ProgramError
from .live import live_line
from .objects import KeptFile
from .outputs import Outputs
from .program_files import Arrays, write_arrays
from .whole_state import STATE_FILE, KeptState, write_state


def run_program(program, data, workdir, report=None, state=None):
    """Run a program on `data` in the folder `workdir`; return its outputs.

    `report(t, spikes, weights, silent)` is called from time to time, with the values that live_line
    returns. With the `state` of an earlier run, the program goes on from there.
    """
    program, workdir = Path(program).resolve(), Path(workdir)
    manifest = json.loads((program / "manifest.json").read_text(encoding="utf-8"))
    for name in ("inputs", "results"):
        (workdir / name).mkdir(parents=True)
    write_arrays(workdir / "inputs", inputs_of(program, manifest, data))
    if state is not None:
        kinds = next(x["kinds"] for x in manifest["outputs"].values() if "kinds" in x)
        write_state(workdir / "inputs" / STATE_FILE, state, kinds)
    follow_program([str(program / "main"), "--results_dir", "results/"], workdir, report)
    done = float((workdir / "results/last_run_info.txt").read_text().split()[1])
    if abs(done - 1) > 1e-9:
        raise ProgramError(f"the run ended after {done:.3%} of its duration")

    written = Arrays(workdir / "results")

    def read(name):
        """One output's final values; of a state monitor, a row per sample."""
        output = manifest["outputs"][name]
        if "kinds" in output:
            return KeptState(output["kinds"]).read(workdir / "results")
        if "file" in output:
            return KeptFile(**output).read(workdir / "results")
        values = written.read(output["name"], output["dtype"])
        return values if output["width"] is None else values.reshape(-1, data[output["width"]])

    return Outputs(manifest["outputs"], read)


def inputs_of(program, manifest, data):
    """Name and values of each array that a program reads; some are the same in each run."""
    fixed = Arrays(program)
    yield from ((name, fixed.read(name)) for name in fixed.places)
    yield "numbers", np.array([data[key] for key in manifest["numbers"]], float)
    for key, array in manifest["arrays"].items():
        values = np.ascontiguousarray(data[key], dtype=np.dtype(array["dtype"]))
        if array["size"] and len(values) != data[array["size"]]:
            raise ProgramError(f"{key} has {len(values)} values for {data[array['size']]} elements")
        yield array["name"], values


def follow_program(command, workdir, report):
    """Run a program to its end, or raise ProgramError; `report` is as in run_program."""
    environment = {**os.environ, "LD_BIND_NOW": "1"}
    errors_file = Path(workdir) / "errors.txt"
    with errors_file.open("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            command,
            cwd=workdir,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            for line in process.stdout or ():
                if report and (found := live_line(line)):
                    report(*found)
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        if status:
            errors.seek(0)
            raise ProgramError(how_it_failed(status, errors.read(2000)))


def how_it_failed(status, errors):
    """How a program ended, in words."""
    if status == -signal.SIGINT or status == 130:
        return "the simulation was interrupted"
    if status == -signal.SIGKILL:
        return "the simulation was killed, perhaps because it ran out of memory"
    if status < 0:
        return f"the simulation was terminated by {signal.Signals(-status).name}\n{errors}"
    return f"the simulation failed: {errors.strip() or f'exit code {status}'}"

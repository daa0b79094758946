"""A compiled spec run in a process of its own, its results saved whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from .local import DONE, Event, Outcome, run_script


def run_and_save(
    script: str, spec: str, folder: Path, output: Path, overwrite: bool,
    on_event: Callable[[Event], None],
) -> Outcome:  # fmt: skip
    """Run a script's text and put its results into `output`, with the script and the spec's text.

    Files that the spec names are taken from `folder`. The working folder, with the script and its
    log, stays only where there is a log to read: `Outcome.log`.
    """
    workdir = Path(tempfile.mkdtemp(prefix="stdpdsl-"))
    path = workdir / "script.py"
    path.write_text(script, encoding="utf-8", newline="\n")
    arguments = ["--out", str(output), "--data", str(folder.resolve())]
    arguments += ["--overwrite"] if overwrite else []
    keep = False
    try:
        outcome = run_script(path, arguments, on_event, workdir)
        if outcome.status != DONE and not outcome.folder:
            # What a killed script could not clean up itself.
            leftover = output.with_name(f"{output.name}.partial-{outcome.pid}")
            shutil.rmtree(leftover, ignore_errors=True)
        keep = outcome.log is not None
        if outcome.folder:
            shutil.copyfile(path, output / "script.py")
            (output / "spec.stdp").write_text(spec, encoding="utf-8", newline="")
        return outcome
    finally:
        if not keep:
            shutil.rmtree(workdir, ignore_errors=True)

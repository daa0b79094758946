"""Runs specs for tests: the script of a text, executed in this process or in one of its own."""

from __future__ import annotations

import contextlib
import gc
import io
import linecache
import subprocess
import sys
from pathlib import Path

import pandas as pd

from stdpdsl.compiler import compile_source
from stdpdsl.language.diagnostics import CompileError, render
from stdpdsl.language.source import Source


def script_of(text, lowering="synapse", folder=Path("."), target="numpy", sets=()):
    """The script of a spec's text, which has to be free of errors."""
    try:
        source = Source("spec.stdp", text)
        return compile_source(source, folder, list(sets), lowering, target).run_script
    except CompileError as error:
        raise AssertionError(render(error.diagnostics)) from None


def tables_in(folder):
    return {p.name: pd.read_parquet(p) for p in Path(folder).iterdir() if p.is_dir()}


def brian2_anew():
    """Brian2 in this process, without objects of the run before, which would hold their names."""
    import brian2

    gc.collect()
    brian2.start_scope()


def run_here(folder, script, name="out", data=None, more=()):
    """Run a script with the numpy target in this process (Brian2 is imported once); its tables."""
    brian2_anew()
    namespace = {"__name__": "script"}
    # Its source has to be found: it is the key of what scripts keep.
    linecache.cache["<script>"] = len(script), None, script.splitlines(True), "<script>"
    exec(compile(script, "<script>", "exec"), namespace)
    arguments = ["script.py", "--out", str(Path(folder) / name), "--target", "numpy"]
    arguments += ["--data", str(data)] if data else []
    arguments += more
    said, before = io.StringIO(), sys.argv
    try:
        sys.argv = arguments
        with contextlib.redirect_stdout(said):
            status = namespace["main"]()
    finally:
        sys.argv = before
    assert status == 0, said.getvalue()
    return tables_in(Path(folder) / name)


def run_apart(folder, script, name="out", target="numpy", data=None, status=0, more=()):
    """Run a script in a process of its own; its tables."""
    path = Path(folder) / f"{name}.py"
    path.write_text(script, encoding="utf-8")
    command = [sys.executable, str(path), "--out", str(Path(folder) / name), "--target", target]
    command += ["--data", str(data)] if data else []
    command += more
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return tables_in(Path(folder) / name) if status in (0, 3) else done.stdout + done.stderr


def run_text(folder, text, lowering="synapse", name="out", sets=()):
    """Compile and run in this process."""
    script = script_of(text, lowering, Path(folder), sets=sets)
    return run_here(folder, script, name, data=folder)


def assert_same(a, b):
    """Equal tables, to the last bit."""
    assert a.keys() == b.keys()
    for name in a:
        pd.testing.assert_frame_equal(a[name], b[name], check_exact=True, obj=name)

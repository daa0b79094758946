"""The Python interpreter that runs a script: this one, or another one that the user names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import field, replace
from pathlib import Path

from .. import __version__
from ..dataclass import dataclass
from ..language.diagnostics import seen
from ..runtime.cache import own_cache
from ..runtime.versions import PACKAGES, package_versions
from . import attached
from .runtime_archive import runtime_archive
from .waiting import Waiting

OLDEST = (3, 11)
NEEDED = ("brian2", "pyarrow")
PATIENCE = 60.0
"""Seconds within which an interpreter must list its packages."""

_ASK = """
import json, sys
from importlib.metadata import PackageNotFoundError, version
found = {"python": "%d.%d" % sys.version_info[:2]}
for name in sys.argv[1:]:
    try:
        found[name] = version(name)
    except PackageNotFoundError:
        found[name] = "none"
print(json.dumps(found))
"""


class InterpreterError(Exception):
    """The named Python interpreter cannot run scripts; the text says why."""

    def __init__(self, text: str):
        super().__init__(seen(text))


@dataclass(frozen=True)
class Interpreter:
    """`executable` runs scripts, which take stdpdsl.runtime from the folder or archive `packages`;
    `versions` are those of the packages that affect results. `name` is the path that the user gave,
    if it is another Python. Processes of it may be `waiting` for a script; only if it is `ready`,
    somebody will close those that have run one.
    """

    executable: str
    packages: Path
    versions: Mapping[str, str]
    name: str = ""
    waiting: list[Waiting] = field(default_factory=list, compare=False)
    ready: bool = field(default=False, compare=False)

    def process(self, workdir: Path | None = None) -> Waiting:
        """A process that waits for a script, in its own working folder unless one is given."""
        if workdir is None:
            with suppress(IndexError):
                return self.waiting.pop()
        return Waiting(self, workdir)

    def take_back(self, waiting: Waiting) -> None:
        """Keep a process that waits for another script, whose log begins anew."""
        waiting.errors.seek(0)
        waiting.errors.truncate()
        self.waiting.append(waiting)

    def check(self, hears: bool) -> None:
        """InterpreterError if another Python lacks brian2hears, but the model uses sounds."""
        if self.name and hears:
            _check_packages(self.name, self.versions, "brian2hears")


def this_interpreter() -> Interpreter:
    """The Python that runs stdpdsl."""
    packages = Path(__file__).resolve().parents[2]
    return Interpreter(sys.executable, packages, {"stdpdsl": __version__, **package_versions()})


@contextmanager
def ready_interpreter(
    target: str, path: str | None = None, elsewhere: bool = False
) -> Iterator[Interpreter]:
    """The Python that simulates: the one at `path`, or else this one. Enter it before compiling
    the spec. No process is started if all shards run `elsewhere`, on a cluster.
    InterpreterError if `path` is not a Python, is too old, or lacks a package.
    """
    if elsewhere:
        yield this_interpreter()
        return
    with _another(path) if path is not None else nullcontext(this_interpreter()) as found:
        found = replace(found, ready=True)
        if path is None:
            found.waiting.append(_first_process(found, target))
        try:
            yield found
        finally:
            while found.waiting:
                found.waiting.pop().close()


def _first_process(found: Interpreter, target: str) -> Waiting:
    """A process that waits for a script and imports its modules while the spec is compiled. It
    imports Brian2 only if no compiled program is cached, because a program needs Brian2 only while
    it is built.
    """
    kept = own_cache("programs")
    brian2 = target in ("numpy", "cython") or not (kept.is_dir() and any(kept.iterdir()))
    return Waiting(found, brian2=brian2)


@contextmanager
def _another(path: str) -> Iterator[Interpreter]:
    """Another Python, which need not have stdpdsl: inside this context, it can import the
    runtime from an archive.
    """
    executable = os.path.abspath(shutil.which(path) or path)
    found = _asked(executable, path, [*dict.fromkeys([*PACKAGES, *NEEDED])])
    python = found["python"]
    if tuple(map(int, python.split("."))) < OLDEST:
        least = ".".join(map(str, OLDEST))
        text = f"--python {path}: is Python {python}, but Python {least} or newer is needed"
        raise InterpreterError(text)
    _check_packages(path, found, *NEEDED)
    versions = {"stdpdsl": __version__, **{name: found[name] for name in PACKAGES}}
    with tempfile.TemporaryDirectory(prefix="stdpdsl-") as folder:
        archive = Path(folder, "runtime.zip")
        archive.write_bytes(runtime_archive())
        yield Interpreter(executable, archive, versions, path)


def _check_packages(path: str, versions: Mapping[str, str], *needed: str) -> None:
    if missing := [name for name in needed if versions[name] == "none"]:
        raise InterpreterError(
            f"--python {path}: lacks {' and '.join(missing)}; install with:"
            f" {path} -m pip install {' '.join(missing)}"
        )


def _asked(executable: str, path: str, names: list[str]) -> dict[str, str]:
    """The version and packages of the interpreter at `path`."""
    try:
        asked = subprocess.run(
            [executable, "-c", _ASK, *names],
            env=attached.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
        found = json.loads(asked.stdout)
        if isinstance(found, dict) and {"python", *names} <= set(found):
            return found
    except OSError as error:
        raise InterpreterError(f"--python {path}: {error.strerror or error}") from None
    except (ValueError, subprocess.TimeoutExpired):
        pass
    raise InterpreterError(f"--python {path}: is not a Python interpreter")

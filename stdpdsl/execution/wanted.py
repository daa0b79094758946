"""The request for a run, and its differences from a run in progress."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dataclass import dataclass
from ..runtime.versions import PACKAGES
from .interpreter import Interpreter, this_interpreter

if TYPE_CHECKING:
    from ..compiler import Compiled
    from ..language.source import Source


JOB_FORMAT = "stdpdsl job 1"


@dataclass(frozen=True)
class Request:
    """The options of a run, besides its spec: --set, --parameters, --target, --until-stable,
    --workers, --allow-read and --keep-state."""

    sets: list[str]
    parameters: str = "synapse"
    target: str = "auto"
    until_stable: str | None = None
    workers: int = 0
    allowed: Sequence[Path] = ()
    keep_state: bool = False

    def compile(self, source: Source, data: Path, **more: Any) -> Compiled:
        """Compile a spec with these options and files from the folder `data`. `more` is as in
        compile_source.
        """
        from ..compiler import compile_source

        return compile_source(
            source,
            data,
            self.sets,
            self.parameters,
            self.target,
            self.workers,
            allowed=self.allowed,
            until_stable=self.until_stable,
            keep_state=self.keep_state,
            **more,
        )


@dataclass(frozen=True)
class Wanted:
    """Everything that determines what a run computes: the text of the spec, the settings of the
    compilation, and the files that it reads, by name. `plain` is the script that is saved with
    the results, `script` the one that is executed.
    """

    script: str
    plain: str
    spec: str
    settings: Mapping[str, Any]
    files: Mapping[str, Path]
    interpreter: Interpreter

    def job(self, shards: int) -> dict[str, Any]:
        """The content of job.json."""
        return {
            "format": JOB_FORMAT,
            "shards": shards,
            "spec": self.spec,
            **self.settings,
            "files": {name: sha256_of(path) for name, path in self.files.items()},
            "versions": dict(self.interpreter.versions),
            "script": sha256(self.script.encode()),
            "plain": sha256(self.plain.encode()),
        }


def wanted_of(
    compiled: Compiled, spec: str, interpreter: Interpreter | None = None, **more: Any
) -> Wanted:
    """What a run of a compiled spec computes, by this Python unless another is given; `more` are
    settings besides those of the compiler."""
    settings = {**compiled.settings, **more}
    return Wanted(
        compiled.run_script,
        compiled.script,
        spec,
        settings,
        compiled.files,
        interpreter or this_interpreter(),
    )


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The differences between what a run began with and what it would continue with, as lines."""
    lines: list[str] = []
    for key in dict.fromkeys([*old, *new]):
        before, now = old.get(key), new.get(key)
        if before == now:
            continue
        if key == "spec":
            import difflib

            a, b = str(before).splitlines(), str(now).splitlines()
            lines += [
                line
                for line in difflib.unified_diff(a, b, n=0, lineterm="")
                if not line.startswith(("---", "+++", "@@"))
            ]
        elif isinstance(before, dict) and isinstance(now, dict):
            lines += [f"{key} {line}" for line in differences(before, now)]
        elif key not in ("script", "plain"):
            lines.append(f"{key}: {_shown(before)} | {_shown(now)}")
    # If nothing else has changed, then the compiler or a file that the spec uses has.
    if not lines and old.get("script") != new.get("script"):
        lines.append("the script: the compiler, or a file that the spec uses, has changed")
    return lines


def packages() -> tuple[str, ...]:
    """The packages whose versions affect results."""
    return ("stdpdsl", *PACKAGES)


def _shown(value: Any) -> str:
    return "nothing" if value in (None, "", []) else str(value)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

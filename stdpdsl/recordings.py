"""The files that a spec names, before anything runs: are they there?"""

from __future__ import annotations

import glob
from collections.abc import Iterator
from pathlib import Path

from . import ast
from .diagnostics import Diagnostic

FROM_FOLDER = "the path is taken from the spec's folder"
_SOUNDS = (".wav", ".wave")


def missing_files(spec: ast.Spec, folder: Path) -> list[Diagnostic]:
    """What a spec reads besides the tables of its sweep and what it uses."""
    found: list[Diagnostic] = []
    for sound in spec.of(ast.Sound):
        if sound.stimuli is not None and sound.stimuli.func.id == "files":
            found += _recordings(sound.stimuli, folder)
    for path in _data(spec):
        if not (folder / path.value).is_file():
            found.append(_missing(path, path.value, folder))
    return found


def named_files(spec: ast.Spec, folder: Path) -> dict[str, Path]:
    """The files that a run reads, by their names from the spec's folder."""
    found = [path.value for path in _data(spec)]
    for sound in spec.of(ast.Sound):
        if sound.stimuli is not None and sound.stimuli.func.id == "files":
            pattern, labels = _arguments(sound.stimuli)
            if isinstance(pattern, ast.StringExpr):
                found += _matches(pattern, folder)
            if isinstance(labels, ast.StringExpr):
                found.append(labels.value)
    return {name: folder / name for name in sorted(set(found)) if (folder / name).is_file()}


def _data(spec: ast.Spec) -> Iterator[ast.String]:
    for layer in spec.of(ast.Layer):
        if isinstance(layer.source, ast.SpikesFile | ast.RatesFile):
            yield layer.source.path
    for connect in spec.of(ast.Connect):
        if connect.pattern is not None and connect.pattern.path is not None:
            yield connect.pattern.path


def _recordings(call: ast.Call, folder: Path) -> Iterator[Diagnostic]:
    pattern, labels = _arguments(call)
    if isinstance(pattern, ast.StringExpr):
        if not _matches(pattern, folder):
            yield Diagnostic(
                "FILE001", pattern.span, f"no WAV file matches `{pattern.value}`",
                help=f"put recordings there, or write where they are; {FROM_FOLDER}",
            )  # fmt: skip
    if isinstance(labels, ast.StringExpr) and not (folder / labels.value).is_file():
        yield _missing(labels, labels.value, folder)


def _arguments(call: ast.Call) -> tuple[ast.Expr | None, ast.Expr | None]:
    """Pattern and labels of `files("sounds/*.wav", labels = "sounds/labels.csv")`"""
    named = {k.name.id: k.value for k in call.kwargs}
    pattern = call.args[0] if call.args else named.get("pattern")
    return pattern, call.args[1] if len(call.args) > 1 else named.get("labels")


def _matches(pattern: ast.StringExpr, folder: Path) -> list[str]:
    names = glob.iglob(pattern.value, root_dir=folder, recursive=True)
    return [name for name in names if name.lower().endswith(_SOUNDS)]


def _missing(node: ast.Node, name: str, folder: Path) -> Diagnostic:
    reason = "it is a folder" if (folder / name).is_dir() else "there is no such file"
    return Diagnostic(
        "FILE001", node.span, f"cannot read `{name}`: {reason}", help=FROM_FOLDER
    )  # fmt: skip

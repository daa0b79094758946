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


def _data(spec: ast.Spec) -> Iterator[ast.String]:
    for layer in spec.of(ast.Layer):
        if isinstance(layer.source, ast.SpikesFile | ast.RatesFile):
            yield layer.source.path
    for connect in spec.of(ast.Connect):
        if connect.pattern is not None and connect.pattern.path is not None:
            yield connect.pattern.path


def _recordings(call: ast.Call, folder: Path) -> Iterator[Diagnostic]:
    """`files("sounds/*.wav", labels = "sounds/labels.csv")`"""
    named = {k.name.id: k.value for k in call.kwargs}
    pattern = call.args[0] if call.args else named.get("pattern")
    if isinstance(pattern, ast.StringExpr):
        matches = glob.iglob(pattern.value, root_dir=folder, recursive=True)
        if not any(match.lower().endswith(_SOUNDS) for match in matches):
            yield Diagnostic(
                "FILE001", pattern.span, f"no WAV file matches `{pattern.value}`",
                help=f"put recordings there, or write where they are; {FROM_FOLDER}",
            )  # fmt: skip
    labels = call.args[1] if len(call.args) > 1 else named.get("labels")
    if isinstance(labels, ast.StringExpr) and not (folder / labels.value).is_file():
        yield _missing(labels, labels.value, folder)


def _missing(node: ast.Node, name: str, folder: Path) -> Diagnostic:
    reason = "it is a folder" if (folder / name).is_dir() else "there is no such file"
    return Diagnostic(
        "FILE001", node.span, f"cannot read `{name}`: {reason}", help=FROM_FOLDER
    )  # fmt: skip

"""The files that a spec names, before anything runs: whether they may be read, and whether they
exist.

A spec may come from a stranger, so it can read only regular files below its own folder.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import ast
from .diagnostics import Diagnostic

FROM_FOLDER = "the path is taken from the spec's folder"
_SOUNDS = (".wav", ".wave")
_MOST_FOLDERS = 100_000  # that a pattern looks into
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|:|$)", re.IGNORECASE
)
"""A name that Windows takes for a device, in any folder and with any extension."""


def missing_files(spec: ast.Spec, folder: Path) -> list[Diagnostic]:
    """What a spec reads besides the tables of its sweep and the files that it uses."""
    found: list[Diagnostic] = []
    for sound in spec.of(ast.Sound):
        if sound.stimuli is not None and sound.stimuli.func.id == "files":
            found += _recordings(sound.stimuli, folder)
    for path in _inputs(spec):
        if not (folder / path.value).is_file():
            found.append(_missing(path, path.value, folder))
    return found


def named_files(spec: ast.Spec, folder: Path) -> dict[str, Path]:
    """The files that a run reads, by their paths from the spec's folder."""
    found = [name for path in _data(spec) for name in _each(path, folder)]
    for node in data_of(spec):
        if node.component is not None:
            found += _parts(node, folder)
    for sound in spec.of(ast.Sound):
        if sound.stimuli is not None and sound.stimuli.func.id == "files":
            pattern, labels = _arguments(sound.stimuli)
            if isinstance(pattern, ast.StringExpr):
                found += _matches(pattern, folder)
            if isinstance(labels, ast.StringExpr):
                found.append(labels.value)
    return {name: folder / name for name in sorted(set(found)) if (folder / name).is_file()}


def outside_files(spec: ast.Spec, folder: Path, allowed: Sequence[Path]) -> list[Diagnostic]:
    """What a spec names that is not below its folder, nor below one of `allowed`; links are
    followed. Called before anything is read."""
    roots = [os.path.realpath(root) for root in (folder, *allowed)]
    found = []
    for node in _named(spec):
        start = os.path.normpath(os.path.join(roots[0], node.value))
        # For a pattern: the folder that it starts from, whatever it matches, and each match.
        places = [start]
        endless = ""
        if glob.has_magic(node.value) and _below_any(os.path.realpath(start), roots):
            endless = _endless(node.value, roots[0])
            if not endless:
                places += glob.glob(node.value, root_dir=folder, recursive=True)
        elif _below_any(os.path.realpath(start), roots):
            places += numbered_files(node.value, folder).values()
        real = [os.path.realpath(os.path.join(roots[0], place)) for place in places]
        inside = all(_below_any(place, roots) for place in real)
        if not inside:
            message = f"`{node.value}` is not below the spec's folder"
        elif device := next(filter(_DEVICE.match, re.split(r"[/\\]", node.value)), ""):
            message = f"`{device}` is a device on Windows, not a file"
        elif endless:
            message = endless
        elif any(os.path.exists(place) and not _is_plain(place) for place in real):
            message = f"`{node.value}` is a device or a pipe, not a file"
        else:
            continue
        help = "copy it there, or allow its folder: `--allow-read FOLDER`" if not inside else ""
        found.append(Diagnostic("FILE004", node.span, message, help=help))
    return found


def _endless(pattern: str, root: str) -> str:
    """Why a pattern would hardly end, or nothing: links that lead back are followed each time."""
    parts = pattern.split("/")
    first = next(k for k, part in enumerate(parts) if glob.has_magic(part))
    depth = _MOST_FOLDERS if "**" in parts else len(parts) - first - 1
    hidden = any(part.startswith(".") for part in parts[first:])
    waiting: list[tuple[str, tuple[tuple[int, int], ...]]] = [("/".join(parts[:first]), ())]
    seen = 0
    while waiting:
        name, above = waiting.pop()
        try:
            state = os.stat(os.path.join(root, name))
            here = state.st_dev, state.st_ino
            if here in above:
                return f"`{pattern}` has no end: `{name}` leads back to a folder that it is in"
            seen += 1
            if seen > _MOST_FOLDERS:
                return f"`{pattern}` looks into more than {_MOST_FOLDERS:,} folders"
            if len(above) < depth:
                with os.scandir(os.path.join(root, name)) as entries:
                    waiting += [
                        (os.path.join(name, entry.name), (*above, here))
                        for entry in entries
                        if entry.is_dir() and (hidden or not entry.name.startswith("."))
                    ]
        except OSError:  # glob skips what it may not read
            continue
    return ""


_NUMBERED = re.compile(r"\{([A-Za-z]\w*)\}")


def number_in(path: str) -> str:
    """The column whose numbers appear in file names, `w_{k}.npy`; nothing if there is none."""
    names = set(_NUMBERED.findall(path))
    return names.pop() if len(names) == 1 else ""


def numbered_files(path: str, folder: Path) -> dict[int, str]:
    """The files that such a name means, by number."""
    column = number_in(path)
    if not column:
        return {}
    first, *others = map(re.escape, path.split(f"{{{column}}}"))
    form = re.compile(rf"{first}(?P<n>-?\d+){'(?P=n)'.join(others)}")
    pattern = glob.escape(path).replace(f"{{{column}}}", "*")
    found = (form.fullmatch(name) for name in sorted(glob.glob(pattern, root_dir=folder)))
    return {int(m["n"]): m[0] for m in found if m is not None and str(int(m["n"])) == m["n"]}


def _below_any(place: str, roots: Sequence[str]) -> bool:
    return any(place == root or place.startswith(root.rstrip(os.sep) + os.sep) for root in roots)


def _is_plain(place: str) -> bool:
    return os.path.isfile(place) or os.path.isdir(place)


def _named(spec: ast.Spec) -> Iterator[ast.String | ast.StringExpr]:
    """Every path in a spec."""
    for use in spec.of(ast.Use):
        yield use.path
    yield from (part.path for part in files_of(spec))
    for sound in spec.of(ast.Sound):
        if sound.stimuli is not None and sound.stimuli.func.id == "files":
            yield from (x for x in ast.walk(sound.stimuli) if isinstance(x, ast.StringExpr))
    yield from _data(spec)


def files_of(spec: ast.Spec) -> Iterator[ast.FromFile]:
    """The tables of a sweep and of a fit."""
    for sweep in spec.of(ast.Sweep):
        yield from (part for part in sweep.parts if isinstance(part, ast.FromFile))
    for search in spec.of(ast.Search):
        if search.data is not None:
            yield search.data


def _each(path: ast.String | ast.StringExpr, folder: Path) -> list[str]:
    """The files that a name means; for images, each that the pattern matches."""
    if number_in(path.value):
        return list(numbered_files(path.value, folder).values())
    if not path.value.lower().endswith(".png"):
        return [path.value]
    return glob.glob(path.value, root_dir=folder, recursive=True)


def _data(spec: ast.Spec) -> Iterator[ast.String]:
    yield from _inputs(spec)
    yield from (node.path for node in data_of(spec))


def reads_data(spec: ast.Spec) -> bool:
    """Whether a layer or connection may take anything from a file."""
    return any(_data(spec))


def data_of(spec: ast.Spec) -> Iterator[ast.DataExpr]:
    """Each `from` of layers and connections."""
    for declaration in spec.declarations:
        if isinstance(declaration, ast.Layer | ast.Connect):
            yield from ast.below(declaration, ast.DataExpr)


def _parts(node: ast.DataExpr, folder: Path) -> list[str]:
    """What a run reads from the results of an earlier one."""
    tables = ("trajectories", "spikes") if node.is_layer else ("weights",)
    parts = [part for table in tables for part in (folder / node.path.value / table).glob("part-*")]
    names = [f"{part.parent.name}/{part.name}" for part in parts]
    return [f"{node.path.value}/{name}" for name in ("metadata.json", *names)]


def _inputs(spec: ast.Spec) -> Iterator[ast.String]:
    for layer in spec.of(ast.Layer):
        if isinstance(layer.source, ast.SpikesFile):
            yield layer.source.path
    for connect in spec.of(ast.Connect):
        if connect.pattern is not None and connect.pattern.path is not None:
            yield connect.pattern.path


def _recordings(call: ast.Call, folder: Path) -> Iterator[Diagnostic]:
    pattern, labels = _arguments(call)
    if isinstance(pattern, ast.StringExpr):
        if not _matches(pattern, folder):
            yield Diagnostic(
                "FILE001",
                pattern.span,
                f"no WAV file matches `{pattern.value}`",
                help=f"put recordings there, or write where they are; {FROM_FOLDER}",
            )
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
    return Diagnostic("FILE001", node.span, f"cannot read `{name}`: {reason}", help=FROM_FOLDER)

"""What several objects of a network have in common, written only once: the models of layers and
connections, and the first statements of pathways."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from .layout import WIDTH, call, quoted, statement

SHORT = 3
"""Models with up to this many lines, and beginnings with up to this many statements, are not
shared."""


class Models:
    """The arguments of objects; several objects may share them."""

    def __init__(self, names: Collection[str]):
        self.names = set(names)
        self.owners: dict[tuple[str, ...], list[str]] = {}
        self.written: dict[tuple[str, ...], str] = {}

    def note(self, kind: str, arguments: Mapping[str, Sequence[str]]) -> None:
        """Note the arguments of all objects of a kind, by name."""
        for name, values in arguments.items():
            self.owners.setdefault((kind, *values), []).append(name)

    def of(self, arguments: Sequence[str], name: str, kind: str) -> tuple[list[str], list[str]]:
        """The arguments as given to an object, and lines that come first."""
        key = (kind, *arguments)
        lines = len(statement(call("model = dict", arguments), 4))
        if len(self.owners.get(key, ())) < 2 or lines <= SHORT:
            return [*arguments], []
        if key in self.written:
            return [f"**{self.written[key]}"], []
        made = "_and_".join(self.owners[key]) if len(self.owners[key]) == 2 else f"like_{name}"
        while made in self.names:
            made += "_"
        self.written[key] = made
        self.names.add(made)
        model = [f"model={arguments[0]}", *arguments[1:]]
        return [f"**{made}"], [call(f"{made} = dict", model)]


class Beginnings:
    """The first statements that several pathways share, made from an `advance:` of their rule."""

    def __init__(self, pathways: Sequence[Sequence[str]], names: Collection[str]):
        self.named: dict[tuple[str, ...], str] = {}
        rest = [tuple(lines) for lines in pathways]
        while best := _longest_beginning(rest):
            name = "advance" if not self.named else f"advance_{len(self.named) + 1}"
            while name in names:
                name += "_"
            self.named[best] = name
            rest = [lines for lines in rest if lines[: len(best)] != best]

    def lines(self) -> list[str]:
        """Statements that define names for the shared beginnings."""
        return [_flush(lines, f"{name} = ") for lines, name in self.named.items()]

    def quoted(self, statements: Sequence[str]) -> str:
        """Code of statements."""
        for lines, name in self.named.items():
            rest = statements[len(lines) :]
            if tuple(statements[: len(lines)]) == lines:
                text = f'{name} + "{LINE_BREAK.join(rest)}"'
                return name if not rest else text if len(text) < 70 else _flush(rest, f"{name} + ")
        return quoted(statements)


LINE_BREAK = "\\n"


def _longest_beginning(pathways: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The common beginning that saves most lines, empty if none does."""
    common = {
        tuple(os.path.commonprefix([one, other]))
        for k, one in enumerate(pathways)
        for other in pathways[k + 1 :]
    }

    def spared(lines: tuple[str, ...]) -> int:
        return (sum(p[: len(lines)] == lines for p in pathways) - 1) * len(lines)

    long = sorted(lines for lines in common if len(lines) > SHORT)
    return max(long, key=spared, default=())


def _flush(statements: Sequence[str], head: str) -> str:
    """A string of unindented statements, so that it may come before others, after `head`."""
    found, space = [], " " * (len(head) + 1)
    for line in statements:
        indent = ""
        while len(line) > WIDTH - 10 - len(space + indent):
            place = line.rindex(" ", 0, WIDTH - 11 - len(space + indent)) + 1
            found.append(f'{indent}"{line[:place]}"')
            line, indent = line[place:], "    "
        found.append(f'{indent}"{line}{LINE_BREAK}"')
    return f"{head}(" + f"\n{space}".join(found) + ")"


# Tables -----------------------------------------------------------------------------------------


def alike(connections: Sequence[tuple[str, tuple[int, int], list[str]]]) -> list[str]:
    """The lines of connections (name, sizes of its layers, lines). Successive connections whose
    lines differ only in names and sizes share a loop."""
    found: list[str] = []
    groups = groupby(connections, key=lambda c: _of_any(*c))
    for general, group in groups:
        members = list(group)
        if len(members) == 1:
            found += members[0][2]
            continue
        sizes = {sizes for _, sizes, _ in members}
        if len(sizes) == 1:
            general = _of_any(members[0][0], None, members[0][2])
            head, items = "name", [f'"{name}"' for name, _, _ in members]
        else:
            head = "name, n_pre, n_post"
            items = [f'("{name}", {pre}, {post})' for name, (pre, post), _ in members]
        found += [f"for {head} in ({', '.join(items)}):", *(f"    {line}" for line in general)]
    return found


def _of_any(name: str, sizes: tuple[int, int] | None, lines: Sequence[str]) -> tuple[str, ...]:
    """The lines of a connection, for any name, and any sizes."""
    found = []
    for line in lines:
        line = line.replace(f'"{name}"', "name").replace(f'"{name}.', 'f"{name}.')
        for side, size, own in zip("ij", sizes or (), ("n_pre", "n_post"), strict=False):
            line = re.sub(rf'(s\["{side}"\] (?:%|//)) {size}\b', rf"\1 {own}", line)
        found.append(line)
    return tuple(found)

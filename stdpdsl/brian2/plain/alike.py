"""What several objects of a network have in common, written once: the models of layers and
connections, and how the statements of pathways begin."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from .layout import WIDTH, call, quoted, statement

SHORT = 3
"""A model of so many lines, and a beginning of so many statements, is written out each time."""


class Models:
    """The arguments of objects, which several may have."""

    def __init__(self, names: Collection[str]):
        self.names = set(names)
        self.owners: dict[tuple[str, ...], list[str]] = {}
        self.written: dict[tuple[str, ...], str] = {}

    def note(self, kind: str, arguments: Mapping[str, Sequence[str]]) -> None:
        """The arguments of all objects of a kind, by their names."""
        for name, values in arguments.items():
            self.owners.setdefault((kind, *values), []).append(name)

    def of(self, arguments: Sequence[str], name: str, kind: str) -> tuple[list[str], list[str]]:
        """The arguments as an object is given them, and lines that come first."""
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
    """How the statements of several pathways begin, as an `advance:` of their rule makes them."""

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
        """Statements that name the beginnings."""
        return [f"{name} = " + _flush(lines) for lines, name in self.named.items()]

    def quoted(self, statements: Sequence[str]) -> str:
        """Code of statements."""
        for lines, name in self.named.items():
            rest = statements[len(lines) :]
            if tuple(statements[: len(lines)]) == lines:
                text = f'{name} + "{LINE_BREAK.join(rest)}"'
                return name if not rest else text if len(text) < 70 else f"{name} + {_flush(rest)}"
        return quoted(statements)


LINE_BREAK = "\\n"


def _longest_beginning(pathways: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The common beginning that spares most lines, empty if none does."""
    common = {
        tuple(os.path.commonprefix([one, other]))
        for k, one in enumerate(pathways)
        for other in pathways[k + 1 :]
    }

    def spared(lines: tuple[str, ...]) -> int:
        return (sum(p[: len(lines)] == lines for p in pathways) - 1) * len(lines)

    long = sorted(lines for lines in common if len(lines) > SHORT)
    return max(long, key=spared, default=())


def _flush(statements: Sequence[str]) -> str:
    """A string of statements none of which is indented, so that it may stand before others."""
    found = ["("]
    for line in statements:
        indent = "    "
        while len(line) > WIDTH - 24:
            place = line.rindex(" ", 0, WIDTH - 25) + 1
            found.append(f'{indent}"{line[:place]}"')
            line, indent = line[place:], "        "
        found.append(f'{indent}"{line}{LINE_BREAK}"')
    return "\n".join([*found, ")"])

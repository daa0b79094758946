"""Python code as lines of at most 100 characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...ir import Equation
from ..equations import flags_of, printed

WIDTH = 100
FURTHEST = 50
"""The items of a bracket that opens after this column begin on their own lines."""
_OPENING, _CLOSING = "([{", ")]}"
_known = lru_cache(maxsize=10_000)
"""Caches what was found in a piece of code, because each way to break it looks at it again."""


def block(lines: Sequence[str], indent: int) -> list[str]:
    """Statements at an indentation; each may span lines."""
    found: list[str] = []
    for line in lines:
        found += _wrapped(statement(line, indent))
    return found


def _wrapped(lines: list[str]) -> list[str]:
    """Lines of one statement. A line that is still too long continues on the next, which Python
    allows inside brackets."""
    if all(len(line) <= WIDTH for line in lines):
        return lines
    found, depth = [], 0
    for line in lines:
        while len(line) > WIDTH and '"""' not in line:
            inside, place = depth, 0
            for at, character in _code(line[:WIDTH]):
                inside += (character in _OPENING) - (character in _CLOSING)
                if character == " " and inside > 0 and line[:at].strip():
                    place = at
            if not place:
                break
            found.append(line[:place])
            depth += _depth(line[:place])
            line = " " * (len(line) - len(line.lstrip()) + 4) + line[place + 1 :]
        found.append(line)
        depth += _depth(line) if '"""' not in line else 0
    return found


def _depth(text: str) -> int:
    """The number of opened minus closed brackets."""
    return sum((c in _OPENING) - (c in _CLOSING) for _, c in _code(text))


def statement(text: str, indent: int = 0) -> list[str]:
    """One statement, broken at the commas of its brackets if it is too long."""
    if not text:
        return [""]
    if "\n" not in text and text[0] == " ":
        indent, text = indent + len(text) - len(text.lstrip()), text.lstrip()
    space = " " * indent
    if "\n" in text:
        return [space + line if line else "" for line in text.split("\n")]
    if indent + len(text) <= WIDTH or text.startswith("#"):
        return [space + text]
    names, values = (_items(side) for side in text.partition(" = ")[::2])
    if 1 < len(names) == len(values):  # `a, b = c, d`
        pairs = zip(names, values, strict=True)
        return [line for a, b in pairs for line in statement(f"{a} = {b}", indent)]
    split = _bracket(text)
    if split is None:
        return [space + text]
    head, items, tail = split
    if len(items) == 1 and _is_bracket(items[0]):
        inside = _items(items[0][1:-1])
        if len(inside) > 1:  # these brackets stay together
            head, items, tail = head + items[0][0], inside, items[0][-1] + tail
    lines = _below(head, _parts(items, tail), indent)
    hanging = _hanging(head, items, tail, indent)
    return lines if lines and len(lines) <= len(hanging) else hanging


def _hanging(head: str, items: Sequence[str], tail: str, indent: int) -> list[str]:
    """The parts of a bracket on their own lines, indented. If a block begins after it, the closing
    bracket stands alone; otherwise the parts would look like that block."""
    space, inner = " " * indent, " " * (indent + 4)
    if tail.endswith(":"):
        return [space + head, *_filled(_parts(items, ""), inner), space + tail]
    return [space + head, *_filled(_parts(items, tail), inner)]


def _below(head: str, parts: list[str], indent: int) -> list[str]:
    """The parts of a bracket on lines aligned with its first part; empty if there is not enough
    room on the right."""
    column = indent + len(head)
    lines = _filled(parts, " " * column) if column <= FURTHEST else []
    if not lines or max(map(len, lines)) > WIDTH:
        return []
    return [" " * indent + head + lines[0].lstrip(), *lines[1:]]


def _filled(parts: Sequence[str], space: str) -> list[str]:
    """Parts filled into lines with an indent; those too long for one line are broken again."""
    lines: list[str] = []
    full = True
    for part in parts:
        if not full and len(lines[-1]) + 1 + len(part) <= WIDTH and not part.startswith("for "):
            lines[-1] += f" {part}"
        else:
            broken = _broken(part, len(space))
            full = len(broken) > 1  # the next part begins a new line
            lines += broken
    return lines


def _broken(part: str, indent: int) -> list[str]:
    """The contents of a bracket, broken inside its own brackets, or between its operands."""
    lines = statement(part, indent)
    key = re.match(r'"\w+": |\w+=(?!=)|', part)
    assert key is not None
    operands = _operands(part[key.end() :])
    if len(operands) > 1 and len(lines) > 1:
        others = _filled(operands, " " * (indent + key.end()))
        others[0] = " " * indent + key[0] + others[0].lstrip()
        if max(map(len, others)) <= WIDTH and (
            len(others) < len(lines) or max(map(len, lines)) > WIDTH
        ):
            return others
    return lines


def _parts(items: Sequence[str], tail: str) -> list[str]:
    """The parts of a bracket that may stand on their own lines: its items; for a single item its
    operands, or the two sides of a comprehension."""
    if place := _comprehension(items[0]):
        return [items[0][:place], items[0][place + 1 :] + tail]
    parts = [f"{item}," for item in items[:-1]] if len(items) > 1 else _operands(items[0])[:-1]
    return [*parts, (items[-1] if len(items) > 1 else _operands(items[0])[-1]) + tail]


@_known
def _operands(text: str) -> tuple[str, ...]:
    """The terms of a sum, or the factors of a product, each after its operator."""
    for operators in ((" + ", " - "), (" * ", " / ")):
        depth, places = 0, [0]
        for place, character in _code(text):
            depth += (character in _OPENING) - (character in _CLOSING)
            if depth == 0 and place and text.startswith(operators, place):
                places.append(place + 1)
        if len(places) > 1:
            ends = [*places[1:], None]
            return tuple(text[a:b].strip() for a, b in zip(places, ends, strict=True))
    return (text,)


@_known
def _is_bracket(text: str) -> bool:
    """Whether one bracket holds all of a text."""
    if text[0] not in _OPENING or text[-1] not in _CLOSING:
        return False
    return all(_depth(text[: at + 1]) > 0 for at, c in _code(text[:-1]) if c in _CLOSING)


@_known
def _bracket(text: str) -> tuple[str, tuple[str, ...], str] | None:
    """(text up to and including an opening bracket, its items, text from the closing bracket on)
    for the outermost bracket with the longest content."""
    best: tuple[int, int] | None = None
    depth, start = 0, 0
    for place, character in _code(text):
        if character in _OPENING:
            if depth == 0:
                start = place
            depth += 1
        elif character in _CLOSING:
            depth -= 1
            if depth == 0 and (best is None or place - start > best[1] - best[0]):
                best = start, place
    if best is None or best[1] - best[0] < 12:
        return None
    start, end = best
    return text[: start + 1], _items(text[start + 1 : end]), text[end:]


@_known
def _items(text: str) -> tuple[str, ...]:
    """The texts between the commas of a bracket; a comprehension is one item."""
    if _comprehension(text):
        return (text.strip(),)
    items, depth, last = [], 0, 0
    for place, character in _code(text):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif character == "," and depth == 0:
            items.append(text[last:place].strip())
            last = place + 1
    rest = text[last:].strip()
    return (*items, rest) if rest else tuple(items)


@_known
def _comprehension(text: str) -> int:
    """Where the first `for` of a comprehension is, 0 in other code."""
    depth = 0
    for place, character in _code(text):
        depth += (character in _OPENING) - (character in _CLOSING)
        if depth == 0 and text.startswith(" for ", place):
            return place
    return 0


def _code(text: str) -> Iterator[tuple[int, str]]:
    """The characters outside of strings, with their positions."""
    quote, place = "", 0
    while place < len(text):
        character = text[place]
        if quote:
            if character == "\\":
                place += 1
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        else:
            yield place, character
        place += 1


def call(function: str, arguments: Sequence[str], brackets: str = "()") -> str:
    """A call, with the text before the function. It is one line, which `block` breaks if it is too
    long, unless arguments span lines."""
    if not any("\n" in argument for argument in arguments):
        return f"{function}{brackets[0]}{', '.join(arguments)}{brackets[1]}"
    lines, current = [function + brackets[0]], ""
    for argument in arguments:
        if current and ("\n" in argument or len(current) + len(argument) + 2 > WIDTH - 12):
            lines.append(f"    {current}")
            current = ""
        if "\n" in argument or len(argument) > WIDTH - 13:
            broken = argument.split("\n") if "\n" in argument else _argument(argument)
            lines += [f"    {line}" for line in broken[:-1]] + [f"    {broken[-1]},"]
        else:
            current = f"{current} {argument}," if current else f"{argument},"
    if current:
        lines.append(f"    {current}")
    lines[-1] = lines[-1].removesuffix(",") + brackets[1]
    return "\n".join(lines)


def _argument(text: str) -> list[str]:
    """An argument of a call, broken inside its own brackets."""
    return [line[12:] for line in statement(text, 12)]


def mapping(items: Sequence[str]) -> str:
    """A dictionary whose items may span lines."""
    one = "{" + ", ".join(items) + "}"
    if "\n" not in one:
        return one
    lines = [f"    {line}" for item in items for line in f"{item},".split("\n")]
    return "\n".join(["{", *lines, "}"])


def quoted(lines: Sequence[str]) -> str:
    """Brian2 statements as a literal: one line, or a block of lines."""
    return _literal([part for k, line in enumerate(lines) for part in _continued(line, k)])


def quoted_model(equations: Sequence[Equation]) -> str:
    """Equations as a literal; their flags stay unchanged for Brian2."""
    return _literal(
        [
            part
            for k, e in enumerate(equations)
            for part in _continued(printed(e), k, len(flags_of(e)))
        ]
    )


def _literal(broken: Sequence[str]) -> str:
    if len(broken) <= 1:
        return f'"{broken[0]}"' if broken else '""'
    return '"""' + "\n".join(broken) + '"""'


def _continued(line: str, number: int, whole: int = 0) -> list[str]:
    """One line of a literal as several lines that are short enough. Each except the last ends with
    a backslash, which Python removes from the string. The last `whole` characters stay on one line.
    The first line comes after the name of an argument."""
    width = WIDTH - (18 if number else 26)
    found: list[str] = []
    while len(line) > width:
        indent = len(line) - len(line.lstrip())
        place = line.rfind(" ", indent, min(width - 2, len(line) - whole + 1))
        if place < 0:  # one word
            break
        found.append(line[:place] + " \\")
        line = "    " + line[place + 1 :]
    return [*found, line]

"""What a reader would like to see beside the text: values in SI, units that were found, how each
variable is integrated, how many blocks the sweep has."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator

from ..check.symbols import Type
from ..check.values import constant_values, value
from ..compiler import methods_in
from ..dataclass import dataclass
from ..language import ast
from ..language.diagnostics import CompileError, has_errors
from ..lower.integration import IN_WORDS
from .document import Document


@dataclass(frozen=True)
class Hint:
    at: int
    text: str
    why: str


def hints(document: Document, first: int, last: int) -> list[Hint]:
    """Of the part of the text from `first` to `last`, in the order of the text."""
    found = [*_values(document), *_types(document)]
    if not has_errors(document.diagnostics):
        found += [*_blocks(document), *_methods(document)]
    return sorted((h for h in found if first <= h.at <= last), key=lambda h: h.at)


def _values(document: Document) -> Iterator[Hint]:
    known = constant_values(document.symbols)
    types = document.checked.types
    for node in document.declarations:
        if isinstance(node, ast.Constants):
            yield from _assigned(node.items, known, types)
        elif isinstance(node, ast.Neuron | ast.Rule):
            own = dict(known)
            for item in node.parameters:
                number = value(item.value, ChainMap(own, known))
                own.pop(item.name.id, None)
                if number is not None:
                    own[item.name.id] = number
            yield from _assigned(node.parameters, own, types)


def _assigned(
    items: tuple[ast.Assign, ...], known: dict[str, float], types: dict[int, Type]
) -> Iterator[Hint]:
    for item in items:
        written = item.value.operand if isinstance(item.value, ast.Unary) else item.value
        number, type_ = value(item.value, known), types.get(id(item.value))
        if number is None or type_ is None or isinstance(written, ast.Number):
            continue
        unit = "" if type_.dim.is_none else f" {type_.dim.unit_name()}"
        text = f"{number:.6g}{unit}"
        if text != item.value.span.text:
            yield Hint(item.value.span.end, f" = {text}", "the value in SI units")


def _types(document: Document) -> Iterator[Hint]:
    types = document.checked.types
    for node in document.declarations:
        for name, first in document.locals(node).items():
            if name not in document.scope(node) and (type_ := types.get(id(first.value))):
                yield Hint(first.target.span.end, f" : {_unit(type_)}", "the unit that it has")
        derived: tuple = node.derive if isinstance(node, ast.Sweep) else ()
        measured: tuple = node.items if isinstance(node, ast.Measures) else ()
        for item in (*derived, *measured):
            if type_ := types.get(id(item.value)):
                spot = item.path if isinstance(item, ast.Axis) else item.component or item.name
                yield Hint(spot.span.end, f" : {_unit(type_)}", "the unit that it has")


def _unit(type_: Type) -> str:
    return type_.dim.unit_name() if type_.kind == "float" else type_.kind


def _blocks(document: Document) -> Iterator[Hint]:
    table = document.table
    if table is None:
        return
    names = {column.path.dotted: name for name, column in document.symbols.columns.items()}
    for node in document.declarations:
        if not isinstance(node, ast.Sweep):
            continue
        header = document.text.find(":", node.span.start) + 1
        yield Hint(header, f" {_many(table.rows, 'block')}", "the rows of the sweep")
        for part in node.parts:
            for axis in getattr(part, "axes", ()):
                values = table.columns.get(names.get(axis.path.dotted, ""))
                if values is not None:
                    count = len(set(values.tolist()))
                    yield Hint(
                        axis.span.end,
                        f" {_many(count, 'value')}, {_many(table.rows // count, 'block')} each"
                        if table.rows % count == 0
                        else f" {_many(count, 'value')}",
                        "what this column sets",
                    )


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


def _methods(document: Document) -> Iterator[Hint]:
    try:
        methods = methods_in(document.checked, document.table)
    except CompileError:
        return
    for node in document.declarations:
        if not isinstance(node, ast.Neuron | ast.Rule):
            continue
        users = [
            c
            for c in document.symbols.components.values()
            if c.neuron is node or any(r is node for r in c.rules)
        ]
        for equation in node.equations:
            if equation.kind == "ode":
                found = {methods.get(c.name, {}).get(equation.name.id, "") for c in users} - {""}
                words = sorted(IN_WORDS.get(m, m) for m in found)
                if words:
                    yield Hint(equation.span.end, f" {' or '.join(words)}", "how it is integrated")

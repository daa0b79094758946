"""Every place where a name stands, in one text and in those that use it; and giving it another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import field
from pathlib import Path

from ..check.symbols import Symbol
from ..compiler import library
from ..dataclass import dataclass
from ..language import ast
from ..language.source import Span
from .document import Document, file_of
from .names import Link, links, name_of, target_of

Key = tuple[Path, int]
"""What a name is of: the file that declares it, and where in it."""


@dataclass(frozen=True)
class Occurrence:
    """`span` is the name alone: of `v_post` the `v`, of `learning_after_mean` the `learning`."""

    span: Span
    declared: Span
    kind: str  # as Symbol.kind, or the declaration's word
    link: Link = field(repr=False)

    @property
    def key(self) -> Key:
        return file_of(self.declared), self.declared.start

    @property
    def declares(self) -> bool:
        return self.span.source.name == self.declared.source.name and (
            self.span.start == self.declared.start
        )

    @property
    def writes(self) -> bool:
        """Whether it is given a value here."""
        parent = self.link.parent
        kinds = (ast.Assign, ast.Update, ast.Equation, ast.Axis, ast.Measure)
        name = getattr(parent, "name", None) or getattr(parent, "target", None)
        return self.declares or (isinstance(parent, kinds) and name is self.link.node)


def occurrences(document: Document) -> list[Occurrence]:
    """Of all names of a text, in the order of the text; builtin ones are left out."""
    found: list[Occurrence] = []
    for declaration in document.declarations:
        for link in links(declaration):
            if isinstance(link.node, ast.Ident | ast.Name):
                found += _occurrence(document, link)
    unique = {o.span.start: o for o in found}
    return [unique[start] for start in sorted(unique)]


def _occurrence(document: Document, link: Link) -> Iterator[Occurrence]:
    node = link.node
    assert isinstance(node, ast.Ident | ast.Name)
    target = target_of(document, link)
    if isinstance(target, Symbol):
        if target.node is None:
            return
        declared, kind = name_of(target.node), target.kind
    elif isinstance(target, ast.Node):
        declared, kind = name_of(target), type(target).__name__.lower()
    else:
        return
    written, name = node.span.text, declared.text.rpartition(".")[2]
    if isinstance(target, Symbol) and isinstance(target.node, ast.Connect):
        return  # `w` of `weight:` is not a name of the spec's
    if written != node.id or not re.match(rf"{re.escape(name)}(_|\Z)", written):
        return  # a connection without a name of its own, or one that a sum of others has
    start = node.span.start
    yield Occurrence(Span(node.span.source, start, start + len(name)), declared, kind, link)


def occurrence_at(document: Document, offset: int) -> Occurrence | None:
    around = (o for o in occurrences(document) if o.span.start <= offset <= o.span.end)
    return next(around, None)


def references(documents: Iterable[Document], key: Key) -> list[Occurrence]:
    """All places of one name, in the order of the documents."""
    return [o for document in documents for o in occurrences(document) if o.key == key]


class Refused(Exception):
    """Why a name cannot be changed, in words."""


def rename(
    documents: list[Document], at: Occurrence, new: str
) -> dict[Path, list[tuple[Span, str]]]:
    """The edits that give a name another one in all texts that have it; all of them are checked
    again. Refused, where it is not a name of theirs or where the new one would not do."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", new):
        raise Refused(f"`{new}` is not a name: letters, digits and single underscores")
    if at.key[0] in library().files.values():
        raise Refused(f"`{at.span.text}` belongs to the library")
    if at.key[0] not in {d.path for d in documents}:
        raise Refused(f"`{at.key[0].name}` cannot be read")
    edits: dict[Path, list[tuple[Span, str]]] = {}
    for o in references(documents, at.key):
        edits.setdefault(file_of(o.span), []).append((o.span, new))
    texts = {d.path: _edited(d.text, edits.get(d.path, [])) for d in documents}
    for document in documents:
        if document.path not in edits:
            continue
        after = Document(
            document.path, texts[document.path], {**document.texts, **texts}, document.allowed
        )
        before = [(d.code, d.severity) for d in document.diagnostics]
        for d in after.diagnostics:
            if (d.code, d.severity) in before:
                before.remove((d.code, d.severity))
            elif d.severity == "error":
                raise Refused(f"with `{new}`, {d.message} ({document.path.name}:{d.span.line})")
    return edits


def _edited(text: str, edits: list[tuple[Span, str]]) -> str:
    for span, new in sorted(edits, key=lambda edit: -edit[0].start):
        text = text[: span.start] + new + text[span.end :]
    return text

"""A text while somebody types: only the declarations that have changed are read again.

The result is the same as that of parsing the whole text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from ..dataclass import dataclass
from .ast import Declaration, Node, Spec, walk
from .diagnostics import CompileError, Diagnostic
from .parser import Chunk, Reader, parse, reading, refusals
from .source import Source, Span


@dataclass
class Block:
    """A declaration without errors, its position, and the positions of its nodes. When the text
    before them changes, the nodes are moved, which is cheaper than making them again. A block is
    kept while its text has errors, because these often go with the next key."""

    text: str
    start: int
    spec: Spec
    places: list[dict[str, Any]]

    def move(self, start: int) -> None:
        by = start - self.start
        self.start = start
        for place in self.places if by else ():
            place["start"] += by
            place["end"] += by


class Blocks:
    """Reads successive texts of the same file. Its source always has the text that was read last,
    and a tree reuses nodes of the previous one."""

    def __init__(self, name: str) -> None:
        self.source = Source(name, "")
        self.texts: list[str] = []  # of the declarations
        self.known: list[Block | None] = []

    def parse(self, text: str) -> Spec:
        """Do what the parser does."""
        source = self._now(text)
        if refused := refusals(source):
            raise CompileError(refused)
        with reading(source) as reader:
            chunks = reader.chunks()
            specs, problems = self._read(reader, chunks)
            read = [spec for spec in specs if spec is not None]
            if len(read) < len(specs):
                # Brackets may be open at what seems to be the start of a declaration.
                failed = chunks[specs.index(None)].start
                sure = reader.read(failed, len(reader.text)) is None
            else:
                spec = _joined(source, read)
                sure = spec is not None
        if not sure:
            return parse(source)
        if problems:
            raise CompileError(problems)
        assert spec is not None
        return spec

    def salvage(self, text: str) -> Spec:
        """The tree of the readable parts of a broken text."""
        source = self._now(text)
        with reading(source) as reader:
            chunks = reader.chunks()
            specs, _ = self._read(reader, chunks)
            parts = [
                spec or reader.mended(chunk.start, chunk.end)
                for spec, chunk in zip(specs, chunks, strict=True)
            ]
        read = [part for part in parts if part is not None]
        model = next((part.model for part in read if part.model), None)
        doc = next((part.doc for part in read if part.doc), None)
        return Spec(model, doc, _declarations(read), span=Span(source, 0, len(source.text)))

    def _now(self, text: str) -> Source:
        own = self.source.__dict__  # of a frozen class: nobody else changes it
        own["text"] = text
        own.pop("_line_starts", None)
        return self.source

    def _read(
        self, reader: Reader, chunks: Sequence[Chunk]
    ) -> tuple[list[Spec | None], list[Diagnostic]]:
        blocks = self._moved(reader, chunks)
        known = [
            block.spec if block and block.text == text else None
            for block, text in zip(blocks, self.texts, strict=True)
        ]
        specs, errors = reader.each(chunks, known)
        problems = [*reader.builder.problems]
        for place, (chunk, spec) in enumerate(zip(chunks, specs, strict=True)):
            wrong = any(chunk.start <= p.span.start < chunk.end for p in problems)
            if spec is not None and spec is not known[place] and not wrong:
                places = list(_places(spec))
                blocks[place] = Block(self.texts[place], chunk.start, spec, places)
        self.known = blocks
        return specs, [*problems, *errors]

    def _moved(self, reader: Reader, chunks: Sequence[Chunk]) -> list[Block | None]:
        """The blocks before and after the change, at their new positions; and those that changed,
        if their number is the same."""
        texts = [reader.text[chunk.start : chunk.end] for chunk in chunks]
        old, self.texts = self.texts, texts
        before = _same(old, texts)
        behind = min(_same(old[::-1], texts[::-1]), len(old) - before, len(texts) - before)
        between: list[Block | None] = [None] * (len(texts) - before - behind)
        if len(between) == len(old) - before - behind:
            between = self.known[before : len(old) - behind]
        blocks = [*self.known[:before], *between, *self.known[len(old) - behind :]]
        for block, chunk in zip(blocks, chunks, strict=True):
            if block is not None:
                block.move(chunk.start)
        return blocks


def _same(some: Sequence[str], others: Sequence[str]) -> int:
    """How many are the same from the start."""
    pairs = zip(some, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _places(spec: Spec) -> Iterator[dict[str, Any]]:
    """The fields of each span in a tree, once."""
    spans = {
        id(span): span
        for node in walk(spec)
        for span in (node.span, *getattr(node, "row_spans", ()))
    }
    return (span.__dict__ for span in spans.values())


def _declarations(parts: Sequence[Spec]) -> tuple[Declaration, ...]:
    return tuple(d for part in parts for d in part.declarations)


def _joined(source: Source, parts: Sequence[Spec]) -> Spec | None:
    """The tree of a text, joined from its parts. None if nothing is declared, or if the model's
    name or docstring is given twice or after a declaration."""
    heads = list(takewhile(lambda part: not part.declarations, parts))
    body = parts[len(heads) :]
    models = [part.model for part in heads if part.model]
    docs = [part.doc for part in heads if part.doc]
    if any(p.model or p.doc for p in body) or len(models) > 1 or len(docs) > 1:
        return None
    nodes: list[Node] = sorted((*models, *docs), key=lambda node: node.span.start)
    nodes += _declarations(body)
    if not models and not body:
        return None
    span = Span(source, nodes[0].span.start, nodes[-1].span.end)
    return Spec(
        models[0] if models else None, docs[0] if docs else None, _declarations(body), span=span
    )

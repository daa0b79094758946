"""A text in an editor: what is wrong with it, and its names as far as it can be read."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from pathlib import Path

from ..check import Checked, check
from ..check.kept import Kept
from ..check.symbols import Component, Symbol, Symbols
from ..compiler import Texts, examine, library, read_used
from ..language import ast
from ..language.blocks import Blocks
from ..language.diagnostics import Diagnostic
from ..language.named_files import outside_files
from ..language.source import Span

Named = ast.Neuron | ast.Rule | ast.Layer | ast.Connect


@dataclass
class Document:
    """`texts` holds the unsaved texts of other files; all files that it may read are below its
    folder and those of `allowed`. `before` is of an earlier text of the file. What of it is the
    same is taken over; its names may still be asked for, and stand where they are in this text."""

    path: Path  # resolved
    text: str
    texts: Texts = field(default_factory=dict, repr=False)
    allowed: Sequence[Path] = ()
    before: InitVar[Document | None] = None

    def __post_init__(self, before: Document | None) -> None:
        self.blocks: Blocks = before.blocks if before else Blocks(str(self.path))
        self.kept: Kept = before.kept if before else Kept()
        self.source = self.blocks.source
        # By the `id` of a declaration, which lives as long as the document.
        self._scopes: dict[int, Mapping[str, Symbol]] = {}
        self._locals: dict[int, Mapping[str, ast.Update]] = {}
        # Errors and warnings; some may stand in files that the text uses.
        self.diagnostics: list[Diagnostic]
        self._whole, self.table, self.diagnostics = examine(
            self.source,
            self.path.parent,
            [],
            self.texts,
            self.allowed,
            lambda _: self.blocks.parse(self.text),
            self.kept,
        )

    @cached_property
    def checked(self) -> Checked:
        """Of a broken text, what is known without the lines that cannot be read."""
        if self._whole is not None:
            return self._whole
        spec = self.blocks.salvage(self.text)
        used: dict[str, ast.Spec] = {}
        if not outside_files(spec, self.path.parent, self.allowed):
            used = read_used(spec, self.path.parent, self.texts)[0]
        return check(spec, used, library())

    @property
    def named(self) -> bool:
        """Whether its names are known already."""
        return self._whole is not None or "checked" in self.__dict__

    @property
    def symbols(self) -> Symbols:
        return self.checked.symbols

    @property
    def declarations(self) -> list[ast.Declaration]:
        """Those of this file, not of the files that it uses."""
        return [d for d in self.checked.spec.declarations if d.span.source is self.source]

    @property
    def uses(self) -> Iterator[Path]:
        """The files that `use` names."""
        for use in self.checked.spec.of(ast.Use):
            yield (self.path.parent / use.path.value).resolve()

    @cached_property
    def declared(self) -> Mapping[str, ast.Declaration]:
        """The declarations that have a name, of this file and of the files that it uses."""
        kinds = (ast.Sound, ast.Filterbank, ast.Neuron, ast.Layer, ast.Connect, ast.Rule)
        return {d.name.id: d for d in self.checked.spec.declarations if isinstance(d, kinds)}

    def component(self, node: ast.Node) -> Component | None:
        """The layer or connection of a declaration, or a stand-in for a neuron or rule alone."""
        if isinstance(node, ast.Neuron | ast.Rule):
            return self.checked.model(node)
        if isinstance(node, ast.Layer | ast.Connect):
            return self.symbols.components.get(node.name.id)
        return None

    def scope(self, node: ast.Node | None) -> Mapping[str, Symbol]:
        """The names that a declaration's expressions may use, in whichever of its clauses."""
        if id(node) not in self._scopes:
            self._scopes[id(node)] = self._scope(node)
        return self._scopes[id(node)]

    def _scope(self, node: ast.Node | None) -> Mapping[str, Symbol]:
        component = self.component(node) if node else None
        if component is None:
            return self.symbols.globals
        if component.kind == "layer":
            return self.symbols.neuron_scope(component)
        inside = self.symbols.synapse_scope(component)
        if isinstance(node, ast.Rule):
            return ChainMap(inside, dict(self.symbols.post_scope(component)))
        return inside

    def locals(self, node: ast.Node) -> Mapping[str, ast.Update]:
        """The first assignment of each name in the statements of a declaration."""
        if id(node) not in self._locals:
            self._locals[id(node)] = locals_of(node)
        return self._locals[id(node)]


def file_of(span: Span) -> Path:
    """Where a span stands. The library's files are called by their names alone."""
    path = Path(span.source.name)
    if path.is_absolute():
        return path.resolve()
    return next(p for p in library().files.values() if p.name == span.source.name)


def locals_of(node: ast.Node) -> dict[str, ast.Update]:
    """The first assignment of each name in the statements of a declaration."""
    found: dict[str, ast.Update] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.Update) and part.op == "=":
            found.setdefault(part.target.id, part)
    return found

"""References, renaming, and symbols, as the protocol asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from ..language.source import Span
from . import workspace
from .outline import Entry, outline
from .references import Refused, occurrence_at, occurrences, references, rename
from .server import Server

SYMBOLS = {
    "layer": lsp.SymbolKind.Object,
    "connect": lsp.SymbolKind.Interface,
    "rule": lsp.SymbolKind.Class,
    "neuron": lsp.SymbolKind.Class,
    "parameter": lsp.SymbolKind.Constant,
    "constant": lsp.SymbolKind.Constant,
    "preset": lsp.SymbolKind.EnumMember,
    "variable": lsp.SymbolKind.Variable,
}


def register(server: Server) -> None:
    _register_references(server)
    _register_renaming(server)
    _register_symbols(server)


def _location(server: Server, span: Span) -> lsp.Location:
    return lsp.Location(server.uri_of(span), server.places(span.source).range(span))


def _register_references(server: Server) -> None:
    feature: Callable[..., Any] = server.feature

    @feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def find_references(params: lsp.ReferenceParams) -> list[lsp.Location] | None:
        document, offset, _ = server.at(params)
        here = occurrence_at(document, offset)
        if here is None:
            return None
        found = references(workspace.with_key(server, document, here.key), here.key)
        declared = params.context.include_declaration
        return [_location(server, o.span) for o in found if declared or not o.declares]

    @feature(lsp.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def highlight(params: lsp.DocumentHighlightParams) -> list[lsp.DocumentHighlight] | None:
        document, offset, places = server.at(params)
        here = occurrence_at(document, offset)
        if here is None:
            return None
        kinds = lsp.DocumentHighlightKind
        return [
            lsp.DocumentHighlight(places.range(o.span), kinds.Write if o.writes else kinds.Read)
            for o in occurrences(document)
            if o.key == here.key
        ]


def _register_renaming(server: Server) -> None:
    feature: Callable[..., Any] = server.feature

    @feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def may_rename(params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
        document, offset, places = server.at(params)
        here = occurrence_at(document, offset)
        if here is None:
            return None
        return lsp.PrepareRenamePlaceholder(places.range(here.span), here.span.text)

    @feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def give_name(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        document, offset, _ = server.at(params)
        here = occurrence_at(document, offset)
        if here is None:
            return None
        try:
            edits = rename(workspace.with_key(server, document, here.key), here, params.new_name)
        except Refused as refused:
            raise JsonRpcException(str(refused), lsp.LSPErrorCodes.RequestFailed.value) from None
        changes = {
            server.uri_of(spans[0][0]): [
                lsp.TextEdit(server.places(span.source).range(span), new) for span, new in spans
            ]
            for spans in edits.values()
        }
        return lsp.WorkspaceEdit(changes=changes)


def _register_symbols(server: Server) -> None:
    feature: Callable[..., Any] = server.feature

    @feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        document = server.document(params.text_document.uri)
        places = server.places(document.source)

        def symbol(entry: Entry) -> lsp.DocumentSymbol:
            return lsp.DocumentSymbol(
                entry.name,
                SYMBOLS.get(entry.kind, lsp.SymbolKind.Module),
                places.range(entry.span),
                places.range(entry.at),
                entry.kind,
                children=[symbol(child) for child in entry.children],
            )

        return [symbol(entry) for entry in outline(document.declarations)]

    @feature(lsp.WORKSPACE_SYMBOL)
    def all_symbols(params: lsp.WorkspaceSymbolParams) -> list[lsp.SymbolInformation]:
        wanted, found = params.query.lower(), []
        for document in workspace.documents(server):
            for entry in outline(document.declarations):
                for one, owner in (
                    (entry, document.path.name),
                    *((child, entry.name) for child in entry.children),
                ):
                    if one.kind != one.name and wanted in one.name.lower():
                        found.append(
                            lsp.SymbolInformation(
                                _location(server, one.at),
                                one.name,
                                SYMBOLS.get(one.kind, lsp.SymbolKind.Module),
                                container_name=owner,
                            )
                        )
        return found

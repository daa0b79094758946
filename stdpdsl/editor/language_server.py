"""The language server: what it answers to the protocol's requests, on pygls."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from lsprotocol import types as lsp

from ..language.comments import formatted
from ..language.diagnostics import CompileError
from ..language.source import Span
from .completion import Item, complete
from .document import Document
from .meaning import code_text, meaning
from .outline import Entry, outline
from .server import Server
from .transport import Messages

PAUSE = 0.15  # seconds without a key pressed, until the text is checked
_ITEMS = {
    "keyword": lsp.CompletionItemKind.Keyword, "function": lsp.CompletionItemKind.Function,
    "variable": lsp.CompletionItemKind.Variable, "constant": lsp.CompletionItemKind.Constant,
    "unit": lsp.CompletionItemKind.Unit, "class": lsp.CompletionItemKind.Class,
    "value": lsp.CompletionItemKind.EnumMember,
}  # fmt: skip
_SYMBOLS = {
    "layer": lsp.SymbolKind.Object, "connect": lsp.SymbolKind.Interface,
    "rule": lsp.SymbolKind.Class, "neuron": lsp.SymbolKind.Class,
    "parameter": lsp.SymbolKind.Constant, "constant": lsp.SymbolKind.Constant,
    "preset": lsp.SymbolKind.EnumMember, "variable": lsp.SymbolKind.Variable,
}  # fmt: skip


def _server(allowed: Sequence[Path]) -> Server:
    server = Server(allowed)
    feature: Callable[..., Any] = server.feature

    @feature(lsp.INITIALIZED)
    def initialized(params: lsp.InitializedParams) -> None:
        """Ask to be told when a file changes that specs may name, where the editor can tell."""
        workspace = server.client_capabilities.workspace
        can = workspace.did_change_watched_files if workspace else None
        if can is not None and can.dynamic_registration:
            watcher = lsp.FileSystemWatcher("**/*.{stdp,csv,parquet,xlsx,npy,wav}")
            options = lsp.DidChangeWatchedFilesRegistrationOptions([watcher])
            method = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
            server.client_register_capability(
                lsp.RegistrationParams([lsp.Registration("files", method, options)])
            )

    @feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.check(params.text_document.uri)

    @feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        await asyncio.sleep(PAUSE)
        text = server.open_text(uri)
        if text is not None and text.version == version:
            server.check(uri)

    @feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        server.check_all()  # tables beside the spec may have been written meanwhile

    @feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: lsp.DidChangeWatchedFilesParams) -> None:
        server.check_all()

    @feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.documents.pop(uri, None)
        for file in server.published.pop(uri, {uri}):
            server.tell(file)
        server.check_all()  # what others use of it is the file now

    @feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        source = server.document(params.text_document.uri).source
        try:
            text = formatted(source)
        except CompileError:
            return None  # a text with errors is left alone
        whole = server.places(source).range(Span(source, 0, len(source.text)))
        return [lsp.TextEdit(whole, text)] if text != source.text else []

    @feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        document, offset, places = server.at(params)
        here = [d for d in document.diagnostics if _at(document, d.span, offset, offset)]
        found = meaning(document, offset)
        texts = [code_text(d.code) for d in here] + ([found.text] if found else [])
        span = here[0].span if here else found.span if found else None
        if span is None:
            return None
        text = "\n\n---\n\n".join(dict.fromkeys(texts))
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text), places.range(span))

    @feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        document, offset, _ = server.at(params)
        found = meaning(document, offset)
        place = found.declared if found else None
        if isinstance(place, Path):
            start = lsp.Position(0, 0)
            return lsp.Location(place.as_uri(), lsp.Range(start, start))
        if place is None:
            return None
        return lsp.Location(server.uri_of(place), server.places(place.source).range(place))

    @feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        document = server.document(params.text_document.uri)
        places = server.places(document.source)

        def symbol(entry: Entry) -> lsp.DocumentSymbol:
            return lsp.DocumentSymbol(
                entry.name, _SYMBOLS.get(entry.kind, lsp.SymbolKind.Module),
                places.range(entry.span), places.range(entry.at), entry.kind,
                children=[symbol(child) for child in entry.children],
            )  # fmt: skip

        return [symbol(entry) for entry in outline(document.declarations)]

    @feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", ":"]))
    def completion(params: lsp.CompletionParams) -> lsp.CompletionList:
        document, offset, _ = server.at(params)
        found = enumerate(complete(document, offset))
        return lsp.CompletionList(False, [_item(item, place) for place, item in found])

    @feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
    def actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        document = server.document(uri)
        places = server.places(document.source)
        first, last = places.offset(params.range.start), places.offset(params.range.end)
        found = []
        for d in document.diagnostics:
            word = document.fix(d) if _at(document, d.span, first, last) else None
            if word is not None:
                edit = lsp.TextEdit(places.range(d.span), word)
                found.append(lsp.CodeAction(
                    f"Replace `{d.span.text}` by `{word}`", lsp.CodeActionKind.QuickFix,
                    [server.diagnostic(d)], is_preferred=True,
                    edit=lsp.WorkspaceEdit(changes={uri: [edit]}),
                ))  # fmt: skip
        return found

    return server


def _at(document: Document, span: Span, first: int, last: int) -> bool:
    return span.source is document.source and span.start <= last and first <= span.end


def _item(item: Item, place: int) -> lsp.CompletionItem:
    text = item.text() if item.text else ""
    return lsp.CompletionItem(
        item.label, kind=_ITEMS[item.kind], detail=item.detail or None, sort_text=f"{place:04}",
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, text) if text else None,
    )  # fmt: skip


def serve(allowed: Sequence[Path]) -> None:
    """Until the editor ends it; `allowed` are folders that specs may read, besides their own."""
    _server(allowed).start_io(cast(BinaryIO, Messages(sys.stdin.buffer)))

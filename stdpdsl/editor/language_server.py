"""The language server: what it answers to the protocol's requests, on pygls."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from lsprotocol import types as lsp

from ..language.comments import formatted
from ..language.diagnostics import CompileError
from ..language.source import Span
from . import actions, display, navigation
from .clause_help import clause_at
from .completion import Item, complete
from .document import Document
from .fixes import fix
from .meaning import code_text, meaning
from .server import Server
from .transport import Messages

GRACE = 0.005  # s: what an editor asks for with a key is answered before the text is checked
IDLE = 0.5  # s without a key, until there is time for what nobody waits for
_ITEMS = {
    "keyword": lsp.CompletionItemKind.Keyword,
    "function": lsp.CompletionItemKind.Function,
    "variable": lsp.CompletionItemKind.Variable,
    "constant": lsp.CompletionItemKind.Constant,
    "unit": lsp.CompletionItemKind.Unit,
    "class": lsp.CompletionItemKind.Class,
    "value": lsp.CompletionItemKind.EnumMember,
}


def _server(allowed: Sequence[Path]) -> Server:
    server = Server(allowed)
    _keep_up(server)
    _edit(server)
    _explain(server)
    for part in (navigation, display, actions):
        part.register(server)
    return server


def _keep_up(server: Server) -> None:
    """Texts and files that change."""
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
        server.forget(params.text_document.uri)
        server.check(params.text_document.uri)

    @feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version

        def latest() -> bool:
            text = server.open_text(uri)
            return text is not None and text.version == version

        await asyncio.sleep(GRACE)
        if latest():
            server.check(uri)
            await asyncio.sleep(IDLE)
        if latest():
            server.rest(uri)

    @feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        server.check_all()  # tables beside the spec may have been written meanwhile

    @feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: lsp.DidChangeWatchedFilesParams) -> None:
        server.check_all()

    @feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.forget(uri)
        for file in server.published.pop(uri, {uri}):
            server.tell(file)
        server.check_all()  # what others use of it is the file now


def _edit(server: Server) -> None:
    """What changes a text: formatting, completion, quick fixes."""
    feature: Callable[..., Any] = server.feature

    @feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        source = server.document(params.text_document.uri).source
        try:
            text = formatted(source)
        except CompileError:
            return None  # a text with errors is left alone
        whole = server.places(source).range(Span(source, 0, len(source.text)))
        return [lsp.TextEdit(whole, text)] if text != source.text else []

    @feature(lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", ":"]))
    def completion(params: lsp.CompletionParams) -> lsp.CompletionList:
        # While somebody types, the names of the text as it was checked last: its check takes longer
        # than people wait for a word.
        source = server.source(params.text_document.uri)
        known = server.checked(params.text_document.uri)
        offset = server.places(source).offset(params.position)
        found = enumerate(complete(known, offset, source))
        stale = known.text != source.text
        return lsp.CompletionList(stale, [_item(item, place) for place, item in found])

    @feature(lsp.TEXT_DOCUMENT_CODE_ACTION)
    def code_actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        uri = params.text_document.uri
        document = server.document(uri)
        places = server.places(document.source)
        first, last = places.offset(params.range.start), places.offset(params.range.end)
        found = []
        for d in document.diagnostics:
            best = fix(document, d) if _at(document, d.span, first, last) else None
            if best is not None:
                edit = lsp.TextEdit(places.range(best.span), best.text)
                found.append(
                    lsp.CodeAction(
                        best.title,
                        lsp.CodeActionKind.QuickFix,
                        [server.diagnostic(d)],
                        is_preferred=True,
                        edit=lsp.WorkspaceEdit(changes={uri: [edit]}),
                    )
                )
        return found


def _explain(server: Server) -> None:
    """What a word means, and where it is declared."""
    feature: Callable[..., Any] = server.feature

    @feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        document, offset, places = server.at(params)
        here = [d for d in document.diagnostics if _at(document, d.span, offset, offset)]
        found = meaning(document, offset)
        clause = clause_at(document, offset) if found is None else None
        texts = [code_text(d.code) for d in here] + ([found.text] if found else [])
        texts += [clause[1]] if clause else []
        span = here[0].span if here else found.span if found else clause[0] if clause else None
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


def _at(document: Document, span: Span, first: int, last: int) -> bool:
    return span.source is document.source and span.start <= last and first <= span.end


def _item(item: Item, place: int) -> lsp.CompletionItem:
    text = item.text() if item.text else ""
    return lsp.CompletionItem(
        item.label,
        kind=_ITEMS[item.kind],
        detail=item.detail or None,
        sort_text=f"{place:04}",
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, text) if text else None,
    )


def serve(allowed: Sequence[Path]) -> None:
    """Until the editor ends it; `allowed` are folders that specs may read, besides their own."""
    gc.set_threshold(100_000, 50, 1_000)  # a tree holds much that lives long; see `Server.rest`
    _server(allowed).start_io(cast(BinaryIO, Messages(sys.stdin.buffer)))

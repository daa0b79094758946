"""The language server: the protocol, on pygls. What it answers is found in editor/.

Texts come whole with each change: pygls would cut them into lines at characters at which no editor
does (form feeds, U+2028), and put a change in the wrong place.
"""

from __future__ import annotations

import asyncio
import bisect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import PositionCodec

from . import __version__
from .comments import formatted
from .diagnostics import CompileError, Diagnostic, Label
from .editor.completion import Item, complete
from .editor.document import Document, file_of
from .editor.meaning import code_text, meaning
from .editor.outline import Entry, outline
from .explanations import page
from .source import Source, Span

PAUSE = 0.15  # seconds without a key pressed, until the text is checked
_SEVERITY = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}
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


class Places:
    """Offsets of a text as the protocol's positions: lines from 0, columns in the code units that
    client and server agreed upon."""

    def __init__(self, text: str, codec: PositionCodec):
        self.text, self.codec = text, codec
        self.starts = [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", text))]

    def position(self, offset: int) -> lsp.Position:
        line = bisect.bisect_right(self.starts, offset) - 1
        units = self.codec.client_num_units(self.text[self.starts[line] : offset])
        return lsp.Position(line, units)

    def offset(self, position: lsp.Position) -> int:
        """A place behind a line's end or the text's is that end."""
        if position.line >= len(self.starts):
            return len(self.text)
        at = self.starts[position.line]
        units = position.character
        while at < len(self.text) and units > 0 and self.text[at] not in "\r\n":
            units -= self.codec.client_num_units(self.text[at])
            at += 1
        return at

    def range(self, span: Span) -> lsp.Range:
        return lsp.Range(self.position(span.start), self.position(span.end))


class Server(LanguageServer):
    """Keeps what was found in each open text, until the text or one that it uses changes."""

    def __init__(self) -> None:
        super().__init__(
            "stdpdsl", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full
        )
        self.documents: dict[str, Document] = {}  # by URI
        self.published: dict[str, set[str]] = {}  # where each one's diagnostics stand

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Into the editor's log: a text that breaks us is checked again as soon as it changes."""
        text = f"{type(error).__name__}: {error}"
        self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, text))

    # Texts ------------------------------------------------------------------------------------

    def document(self, uri: str) -> Document:
        """What is known of an open text as it stands now."""
        text = self.workspace.get_text_document(uri).source
        known = self.documents.get(uri)
        if known is None or known.text != text:
            self.documents.pop(uri, None)
            path = Path(to_fs_path(uri) or uri).resolve()
            self.documents[uri] = Document(path, text, self.texts)
        return self.documents[uri]

    @property
    def texts(self) -> dict[Path, str]:
        open_ = self.workspace.text_documents.values()
        return {Path(d.path).resolve(): d.source for d in open_}

    def places(self, source: Source) -> Places:
        return Places(source.text, PositionCodec(self.workspace.position_encoding))

    def at(self, params: Any) -> tuple[Document, int, Places]:
        """The text and the place that a request is about."""
        document = self.document(params.text_document.uri)
        places = self.places(document.source)
        return document, places.offset(params.position), places

    # Diagnostics ------------------------------------------------------------------------------

    def check(self, uri: str) -> None:
        """Check a text and those that use it."""
        try:
            path = self.document(uri).path
        except Exception:
            self.tell(uri)  # what was said of the older text may be wrong now
            raise
        users = [u for u, d in self.documents.items() if u != uri and path in d.uses]
        for user in users:
            del self.documents[user]
        for one in (uri, *users):
            self.publish(one)

    def check_all(self) -> None:
        """After files have changed on the disk."""
        opened = list(self.documents)
        self.documents.clear()
        for uri in opened:
            self.publish(uri)

    def publish(self, uri: str) -> None:
        """Tell the diagnostics of every file in which those of this text stand, or stood."""
        document = self.document(uri)
        files = {self.uri_of(d.span) for d in document.diagnostics} | {uri}
        stood = self.published.get(uri, set())
        self.published[uri] = files
        for file in sorted(files | stood):
            self.tell(file)

    def tell(self, file: str) -> None:
        """Everything that the open texts have to say of one file, each thing once."""
        found: dict[tuple, lsp.Diagnostic] = {}
        for document in self.documents.values():
            for d in document.diagnostics:
                if self.uri_of(d.span) == file:
                    key = (d.code, d.span.start, d.span.end, d.message)
                    found.setdefault(key, self.diagnostic(d))
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(file, list(found.values()))
        )

    def uri_of(self, span: Span) -> str:
        """The URI by which the editor calls a file, where it has it open."""
        path = file_of(span)
        known = (uri for uri, document in self.documents.items() if document.path == path)
        return next(known, None) or from_fs_path(str(path)) or ""

    def diagnostic(self, d: Diagnostic) -> lsp.Diagnostic:
        places = self.places(d.span.source)
        help = f"help: {d.help}" if d.help else ""
        return lsp.Diagnostic(
            range=places.range(d.span),
            severity=_SEVERITY[d.severity],
            code=d.code,
            code_description=lsp.CodeDescription(page(d.code).as_uri()),
            source="stdpdsl",
            message="\n".join(filter(None, (d.message, help))),
            related_information=[
                lsp.DiagnosticRelatedInformation(
                    lsp.Location(self.uri_of(x.span), self.places(x.span.source).range(x.span)),
                    x.text,
                )
                for x in ([Label(d.span, d.label)] if d.label else []) + [*d.labels]
            ],
        )


def _server() -> Server:
    server = Server()
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
        text = server.workspace.text_documents.get(uri)
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


def serve() -> None:
    """Until the editor ends it."""
    _server().start_io()

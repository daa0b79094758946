"""The open texts: what was found in each, and telling the editor of their errors.

Texts come whole with each change: pygls would cut them into lines at characters at which no editor
does (form feeds, U+2028), and put a change in the wrong place.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import PositionCodec, TextDocument

from .. import __version__
from ..language.diagnostics import Diagnostic, Label
from ..language.explanations import page
from ..language.source import Source, Span
from .document import Document, file_of
from .positions import Places
from .transport import Protocol

_SEVERITY = {"error": lsp.DiagnosticSeverity.Error, "warning": lsp.DiagnosticSeverity.Warning}


def path_of(name: str) -> Path:
    """A file's path without links. Of what cannot be a file, a path at which there is none."""
    name = name.replace("\0", "?").encode(errors="replace").decode()  # half of a surrogate pair
    path = Path(name)
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link to itself
        return Path(os.path.abspath(path))


class Server(LanguageServer):
    """Keeps what was found in each open text, until the text or one that it uses changes. Texts may
    name files below their own folder and those of `allowed`."""

    protocol: Protocol

    def __init__(self, allowed: Sequence[Path]) -> None:
        super().__init__(
            "stdpdsl",
            __version__,
            text_document_sync_kind=lsp.TextDocumentSyncKind.Full,
            protocol_cls=Protocol,
        )
        self.allowed = allowed
        self.documents: dict[str, Document] = {}  # by URI
        self.named: dict[str, Document] = {}  # the last of each whose names are known
        self.published: dict[str, set[str]] = {}  # where each one's diagnostics stand

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Into the editor's log: a text that breaks us is checked again as soon as it changes."""
        if getattr(error, "code", None) == lsp.LSPErrorCodes.RequestFailed.value:
            return  # no error of ours: what was asked for cannot be done, and the answer says why
        if isinstance(error, ValueError | RecursionError) and source is JsonRpcException:
            self.protocol.answer_unreadable(error)
        text = f"{type(error).__name__}: {error}"
        self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, text))

    # Texts ------------------------------------------------------------------------------------

    def open_text(self, uri: str) -> TextDocument | None:
        """A text that the editor has open; pygls would read others, and devices, from the disk."""
        return self.workspace.text_documents.get(unquote(uri))

    def document(self, uri: str) -> Document:
        """What is known of an open text as it stands now. JsonRpcInvalidParams."""
        opened = self.open_text(uri)
        if opened is None:
            raise JsonRpcInvalidParams(f"{uri} is not open")
        text = opened.source
        known = self.documents.get(uri)
        if known is None or known.text != text:
            self.documents.pop(uri, None)
            if known is not None and known.named:
                self.named[uri] = known
            before = self.named.get(uri) or known
            path = path_of(to_fs_path(uri) or uri)
            self.documents[uri] = Document(path, text, self.texts, self.allowed, before)
        return self.documents[uri]

    def forget(self, uri: str) -> None:
        self.documents.pop(uri, None)
        self.named.pop(uri, None)

    def source(self, uri: str) -> Source:
        """An open text as it stands now. JsonRpcInvalidParams."""
        opened = self.open_text(uri)
        if opened is None:
            raise JsonRpcInvalidParams(f"{uri} is not open")
        return Source(str(path_of(to_fs_path(uri) or uri)), opened.source)

    def checked(self, uri: str) -> Document:
        """What is known of the names of an open text, perhaps as it stood before the last keys."""
        known = self.documents.get(uri)
        if known is not None and known.named:
            self.named[uri] = known
        return self.named.get(uri) or known or self.document(uri)

    @property
    def texts(self) -> dict[Path, str]:
        open_ = self.workspace.text_documents.values()
        return {path_of(d.path): d.source for d in open_}

    def places(self, source: Source) -> Places:
        return Places(source.text, PositionCodec(self.workspace.position_encoding))

    def at(self, params: Any) -> tuple[Document, int, Places]:
        """The text and the place that a request is about."""
        document = self.document(params.text_document.uri)
        places = self.places(document.source)
        return document, places.offset(params.position), places

    def rest(self, uri: str) -> None:
        """While nobody types: find the names of a broken text, and tidy up."""
        document = self.document(uri)
        if document.checked.symbols:
            self.named[uri] = document
        gc.collect()

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
        self.publish_each((uri, *users))

    def check_all(self) -> None:
        """After files have changed on the disk."""
        opened = list(self.documents)
        self.documents.clear()
        self.publish_each(uri for uri in opened if self.open_text(uri))

    def publish_each(self, uris: Iterable[str]) -> None:
        """The same of several texts, of which one may break us: that is raised at the end."""
        broken: list[Exception] = []
        for uri in uris:
            try:
                self.publish(uri)
            except Exception as error:
                broken.append(error)
        if broken:
            raise broken[0]

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

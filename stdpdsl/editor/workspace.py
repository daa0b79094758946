"""The specs of the editor's folders, open or not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pygls.uris import to_fs_path

from ..language.source import text_in
from .document import Document
from .references import Key
from .server import Server, path_of

MOST_FILES = 2_000
"""That are looked at, in all folders together."""


def specs(server: Server) -> Iterator[Path]:
    """The spec files below the editor's folders; hidden folders and links are left out."""
    count = 0
    uris = [f.uri for f in server.workspace.folders.values()] or [server.workspace.root_uri]
    for root in sorted({path_of(to_fs_path(uri) or uri) for uri in uris if uri}):
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(f for f in folders if not f.startswith("."))
            for name in sorted(files):
                path = Path(folder, name)
                if name.endswith(".stdp") and path.is_file() and not path.is_symlink():
                    count += 1
                    if count > MOST_FILES:
                        return
                    yield path


def documents(server: Server, *, around: Path | None = None) -> list[Document]:
    """Every open text, then the files of the folders; with `around` only texts that use that file,
    are used by it or are it."""
    found: dict[Path, Document] = {}
    for uri in list(server.workspace.text_documents):
        document = server.document(uri)
        found[document.path] = document
    for path in specs(server):
        real = path_of(str(path))
        if real in found:
            continue
        try:
            text = text_in(path)
        except (OSError, UnicodeDecodeError):
            continue
        if around is None or real == around or around.name in text:
            found[real] = Document(real, text, server.texts, server.allowed)
    return list(found.values())


def with_key(server: Server, document: Document, key: Key) -> list[Document]:
    """The texts in which a name may stand: the one that declares it, and those that use that."""
    if key[0] == document.path and not document.checked.spec.is_collection:
        return [document]  # nothing of a whole model is used elsewhere but rules and constants
    around = documents(server, around=key[0])
    return [d for d in around if d.path == key[0] or key[0] in d.uses or d is document]

"""What a code lens does: check a spec, run it and show its report, draw a rule's window.

The same commands as in the shell, as processes of their own.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams

from ..compiler import library
from ..language.diagnostics import has_errors
from .server import Server

COMMANDS = {"check": "stdpdsl.check", "run": "stdpdsl.run", "window": "stdpdsl.window"}
_SHOWN = 600  # characters of what went wrong


def register(server: Server) -> None:
    command: Callable[..., Any] = server.command

    @command(COMMANDS["check"])
    def check(uri: str) -> str:
        """Check an open spec, and say how it went."""
        server.check(uri)
        document = server.document(uri)
        errors = sum(d.severity == "error" for d in document.diagnostics)
        text = f"{document.path.name}: {errors or 'no'} error{'s' * (errors != 1)}"
        kind = lsp.MessageType.Error if errors else lsp.MessageType.Info
        return _say(server, kind, text)

    @command(COMMANDS["run"])
    async def run(uri: str) -> str:
        """Run an open spec that is saved, and show its report."""
        document = server.document(uri)
        path = document.path
        if has_errors(document.diagnostics):
            return _say(server, lsp.MessageType.Error, f"{path.name} has errors")
        if not path.is_file() or path.read_bytes() != document.text.encode():
            return _say(server, lsp.MessageType.Warning, f"save {path.name} first")
        results, page = path.with_suffix(".results"), path.with_suffix(".html")
        allowed = [word for folder in server.allowed for word in ("--allow-read", str(folder))]
        _say(server, lsp.MessageType.Info, f"running {path.name}")
        for words in (
            ["run", str(path), "-o", str(results), "--overwrite", *allowed],
            ["report", str(results), "-o", str(page)],
        ):
            wrong = await _stdpdsl(*words)
            if wrong:
                return _say(server, lsp.MessageType.Error, f"{path.name}: {wrong}")
        await _show(server, page)
        return _say(server, lsp.MessageType.Info, f"{path.name}: {results.name}, {page.name}")

    @command(COMMANDS["window"])
    async def window(rule: str) -> str:
        """Draw the STDP window of a rule of the library."""
        if not isinstance(rule, str) or rule.partition(".")[0] not in library().files:
            raise JsonRpcInvalidParams(f"there is no rule {rule!r} in the library")
        folder = tempfile.mkdtemp(prefix="stdpdsl-window-")
        picture = Path(folder, f"{rule}.svg")
        wrong = await _stdpdsl("window", rule, "-o", str(picture))
        if wrong:
            return _say(server, lsp.MessageType.Error, f"{rule}: {wrong}")
        await _show(server, picture)
        return _say(server, lsp.MessageType.Info, f"{rule}: {picture}")


def _say(server: Server, kind: lsp.MessageType, text: str) -> str:
    server.window_show_message(lsp.ShowMessageParams(kind, text))
    return text


async def _show(server: Server, path: Path) -> None:
    """Open a file in the browser, where the editor can do that."""
    window = server.client_capabilities.window
    if window is not None and window.show_document is not None and window.show_document.support:
        params = lsp.ShowDocumentParams(path.as_uri(), external=True)
        await server.window_show_document_async(params)


async def _stdpdsl(*words: str) -> str:
    """Run a command of ours; nothing, or what it said when it failed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "stdpdsl.cli",
        *words,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        raise
    return "" if process.returncode == 0 else said.decode(errors="replace").strip()[-_SHOWN:]

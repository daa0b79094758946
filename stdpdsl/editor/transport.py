"""Messages as they come from the editor, whatever comes: a bad one is answered, and those behind it
are read.

pygls waits for ever after a header that it cannot read, and does not answer a request whose
parameters have wrong types.
"""

from __future__ import annotations

import io
import json
import re
from typing import Any, BinaryIO

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol

MOST_BYTES = 200_000_000
"""Of a message: more than any spec takes."""
_HEADER = re.compile(rb"Content-Length:\s*(\S*)\s*$", re.IGNORECASE)
_NO_MESSAGE = b"?"
"""Stands for what cannot be read, because it is not JSON."""


class Messages:
    """A stream whose messages all have the header that pygls reads."""

    def __init__(self, stream: BinaryIO):
        self.stream = stream
        self.held = b""  # read, and part of what comes next
        self.message: BinaryIO = io.BytesIO()

    def readline(self) -> bytes:
        line = self.message.readline()
        if not line and (body := self._body()):
            self.message = io.BytesIO(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            line = self.message.readline()
        return line

    def read(self, size: int) -> bytes:
        return self.message.read(size)

    def _body(self) -> bytes:
        """The next message, or nothing at the stream's end."""
        while line := self._line():
            found = _HEADER.search(line)  # it may stand behind the rest of a body
            if found:
                break
        else:
            return b""
        length = int(found[1]) if re.fullmatch(rb"\d{1,12}", found[1]) else 0
        if not 0 < length <= MOST_BYTES:
            return _NO_MESSAGE
        while self._line().strip():  # other headers
            pass
        return self._whole(self._bytes(length))

    def _whole(self, body: bytes) -> bytes:
        """A message without what belongs to the next one, where its length was given too large."""
        text = body.decode("utf-8", "surrogateescape").lstrip()
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            return body
        if text[end:].strip():
            self.held = text[end:].encode("utf-8", "surrogateescape") + self.held
        return text[:end].encode("utf-8", "surrogateescape")

    def _line(self) -> bytes:
        line, end, rest = self.held.partition(b"\n")
        self.held = rest
        return line + end if end else line + self.stream.readline()

    def _bytes(self, size: int) -> bytes:
        body, self.held = self.held[:size], self.held[size:]
        return body + self.stream.read(size - len(body))


class Protocol(LanguageServerProtocol):
    """The language server's protocol, in which every request is answered."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message of a type of lsprotocol, or an error that the editor is told of."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            number = data.get("id")
            if "method" in data and isinstance(number, str | int):
                wrong = JsonRpcInvalidParams().to_response_error()
                self._send_response(number, error=wrong)
            raise error

    def handle_message(self, message: Any) -> None:
        """Hand a message on. JsonRpcException where it is JSON, and no message."""
        if not hasattr(message, "jsonrpc"):
            raise JsonRpcException("this is not a message of JSON-RPC 2.0")
        super().handle_message(message)

    def answer_unreadable(self, error: Exception) -> None:
        """Tell the editor of a message that cannot be read, so that nobody knows its number."""
        wrong = {"code": lsp.ErrorCodes.ParseError.value, "message": f"cannot be read: {error}"}
        # As JSON-RPC has it; lsprotocol would leave out a number that is null.
        self._send_data({"jsonrpc": self.VERSION, "id": None, "error": wrong})

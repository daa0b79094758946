"""The language server on a wire where anything may come: it answers what it can, and goes on.

Messages are written byte by byte here, because the client of pygls sends none that is wrong.
"""

import json
import os
import queue
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from stdpdsl.editor.transport import Messages

ROOT = Path(__file__).parents[2]
PATIENCE = 30
TEXT = "model m\nrun:\n    duration: 1 s\n    dtt: 1 ms\n"
WRONG_PLACES = [
    {"line": -1, "character": 0},
    {"line": 0, "character": -1},
    {"line": 2**31, "character": 0},
    {"line": 10**9, "character": 10**9},
    {"line": 1e300, "character": 0},
    {"line": "1"},
    [],
    None,
    {"line": None, "character": {}},
    {"line": 0.5, "character": True},
    "0:0",
    {},
]
WRONG_URIS = [
    "file:///%00",
    "file:///a\0b",
    "untitled:Untitled-1",
    "file://[",
    "",
    "x",
    "file:///" + "a" * 5000,
    "file:///%ff%fe",
    "file:///dev/zero",
    "file:///..",
    "http://127.0.0.1:1/x.stdp",
    "file:///\ud800",
]
WRONG_LENGTHS = ["-1", "0", "", "x", "1.5", "1e3", "99999999999999999999", "9" * 400, "١٢"]


class Wire:
    """A server, and its answers by number."""

    def __init__(self, folder):
        self.uri = (folder / "a name with ä.stdp").as_uri()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stdpdsl.cli", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.answers, self.told, self.number, self.kept = queue.Queue(), queue.Queue(), 0, {}
        threading.Thread(target=self.listen, daemon=True).start()
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        self.tell("initialized", {})

    def listen(self):
        while header := self.process.stdout.readline():
            length = int(header.split(b":")[1])
            while self.process.stdout.readline().strip():
                pass
            message = json.loads(self.process.stdout.read(length))
            if "id" in message:
                self.answers.put(message)
            elif message["method"] == "textDocument/publishDiagnostics":
                self.told.put(message["params"])

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps(message).encode()
        self.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def message(self, method, params):
        self.number += 1
        return {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}

    def tell(self, method, params):
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def answer(self, number):
        while json.dumps(number) not in self.kept:
            found = self.answers.get(timeout=PATIENCE)
            self.kept[json.dumps(found["id"])] = found
        return self.kept.pop(json.dumps(number))

    def ask(self, method, params):
        self.send(self.message(method, params))
        return self.answer(self.number)

    def open(self, uri, text, version=1):
        item = {"uri": uri, "languageId": "stdp", "version": version, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    def errors(self, uri):
        """Those of a text that were told last."""
        while True:
            found = self.told.get(timeout=PATIENCE)
            if found["uri"] == uri:
                return [d["code"] for d in found["diagnostics"]]

    def is_well(self):
        """It answers a right request rightly."""
        about = {"textDocument": {"uri": self.uri}}
        found = self.ask("textDocument/documentSymbol", about)
        assert [entry["name"] for entry in found["result"]] == ["run"], found

    def checks_changes(self):
        """Each change of a text is looked at, in a file whose URI is written in two ways."""
        self.is_well()
        while not self.told.empty():  # of what was before
            self.told.get()
        for version, text in ((2, TEXT.replace("dtt", "dt")), (3, TEXT)):
            about = {"uri": self.uri, "version": version}
            changes = {"textDocument": about, "contentChanges": [{"text": text}]}
            self.tell("textDocument/didChange", changes)
            assert bool("SYN" in "".join(self.errors(self.uri))) == (text == TEXT)

    def end(self):
        self.ask("shutdown", None)
        self.tell("exit", None)
        assert self.process.wait(PATIENCE) == 0


@pytest.fixture(scope="module")
def wire(tmp_path_factory):
    found = Wire(tmp_path_factory.mktemp("wire"))
    try:
        found.open(found.uri, TEXT)
        found.errors(found.uri)
        yield found
        found.checks_changes()
        found.end()
    finally:
        found.process.kill()
        found.process.wait()


@pytest.mark.parametrize("method", ["hover", "definition", "completion"])
@pytest.mark.parametrize("place", WRONG_PLACES)
def test_wrong_places_are_answered(wire, method, place):
    params = {"textDocument": {"uri": wire.uri}, "position": place}
    found = wire.ask(f"textDocument/{method}", params)
    assert ("error" in found) != ("result" in found)
    wire.is_well()


@pytest.mark.parametrize("uri", WRONG_URIS)
def test_a_wrong_uri_stops_nothing(wire, uri):
    wire.open(uri, TEXT)
    assert wire.ask("textDocument/formatting", {"textDocument": {"uri": uri}})
    wire.checks_changes()
    wire.tell("textDocument/didSave", {"textDocument": {"uri": uri}})
    assert wire.errors(wire.uri) == ["SYN024"]
    wire.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    wire.is_well()


def test_a_text_that_is_not_open_is_not_read(wire, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    about = {"textDocument": {"uri": (tmp_path / "pipe").as_uri()}}
    assert "is not open" in wire.ask("textDocument/documentSymbol", about)["error"]["message"]
    wire.is_well()


@pytest.mark.parametrize("length", WRONG_LENGTHS)
def test_a_wrong_length_is_answered(wire, length):
    body = json.dumps(wire.message("textDocument/documentSymbol", {})).encode()
    wire.write(b"Content-Length: %s\r\n\r\n" % length.encode() + body)
    assert wire.answer(None)["error"]["code"] == -32700
    wire.is_well()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"3",
        b"null",
        b'"x"',
        b"{}",
        b'{"jsonrpc": "1.0"}',
        b"\xff\xfe",
        b"[" * 10**5,
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "2.0", "id": [1], "method": "x"}',
        b'{"jsonrpc": "2.0", "method": 3}',
        b'{"jsonrpc": "2.0", "id": 1, "result": 3}',
    ],
)
def test_what_is_no_message_stops_nothing(wire, body):
    wire.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    wire.is_well()


def test_noise_on_the_wire(wire):
    """Right messages between drawn wrong ones are all answered, and so is each whole request."""
    draw = random.Random(23)
    strange = [*WRONG_PLACES, *WRONG_URIS, 7, True, [{}]]

    def spoiled(value):
        """A message with something else in a place or two."""
        if not isinstance(value, dict) or draw.random() < 0.15:
            return draw.choice(strange)
        name = draw.choice(sorted(value))
        return {**value, name: spoiled(value[name])}

    methods = ["hover", "definition", "completion", "documentSymbol", "formatting", "codeAction"]
    for _ in range(300):
        at = {"line": draw.randrange(9), "character": draw.randrange(9)}
        params = {"textDocument": {"uri": wire.uri}, "position": at}
        params |= {"range": {"start": at, "end": at}}
        params |= {"options": {"tabSize": 4, "insertSpaces": True}, "context": {"diagnostics": []}}
        message = wire.message("textDocument/" + draw.choice(methods), params)
        if draw.random() < 0.7:
            message["params"] = spoiled(params)
        body = json.dumps(message).encode()
        how = draw.randrange(5)
        off = draw.choice([0, draw.randrange(-9, 40)]) if how == 0 else 0
        head = draw.choice(["Content-Length: ", "content-length:", "Content-Length:   "])
        more = draw.choice(["", "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n"])
        if how == 1:
            body = body[: draw.randrange(len(body))]
        wire.write((head + str(max(1, len(body) + off)) + "\r\n" + more + "\r\n").encode() + body)
        if how not in (0, 1):
            assert wire.answer(message["id"])
        wire.is_well()


class Pieces:
    """A stream that has its bytes, and then its end."""

    def __init__(self, data):
        self.data = data

    def readline(self):
        line, end, self.data = self.data.partition(b"\n")
        return line + end

    def read(self, size):
        found, self.data = self.data[:size], self.data[size:]
        return found


@pytest.mark.parametrize("off", [-7, -1, 0, 1, 5, 30, 46])
def test_a_length_that_is_wrong_by_some_loses_one_message_at_most(off):
    first, second = b'{"a": "\xc3\xa4"}', b'{"b": [1, {"c": 2}]}'
    data = b"Content-Length: %d\r\n\r\n%s" % (len(first) + off, first)
    data += (b"Content-Length: %d\r\n\r\n%s" % (len(second), second)) * 2
    messages, found = Messages(Pieces(data)), []
    while header := messages.readline():
        assert messages.readline() == b"\r\n"
        found.append(messages.read(int(header.split()[1])))
    assert found[-2:] == [second, second] and (off < 0 or found[0] == first)

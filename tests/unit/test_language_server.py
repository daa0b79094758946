"""The language server as an editor meets it: a process that is spoken to over stdio."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls")

from lsprotocol import types as lsp
from pygls.exceptions import FeatureNotificationError
from pygls.lsp.client import LanguageClient
from pygls.workspace import PositionCodec, Workspace

from stdpdsl import cli
from stdpdsl.editor.completion import _CLAUSES, complete
from stdpdsl.editor.document import Document
from stdpdsl.editor.meaning import meaning
from stdpdsl.editor.outline import outline
from stdpdsl.editor.positions import Places
from stdpdsl.editor.server import Server
from stdpdsl.language.builtins import (
    CONSTANTS,
    DISTRIBUTIONS,
    FUNCTIONS,
    LISTS,
    NEURON_VARIABLES,
    PATTERNS,
    SYNAPSE_VARIABLES,
)
from stdpdsl.language.comments import formatted
from stdpdsl.language.explanations import page
from stdpdsl.language.meanings import MEANINGS
from stdpdsl.language.parser import _reader
from stdpdsl.language.source import Source

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "stdpdsl" / "library"
PATIENCE = 60  # seconds; no answer takes a hundredth of it

SPEC = '''"""Zwei Töne 🎵 für die Hörrinde."""
model demo

constants:
    v_rest = -70 mV  # Ruhe 🎵

neuron cell:
    parameters:
        tau_m = 10 ms
    equations:
        dv/dt = (v_rest - v)/tau_m : volt
    threshold: v > -55 mV
    reset: v = v_rest

layer inputs:
    poisson: 20 Hz
    size: 10

layer out:
    neuron: cell
    size: 1

connect inputs -> out as learning:
    pattern: all_to_all
    plasticity: pair_additive(taupre = 20 ms)
    deliver: w * 15 mV to v

record:
    spikes of out

run:
    duration: 1 s
'''


class Editor:
    """What of an editor matters here."""

    def __init__(self, folder, *arguments):
        self.folder, self.arguments = folder, arguments
        self.client = LanguageClient("test", "1")
        self.texts, self.version = {}, 1
        self.diagnostics = {}
        self.logged = []
        self.news = asyncio.Event()

        @self.client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params):
            self.diagnostics[params.uri] = params.diagnostics
            self.news.set()

        @self.client.feature(lsp.WINDOW_LOG_MESSAGE)
        def logged(params):
            self.logged.append(params.message)

    async def __aenter__(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        await self.client.start_io(
            sys.executable,
            "-m",
            "stdpdsl.cli",
            "lsp",
            *self.arguments,
            env=environment,
            cwd=self.folder,
        )
        self.answer = await self.client.initialize_async(
            lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=self.folder.as_uri())
        )
        self.client.initialized(lsp.InitializedParams())
        return self

    async def __aexit__(self, *_):
        await self.client.shutdown_async(None)
        self.client.exit(None)
        status = await asyncio.wait_for(self.client._server.wait(), PATIENCE)
        assert status == 0
        assert self.logged == []

    def uri(self, name):
        return (self.folder / name).as_uri()

    def open(self, name, text):
        self.texts[name] = text
        self.client.text_document_did_open(
            lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(self.uri(name), "stdp", 1, text))
        )

    def change(self, name, text):
        self.texts[name] = text
        self.version += 1
        self.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self.version, self.uri(name)),
                [lsp.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def told(self, name, good):
        """Wait for diagnostics of a file that are as expected."""

        async def wait():
            uri = self.uri(name)
            while uri not in self.diagnostics or not good(self.diagnostics[uri]):
                self.news.clear()
                await self.news.wait()
            return self.diagnostics[uri]

        return await asyncio.wait_for(wait(), PATIENCE)

    def position(self, name, offset):
        text = self.texts[name]
        line = text.count("\n", 0, offset)
        start = text.rfind("\n", 0, offset) + 1
        return lsp.Position(line, len(text[start:offset].encode("utf-16-le")) // 2)

    def place(self, name, before, after=""):
        """The place between two pieces of a text that stand together once."""
        text = self.texts[name]
        assert before == "" or text.count(before + after) == 1, before
        offset = text.index(before + after) + len(before)
        return {
            "text_document": lsp.TextDocumentIdentifier(self.uri(name)),
            "position": self.position(name, offset),
        }

    async def labels(self, name, offset):
        there = {**self.place(name, ""), "position": self.position(name, offset)}
        found = await self.client.text_document_completion_async(lsp.CompletionParams(**there))
        return [item.label for item in found.items]

    async def fixes(self, name, error):
        return await self.client.text_document_code_action_async(
            lsp.CodeActionParams(
                lsp.TextDocumentIdentifier(self.uri(name)),
                error.range,
                lsp.CodeActionContext([error]),
            )
        )

    async def hover(self, name, before, after=""):
        found = await self.client.text_document_hover_async(
            lsp.HoverParams(**self.place(name, before, after))
        )
        return found and found.contents.value

    async def defined(self, name, before, after=""):
        return await self.client.text_document_definition_async(
            lsp.DefinitionParams(**self.place(name, before, after))
        )


def speak(folder, talk):
    """Run a coroutine that speaks to a server of its own."""

    async def whole():
        async with Editor(folder) as editor:
            await talk(editor)

    asyncio.run(whole())


BROKEN = [
    SPEC.replace("/tau_m", "/tau_mm"),
    SPEC.replace("threshold: v > -55 mV", "threshold: v > 55 ms"),
    SPEC.replace("    size: 1\n\n", "    siz: 1\n\n").replace("10 ms\n", "10 🎵ms\n"),
    SPEC.replace("    spikes of out\n", "    spikes of out, inputs\n    w of learnin every 1 s\n"),
    SPEC.replace("run:", 'sweep:\n    from: "rows.csv"\nrun:'),
    SPEC.replace("run:", 'sweep:\n    from: "rowz.csv"\nrun:'),
    SPEC.replace("\n", "\r\n").replace("v_rest -", "v_rst -"),
    SPEC.replace("tau_m = 10 ms", "tau_m = 10 ms\n        tau_m = 20 ms"),
    SPEC.replace("(taupre = 20 ms)", "(taupre = 20 mV)"),
    "neuron",
    "",
    '"""',
    "\0",
]


def test_diagnostics_are_those_of_check(tmp_path, capsys):
    (tmp_path / "rows.csv").write_text("learning.Apre [mV]\n1\n", encoding="utf-8")
    names = [f"spec{k}.stdp" for k in range(len(BROKEN))]
    for name, text in zip(names, BROKEN, strict=True):
        (tmp_path / name).write_bytes(text.encode())

    async def talk(editor):
        for name, text in zip(names, BROKEN, strict=True):
            editor.open(name, text)
            found = await editor.told(name, lambda _: True)
            cli.main(["check", "--format", "json", str(tmp_path / name)])
            expected = json.loads(capsys.readouterr().out)
            assert expected, text
            assert [_row(d) for d in found] == [_expected(row, text) for row in expected]

    speak(tmp_path, talk)


def _row(d):
    related = [
        (x.message, x.location.uri.rpartition("/")[2], _pair(x.location.range.start))
        for x in d.related_information
    ]
    href = d.code_description.href
    severity = d.severity.name.lower()
    return d.code, severity, d.message, _pair(d.range.start), _pair(d.range.end), related, href


def _pair(position):
    return position.line, position.character


def _expected(row, text):
    """What `check --format json` says, its columns in UTF-16."""

    def units(line, column, text=text):
        before = text.split("\n")[line - 1][: column - 1]
        return line - 1, len(before.encode("utf-16-le")) // 2

    def label(x):
        file = Path(x["file"])
        there = text if file.is_absolute() else (LIBRARY / file).read_text(encoding="utf-8")
        return x["text"], file.name, units(x["line"], x["column"], there)

    help = f"help: {row['help']}" if row["help"] else ""
    message = "\n".join(x for x in (row["message"], help) if x)
    start, end = units(row["line"], row["column"]), units(row["end_line"], row["end_column"])
    href = page(row["code"]).as_uri()
    own = [(row["label"], Path(row["file"]).name, start)] if row["label"] else []
    labels = own + [label(x) for x in row["labels"]]
    return row["code"], row["severity"], message, start, end, labels, href


def test_a_session(tmp_path):
    async def talk(editor):
        assert editor.answer.capabilities.text_document_sync.change.name == "Full"
        editor.open("spec.stdp", SPEC.replace("/tau_m", "/tau_mm"))
        (error,) = await editor.told("spec.stdp", bool)
        assert "did you mean `tau_m`?" in error.message
        assert "NAME004: name not declared" in await editor.hover("spec.stdp", "/tau_", "mm")
        (fix,) = await editor.fixes("spec.stdp", error)
        (edit,) = fix.edit.changes[editor.uri("spec.stdp")]
        assert (edit.range, edit.new_text) == (error.range, "tau_m")
        editor.change("spec.stdp", SPEC)
        await editor.told("spec.stdp", lambda found: not found)

        for before, after, text in [
            ("(v_re", "st - v)", "v_rest = -70 mV\n```\nconstant in volt (voltage)"),
            ("/tau", "_m :", "parameter of `cell` in second (time)"),
            ("> -55 m", "V", "`mV` = 0.001 volt (voltage)"),
            ("pattern: all", "_to_all", "every pair of neurons"),
            ("plasticity: pair", "_additive", "https://doi.org/10.1038/78829"),
            ("plasticity: pair", "_additive", "apre += Apre"),
            ("additive(tau", "pre", "parameter of `pair_additive` in second (time)"),
            ("deliver: ", "w *", "w : 1 in [0, wmax]"),
            ("neuron: ce", "ll", "threshold: v > -55 mV"),
        ]:
            assert text in await editor.hover("spec.stdp", before, after)
        said = await editor.hover("spec.stdp", "thres", "hold")
        assert "When the neuron spikes" in said and "unit: a condition" in said

        for before, after, name, line in [
            ("(v_re", "st - v)", "spec.stdp", "    v_rest = -70 mV  # Ruhe 🎵"),
            ("reset: ", "v =", "spec.stdp", "        dv/dt = (v_rest - v)/tau_m : volt"),
            ("neuron: ce", "ll", "spec.stdp", "neuron cell:"),
            ("connect in", "puts", "spec.stdp", "layer inputs:"),
            ("additive(tau", "pre", "pair_additive.stdp", "        taupre = 20 ms"),
            ("plasticity: pair", "_additive", "pair_additive.stdp", "rule pair_additive:"),
        ]:
            place = await editor.defined("spec.stdp", before, after)
            text = SPEC if name == "spec.stdp" else (LIBRARY / name).read_text(encoding="utf-8")
            assert place.uri.rpartition("/")[2] == name
            assert text.split("\n")[place.range.start.line] == line

        outline = await editor.client.text_document_document_symbol_async(
            lsp.DocumentSymbolParams(lsp.TextDocumentIdentifier(editor.uri("spec.stdp")))
        )
        assert [(s.name, [c.name for c in s.children]) for s in outline] == [
            ("constants", ["v_rest"]),
            ("cell", ["tau_m", "v"]),
            ("inputs", []),
            ("out", []),
            ("learning", []),
            ("record", []),
            ("run", []),
        ]

    speak(tmp_path, talk)


def test_completion(tmp_path):
    """In texts that are broken where the cursor is, as they are while somebody types."""

    async def talk(editor):
        for old, new, some, none in [
            ("poisson: 20 Hz", "poi¦", ["poisson", "neuron", "spikes"], ["threshold"]),
            ("threshold: v > -55 mV", "threshold: v > ¦", ["v", "tau_m", "v_rest", "exp"], ["w"]),
            ("threshold: v > -55 mV", "thre¦", ["threshold", "refractory"], ["size", "v_rest"]),
            ("reset: v = v_rest", "reset: ¦", ["v", "deliver"], ["tau_m", "v_rest"]),
            ("neuron: cell", "neuron: ¦", ["cell"], ["inputs"]),
            ("tau_m = 10 ms", "tau_m = 10 ¦", ["ms", "mV", "nS"], ["v_rest"]),
            ("pattern: all_to_all", "pattern: ¦", ["all_to_all", "random"], ["v_post"]),
            ("pattern: all_to_all", "pattern: all_to_all where ¦", ["i", "j"], ["all_to_all"]),
            ("pair_additive(taupre = 20 ms)", "pa¦", ["pair_additive", "triplet"], ["cell"]),
            ("pair_additive(taupre = 20 ms)", "pair_additive(¦", ["wmax", "Apre"], ["A2plus"]),
            ("pair_additive(taupre = 20 ms)", "triplet.¦", ["hippocampus_full"], ["wmax"]),
            ("w * 15 mV to v", "¦ * 15 mV to v", ["w", "apre", "v_post"], ["inputs"]),
            ("w * 15 mV to v", "w * 15 mV to ¦", ["v"], ["w"]),
            ("spikes of out", "spikes of ¦", ["inputs", "out"], ["learning"]),
            ("spikes of out", "w of ¦", ["learning"], ["v_rest"]),
            ("run:", "sweep:\n    grid:\n        ¦\nrun:", ["wmax", "learning"], ["exp"]),
            ("run:", "sweep:\n    grid:\n        learning.¦\nrun:", ["wmax"], ["tau_m"]),
            ("run:", "¦", ["run", "sweep", "layer"], ["size"]),
            *(
                ("run:\n    duration: 1 s", f"run:\n    phases:\n        {text}", some, none)
                for text, some, none in [
                    ("¦", ["repeat"], ["learning"]),
                    ("a: 1 s, ¦", ["set", "store", "restore", "plasticity", "learning"], ["v"]),
                    ("a: 1 s, set out.¦", ["v", "tau_m"], ["wmax"]),
                    ("a: 1 s, store x, restore ¦", ["x"], ["learning"]),
                    ("a: 1 s, store x, restore x except ¦", ["learning", "out"], ["v_rest"]),
                    ("a: 1 s, store x, restore x of out.¦", ["v"], ["tau_m"]),
                    ("a: 1 s, until ¦", ["count", "rate", "mean"], ["learning"]),
                    ("a: 1 s, until count of ¦", ["out"], ["learning"]),
                    ("a: 1 s, until mean(w) of ¦", ["out", "learning"], ["v_rest"]),
                ]
            ),
        ]:
            before, after = new.split("¦")
            text = SPEC.replace(old, before + after, 1)
            assert text != SPEC
            editor.open("spec.stdp", text)
            at = text.index(before + after, SPEC.index(old)) + len(before)
            labels = await editor.labels("spec.stdp", at)
            assert set(some) <= set(labels), (new, labels)
            assert not set(none) & set(labels), (new, labels)

    speak(tmp_path, talk)


def test_formatting_leaves_broken_texts_alone(tmp_path):
    untidy = SPEC.replace("tau_m = 10 ms", "tau_m   =  10 ms # 🎵")

    async def talk(editor):
        for text, good in [(untidy, True), (SPEC, True), (untidy.replace("10 ms", "10ms"), False)]:
            editor.open("spec.stdp", text)
            edits = await editor.client.text_document_formatting_async(
                lsp.DocumentFormattingParams(
                    lsp.TextDocumentIdentifier(editor.uri("spec.stdp")),
                    lsp.FormattingOptions(4, True),
                )
            )
            if not good:
                assert edits is None
                continue
            source = Source("spec.stdp", text)
            if formatted(source) == text:
                assert edits == []
            else:
                (edit,) = edits
                assert edit.new_text == formatted(source)
                assert _pair(edit.range.start) == (0, 0)
                assert _pair(edit.range.end) == (text.count("\n"), 0)

    speak(tmp_path, talk)


RULES = """rule mine:
    parameters:
        rate = 0.1
    equations:
        w : 1
    on pre:
        deliver w
        w += rate
"""
USING = 'use "sub/rules.stdp"\n'


def test_files_that_are_used(tmp_path):
    """Their errors stand in them, and an unsaved text counts."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "rules.stdp").write_text(RULES, encoding="utf-8")
    text = SPEC.replace("constants:", USING + "\nconstants:", 1).replace(
        "pair_additive(taupre = 20 ms)", "mine(rate = 0.2)"
    )

    async def talk(editor):
        editor.open("spec.stdp", text)
        assert await editor.told("spec.stdp", lambda _: True) == ()
        place = await editor.defined("spec.stdp", "mine(ra", "te")
        assert (place.uri, place.range.start.line) == (editor.uri("sub/rules.stdp"), 2)
        place = await editor.defined("spec.stdp", 'use "sub/', "rules")
        assert place.uri == editor.uri("sub/rules.stdp")

        editor.open("sub/rules.stdp", RULES)
        assert await editor.told("sub/rules.stdp", lambda _: True) == ()
        editor.change("sub/rules.stdp", RULES.replace("w += rate", "w += rat"))
        (error,) = await editor.told("sub/rules.stdp", bool)  # once, though two texts have it
        assert "did you mean `rate`?" in error.message
        editor.change("sub/rules.stdp", RULES.replace("rate", "speed"))
        assert await editor.told("sub/rules.stdp", lambda found: not found) == ()
        (error,) = await editor.told("spec.stdp", bool)
        assert "`rate`" in error.message

        editor.client.text_document_did_close(
            lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri("sub/rules.stdp")))
        )
        assert await editor.told("spec.stdp", lambda found: not found) == ()  # the file counts

    speak(tmp_path, talk)


def test_a_table_is_read_again_when_the_text_is_saved(tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("learning.Apre [mV]\n1\n", encoding="utf-8")

    async def talk(editor):
        editor.open("spec.stdp", SPEC.replace("run:", 'sweep:\n    from: "rows.csv"\n\nrun:'))
        await editor.told("spec.stdp", bool)
        table.write_text("learning.Apre\n1\n", encoding="utf-8")
        editor.client.text_document_did_save(
            lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(editor.uri("spec.stdp")))
        )
        await editor.told("spec.stdp", lambda found: not found)

    speak(tmp_path, talk)


def test_an_error_of_ours_is_logged_and_not_the_end(tmp_path, monkeypatch):
    """And what was said of the text before is taken back."""
    server = Server([])
    said, logged = [], []
    monkeypatch.setattr(Server, "text_document_publish_diagnostics", lambda _, p: said.append(p))
    monkeypatch.setattr(Server, "window_log_message", lambda _, p: logged.append(p.message))
    server.protocol._workspace = Workspace(tmp_path.as_uri())
    uri = (tmp_path / "spec.stdp").as_uri()
    server.workspace.put_text_document(lsp.TextDocumentItem(uri, "stdp", 1, "neuron"))
    server.check(uri)
    assert len(said[-1].diagnostics) == 1
    server.workspace.put_text_document(lsp.TextDocumentItem(uri, "stdp", 2, "layer"))
    with monkeypatch.context() as broken:
        broken.setattr("stdpdsl.editor.server.Document", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            server.check(uri)
    assert said[-1].diagnostics == []
    server.report_server_error(ZeroDivisionError("by zero"), FeatureNotificationError)
    assert logged == ["ZeroDivisionError: by zero"]
    server.check(uri)
    assert len(said[-1].diagnostics) == 1


RULE = "rule of_another:\n    equations:\n        w : 1\n    on pre: deliver w\n"


def test_it_reads_only_where_it_may(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "rules.stdp").write_text(RULE)
    text = SPEC.replace("model demo\n", 'model demo\nuse "../outside/rules.stdp"\n')
    for allowed, codes in (((), ["FILE004"]), ([outside], [])):
        # Also of a text that is broken, whose declarations are looked for.
        for more, wrong in (("", codes), ("layer\n", ["SYN001"])):
            document = Document(inside / "s.stdp", text + more, allowed=allowed)
            assert [d.code for d in document.diagnostics] == wrong
            assert ("of_another" in document.checked.symbols.rules) == bool(allowed)

    async def session():
        async with Editor(inside, "--allow-read", str(outside)) as editor:
            editor.open("s.stdp", text)
            await editor.told("s.stdp", lambda found: not found)

    asyncio.run(session())


@pytest.mark.parametrize("name", ["auditory_map", "graupner_brunel_2012"])
def test_no_text_breaks_it(name):
    """Each line left out, and each broken off in its middle: as while somebody types."""
    path = ROOT / "specs" / f"{name}.stdp"
    lines = path.read_text(encoding="utf-8").split("\n")
    for k, line in enumerate(lines):
        for left in {"", line[: len(line) // 2], line[:-1]}:
            text = "\n".join([*lines[:k], left, *lines[k + 1 :]])
            document = Document(path, text)
            offset = len("\n".join([*lines[:k], left]))
            complete(document, offset)
            for place in (offset - 1, offset, offset + 5):
                meaning(document, place)
            outline(document.declarations)


@pytest.mark.parametrize("encoding, column", [("utf-8", 12), ("utf-16", 10), ("utf-32", 9)])
def test_places_count_in_the_units_of_the_client(encoding, column):
    text = "a\x0cb\u2028c\r\n# Ruhe 🎵x\rlast"
    places = Places(text, PositionCodec(encoding))
    x = text.index("x")
    assert _pair(places.position(x)) == (1, column - 1)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":
            assert places.offset(places.position(offset)) == offset
    assert places.offset(lsp.Position(0, 99)) == text.index("\r\n")
    assert places.offset(lsp.Position(9, 0)) == len(text)


def test_without_pygls_it_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert cli.main(["lsp"]) == 2
    assert "pip install 'stdpdsl[editor]'" in capsys.readouterr().err


def test_every_word_of_the_tables_has_a_meaning():
    functions = {n: f.arity for n, f in FUNCTIONS.items()}
    functions |= {n: len(f.arguments) for n, f in {**LISTS, **DISTRIBUTIONS}.items()}
    others = {*CONSTANTS, *PATTERNS, *NEURON_VARIABLES, *SYNAPSE_VARIABLES, "poisson"}
    assert set(MEANINGS) == set(functions) | others
    for name, (signature, text) in MEANINGS.items():
        assert text and re.match(r"\w+", signature)[0] == name
        if name in functions:
            assert signature.count(",") + 1 == functions[name]
            given = LISTS.get(name) or DISTRIBUTIONS.get(name)
            if given:
                assert signature == f"{name}({', '.join(given.arguments)})"


def test_completion_asks_for_words_that_the_parser_knows():
    assert set(_reader().kinds.values()) >= _CLAUSES

"""What an editor asks beyond errors and completion, over stdio."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pygls")

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from test_language_server import RULES, SPEC, USING, speak

from stdpdsl.editor.clause_help import clause_at
from stdpdsl.editor.document import Document
from stdpdsl.editor.fixes import fix
from stdpdsl.editor.folding import folds
from stdpdsl.editor.hints import hints
from stdpdsl.editor.signature import signature_at
from stdpdsl.editor.tokens import KINDS, colours
from stdpdsl.language import ast
from stdpdsl.language.clauses import CLAUSES

ROOT = Path(__file__).parents[2]


def text_of(editor, location):
    name = location.uri.rpartition("/")[2]
    text = next(t for n, t in editor.texts.items() if n.rpartition("/")[2] == name)
    line = text.split("\n")[location.range.start.line]
    units = line.encode("utf-16-le")
    return units[2 * location.range.start.character : 2 * location.range.end.character].decode(
        "utf-16-le"
    )


def applied(editor, name, edits):
    lines = editor.texts[name].split("\n")
    for edit in sorted(edits, key=lambda e: (-e.range.start.line, -e.range.start.character)):
        assert edit.range.start.line == edit.range.end.line
        line = lines[edit.range.start.line].encode("utf-16-le")
        start, end = 2 * edit.range.start.character, 2 * edit.range.end.character
        lines[edit.range.start.line] = (
            line[:start] + edit.new_text.encode("utf-16-le") + line[end:]
        ).decode("utf-16-le")
    return "\n".join(lines)


def test_references_and_highlights(tmp_path):
    async def talk(editor):
        editor.open("spec.stdp", SPEC)
        await editor.told("spec.stdp", lambda _: True)
        for before, after, texts, writes in [
            ("(v_re", "st - v)", ["v_rest"] * 3, 1),
            ("layer inp", "uts:", ["inputs"] * 2, 1),
            ("reset: ", "v =", ["v"] * 5, 2),
            ("as learn", "ing", ["learning"], 1),
        ]:
            there = editor.place("spec.stdp", before, after)
            found = await editor.client.text_document_references_async(
                lsp.ReferenceParams(lsp.ReferenceContext(True), **there)
            )
            assert [text_of(editor, f) for f in found] == texts
            fewer = await editor.client.text_document_references_async(
                lsp.ReferenceParams(lsp.ReferenceContext(False), **there)
            )
            assert len(fewer) == len(texts) - 1
            marked = await editor.client.text_document_document_highlight_async(
                lsp.DocumentHighlightParams(**there)
            )
            assert [h.range for h in marked] == [f.range for f in found]
            assert sum(h.kind == lsp.DocumentHighlightKind.Write for h in marked) == writes

    speak(tmp_path, talk)


def test_renaming_over_files(tmp_path):
    """In the text, in an unsaved one that it uses, and in one that is not open."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "rules.stdp").write_text(RULES, encoding="utf-8")
    text = SPEC.replace("constants:", USING + "\nconstants:", 1).replace(
        "pair_additive(taupre = 20 ms)", "mine(rate = 0.2)"
    )
    (tmp_path / "other.stdp").write_text(text, encoding="utf-8")
    (tmp_path / "apart.stdp").write_text(SPEC, encoding="utf-8")

    async def talk(editor):
        editor.open("spec.stdp", text)
        await editor.told("spec.stdp", lambda found: not found)
        there = editor.place("spec.stdp", "mine(ra", "te")
        may = await editor.client.text_document_prepare_rename_async(
            lsp.PrepareRenameParams(**there)
        )
        assert may.placeholder == "rate"
        edit = await editor.client.text_document_rename_async(
            lsp.RenameParams(new_name="speed", **there)
        )
        editor.texts |= {"other.stdp": text, "sub/rules.stdp": RULES}
        assert set(edit.changes) == {
            editor.uri(name) for name in ("spec.stdp", "other.stdp", "sub/rules.stdp")
        }
        for name, old in [("spec.stdp", text), ("other.stdp", text), ("sub/rules.stdp", RULES)]:
            new = applied(editor, name, edit.changes[editor.uri(name)])
            assert new == old.replace("rate", "speed")
        for new, why in [("w", "w"), ("2", "not a name"), ("tau dt", "not a name")]:
            with pytest.raises(JsonRpcException, match=why):
                await editor.client.text_document_rename_async(
                    lsp.RenameParams(new_name=new, **there)
                )

    speak(tmp_path, talk)


def test_symbols_of_the_folder(tmp_path):
    (tmp_path / "rules.stdp").write_text(RULES, encoding="utf-8")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "no.stdp").write_text(RULES.replace("mine", "mine_not"))

    async def talk(editor):
        editor.open("spec.stdp", SPEC)
        for query, names in [
            ("mine", ["mine"]),
            ("tau", ["tau_m"]),
            ("out", ["out"]),
            ("nothing", []),
        ]:
            found = await editor.client.workspace_symbol_async(lsp.WorkspaceSymbolParams(query))
            assert [s.name for s in found] == names
        found = await editor.client.workspace_symbol_async(lsp.WorkspaceSymbolParams("rate"))
        assert [(s.name, s.container_name) for s in found] == [("rate", "mine")]
        assert found[0].location.uri == editor.uri("rules.stdp")

    speak(tmp_path, talk)


def test_what_is_shown_beside_a_text(tmp_path):
    text = SPEC.replace("run:", "sweep:\n    grid:\n        learning.Apre = [0.01, 0.02]\n\nrun:")

    async def talk(editor):
        editor.open("spec.stdp", text)
        document = lsp.TextDocumentIdentifier(editor.uri("spec.stdp"))
        whole = lsp.Range(lsp.Position(0, 0), lsp.Position(99, 0))
        found = await editor.client.text_document_inlay_hint_async(
            lsp.InlayHintParams(document, whole)
        )
        assert [h.label for h in found] == [
            " = -0.07 volt",
            " = 0.01 second",
            " exact",
            " 2 blocks",
            " 2 values, 1 block each",
        ]
        part = lsp.Range(lsp.Position(0, 0), lsp.Position(6, 0))
        found = await editor.client.text_document_inlay_hint_async(
            lsp.InlayHintParams(document, part)
        )
        assert [h.label for h in found] == [" = -0.07 volt"]

        found = await editor.client.text_document_folding_range_async(
            lsp.FoldingRangeParams(document)
        )
        lines = text.split("\n")
        assert {lines[f.start_line] for f in found} >= {"neuron cell:", "    parameters:", "run:"}

        lenses = await editor.client.text_document_code_lens_async(lsp.CodeLensParams(document))
        assert [(x.command.title, x.range.start.line) for x in lenses] == [
            ("check", 1),
            ("run and report", 1),
            ("window of pair_additive", 24),
        ]

        data = (
            await editor.client.text_document_semantic_tokens_full_async(
                lsp.SemanticTokensParams(document)
            )
        ).data
        legend = editor.answer.capabilities.semantic_tokens_provider.legend
        assert tuple(legend.token_types) == KINDS
        line = column = 0
        seen = []
        for k in range(0, len(data), 5):
            moved, ahead, length, kind, _ = data[k : k + 5]
            line, column = line + moved, ahead if moved else column + ahead
            word = lines[line].encode("utf-16-le")[2 * column : 2 * (column + length)]
            seen.append((word.decode("utf-16-le"), legend.token_types[kind]))
        assert seen[:4] == [
            ("v_rest", "variable"),
            ("mV", "type"),
            ("cell", "class"),
            ("tau_m", "parameter"),
        ]
        assert ("learning", "namespace") in seen and ("taupre", "parameter") in seen

        typed = text.replace("(taupre = 20 ms)", "(taupre = 20 ms, wmax = ")
        editor.change("spec.stdp", typed)
        there = editor.place("spec.stdp", "wmax = ", "")
        found = await editor.client.text_document_signature_help_async(
            lsp.SignatureHelpParams(**there)
        )
        (one,) = found.signatures
        assert one.label.startswith("pair_additive(taupre = 20 ms, ")
        assert one.parameters[found.active_parameter].label.startswith("wmax = ")

    speak(tmp_path, talk)


def test_the_lens_check(tmp_path):
    async def talk(editor):
        said = []

        @editor.client.feature(lsp.WINDOW_SHOW_MESSAGE)
        def shown(params):
            said.append((params.type, params.message))

        editor.open("spec.stdp", SPEC.replace("/tau_m", "/tau_mm"))
        await editor.told("spec.stdp", bool)
        for command, arguments, text in [
            ("stdpdsl.check", [editor.uri("spec.stdp")], "spec.stdp: 1 error"),
            ("stdpdsl.run", [editor.uri("spec.stdp")], "spec.stdp has errors"),
        ]:
            answer = await editor.client.workspace_execute_command_async(
                lsp.ExecuteCommandParams(command, arguments)
            )
            assert answer == text
        editor.change("spec.stdp", SPEC)
        answer = await editor.client.workspace_execute_command_async(
            lsp.ExecuteCommandParams("stdpdsl.run", [editor.uri("spec.stdp")])
        )
        assert answer == "save spec.stdp first"
        assert said[-1] == (lsp.MessageType.Warning, "save spec.stdp first")

    speak(tmp_path, talk)


@pytest.mark.slow
def test_the_lens_run(tmp_path):
    """A run and its report, as the shell would make them."""
    pytest.importorskip("matplotlib")
    (tmp_path / "spec.stdp").write_text(SPEC, encoding="utf-8")

    async def talk(editor):
        editor.client.feature(lsp.WINDOW_SHOW_MESSAGE)(lambda params: None)
        editor.open("spec.stdp", SPEC)
        answer = await editor.client.workspace_execute_command_async(
            lsp.ExecuteCommandParams("stdpdsl.run", [editor.uri("spec.stdp")])
        )
        assert answer == "spec.stdp: spec.results, spec.html"

    speak(tmp_path, talk)
    assert (tmp_path / "spec.results" / "metadata.json").is_file()
    assert "<svg" in (tmp_path / "spec.html").read_text(encoding="utf-8")


FIXES = [
    ("tau_m = 10 ms", "tau_m = 10", None),  # told where it is used
    ("size: 10", "size = 10", "size: 10"),
    ("tau_m = 10 ms", "tau_m: 10 ms", "tau_m = 10 ms"),
    ("duration: 1 s", "duration: 1", "duration: 1 ms"),
    ("duration: 1 s", "duration: 1s", "duration: 1 s"),
    ("duration: 1 s", "duration: 1   s", "duration: 1 s"),
    ("size: 1\n", 'size: "1"\n', "size: 1\n"),
    ("deliver: w", "delver: w", "deliver: w"),
    ("mV to v\n", "mV to v\n    on_pre: v_post += 1 mV\n", "    on pre: v_post += 1 mV\n"),
    ("deliver: w * 15 mV to v", "deliver: 15 mV*w to v", "deliver: 15 mV * w to v"),
    ("dv/dt =", "dvdt =", "dv/dt ="),
    ("/tau_m", "/tau_mm", "/tau_m"),
    ("threshold: v >", "threshold v >", "threshold: v >"),
    ("(v_rest - v)", "(v_rest − v)", "(v_rest - v)"),
    ("    pattern: all_to_all\n", "", "as learning:\n    pattern: all_to_all\n"),
]


@pytest.mark.parametrize("old, new, wanted", FIXES, ids=[new for _, new, _ in FIXES])
def test_a_help_that_is_an_edit_can_be_taken(tmp_path, old, new, wanted):
    assert old in SPEC
    document = Document(tmp_path / "s.stdp", SPEC.replace(old, new, 1))
    assert document.diagnostics
    found = [f for d in document.diagnostics if (f := fix(document, d))]
    if wanted is None:
        return
    after = found[0].applied(document.text)
    assert wanted in after
    assert Document(document.path, after).diagnostics == []


def test_every_clause_is_told_where_it_stands():
    """In the examples, which hold each clause."""
    told = set()
    for path in (ROOT / "grammars" / "examples").glob("*.stdp"):
        document = Document(path, path.read_text(encoding="utf-8"))
        offset = 0
        for line in document.text.split("\n"):
            for column in range(len(line)):
                found = clause_at(document, offset + column)
                if found:
                    told.add(found[1].partition("\n```")[0].partition("\n")[2])
            offset += len(line) + 1
    for declaration, clauses in CLAUSES.items():
        missing = {c for c, entry in clauses.items() if entry.form not in told}
        assert missing <= {"delay", "duration", "of"}, declaration


def test_a_flag_is_told_in_parentheses_alone(tmp_path):
    text = "model m\nlayer A:\n    poisson: 1 Hz\n    size: 1\n    scope: shared\n"
    text += "neuron n:\n    equations: x : 1 (shared)\n"
    document = Document(tmp_path / "s.stdp", text)
    assert clause_at(document, text.index(": shared") + 4) is None
    assert "One value for the whole layer." in clause_at(document, text.index("(shared") + 3)[1]


def test_nothing_is_told_in_comments_and_strings(tmp_path):
    document = Document(tmp_path / "s.stdp", SPEC)
    at = document.text.index("Ruhe")
    assert clause_at(document, at) is None
    document = Document(tmp_path / "s.stdp", SPEC.replace("# Ruhe", "# where neuron layer"))
    for word in ("where", "neuron layer", "layer"):
        assert clause_at(document, document.text.index(f"{word}") + 2) is None


@pytest.mark.parametrize(
    "line, label, active",
    [
        ("deliver: clip(w, ¦", "clip(x, low, high)", "low"),
        ("deliver: clip(exp(w), 2, ¦", "clip(x, low, high)", "high"),
        ("deliver: clip(exp(¦", "exp(x)", "x"),
        ("deliver: clip(w) + (¦", None, None),
        ("initial: w = uniform(low = 0, high = ¦", "uniform(low, high)", "high"),
        ("plasticity: triplet.visual_cortex_full(¦", "triplet.visual_cortex_full(", "A2plus"),
        ("plasticity: no_rule(¦", None, None),
        ("pattern: random(¦", "random(p = 0.1)", "p = 0.1"),
    ],
)
def test_the_call_that_is_written(tmp_path, line, label, active):
    before, after = line.split("¦")
    text = SPEC.replace("deliver: w * 15 mV to v", before + after)
    document = Document(tmp_path / "s.stdp", text)
    found = signature_at(document, text.index(before) + len(before))
    if label is None:
        assert found is None
        return
    assert found.label.startswith(label)
    assert found.parameters[found.active].startswith(active)


def test_folds_of_broken_texts():
    text = 'neuron a:\n    """One\n    two."""\n    equations:\n        x : 1\n\n# a\n# b\nlayer'
    assert folds(text) == [(0, 4, "region"), (1, 2, "comment"), (3, 4, "region"), (6, 7, "comment")]


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("*.stdp")), ids=lambda p: p.stem)
def test_colours_and_hints_of_the_gallery(path):
    document = Document(path, path.read_text(encoding="utf-8"))
    found = colours(document)
    assert all(a.span.end <= b.span.start for a, b in zip(found, found[1:], strict=False))
    assert {c.kind for c in found} <= set(KINDS)
    shown = hints(document, 0, len(document.text))
    swept = document.table is not None and document.checked.spec.of(ast.Sweep)
    assert any(h.why == "the rows of the sweep" for h in shown) == bool(swept)


def test_completion_does_not_wait_for_a_check(tmp_path):
    """The names are those of the text as it was checked last, and are asked for again."""

    async def talk(editor):
        editor.open("spec.stdp", SPEC)
        await editor.told("spec.stdp", lambda _: True)
        typed = "# more 🎵\n" + SPEC.replace("threshold: v > -55 mV", "threshold: v > ta")
        editor.change("spec.stdp", typed)
        there = editor.place("spec.stdp", "threshold: v > ta", "")
        found = await editor.client.text_document_completion_async(lsp.CompletionParams(**there))
        labels = [item.label for item in found.items]
        assert found.is_incomplete
        assert {"tau_m", "v", "v_rest"} <= set(labels) and "w" not in labels
        await editor.told("spec.stdp", bool)
        found = await editor.client.text_document_completion_async(lsp.CompletionParams(**there))
        assert not found.is_incomplete and "tau_m" in [item.label for item in found.items]

    speak(tmp_path, talk)

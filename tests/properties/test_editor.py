"""Whatever is typed: what the editor is told is what a check from nothing finds."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stdpdsl.editor.document import Document
from stdpdsl.language import ast

GALLERY = sorted((Path(__file__).parents[2] / "specs").glob("*.stdp"))
TYPED = st.sampled_from(
    [
        " ",
        "\n",
        "\n\n",
        "\t",
        "x",
        "_",
        "1",
        ".",
        "(",
        ")",
        "[",
        "]",
        '"',
        '"""',
        "#",
        ":",
        "=",
        "+",
        "->",
        "|",
        "\r\n",
        "\ufeff",
        "\u200b",
        "    ",
        "mV",
        " ms",
        "layer",
        "run:",
        "model again\n",
        "\nlayer other:\n    size: 3\n    poisson: 1 Hz\n",
        "\nconstants:\n    extra = 1 ms\n",
        "\nrun,",
        '\n"""A docstring."""\n',
        "\nneuron",
        "v",
        "parameters:",
        "on pre:",
        "sweep:\n",
    ]
)
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 30), TYPED | st.just(""))


def edited(text, edit):
    where, deleted, typed = edit
    at = round(where * len(text))
    return text[:at] + typed + text[at + deleted :]


def told(document):
    """Everything that an editor shows of the diagnostics, and of the tree."""
    found = [
        (d, d.span.source.text[d.span.start : d.span.end], [x.span.text for x in d.labels])
        for d in document.diagnostics
    ]
    spec = document.checked.spec
    return found, spec, [(n.span.start, n.span.end, n.span.source.text) for n in ast.walk(spec)]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(path=st.sampled_from(GALLERY), edits=st.lists(EDIT, min_size=1, max_size=6))
@example(GALLERY[0], [(0.0, 0, '"""'), (0.0, 3, ""), (0.5, 0, "("), (0.5, 1, "")])
@example(GALLERY[0], [(1.0, 0, "model again\n"), (0.0, 0, "\n")])
def test_what_is_told_is_what_a_check_from_nothing_finds(path, edits):
    text = path.read_text(encoding="utf-8")
    document = Document(path, text)
    for edit in edits:
        text = edited(text, edit)
        document = Document(path, text, before=document)
        assert told(document) == told(Document(path, text))

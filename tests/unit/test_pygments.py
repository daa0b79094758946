"""The lexer for Pygments: it keeps every character, and tells what is what."""

from pathlib import Path

import pytest

pytest.importorskip("pygments")

from pygments.token import Comment, Error, Keyword, Name, Number, String

from stdpdsl.editor.pygments_lexer import StdpLexer

ROOT = Path(__file__).parents[2]
SPECS = [*(ROOT / "specs").glob("*.stdp"), *(ROOT / "stdpdsl" / "library").glob("*.stdp")]


@pytest.mark.parametrize("path", sorted(SPECS), ids=lambda p: p.stem)
def test_every_character_has_its_colour(path):
    text = path.read_text(encoding="utf-8")
    found = list(StdpLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(part for _, part in found) == text
    assert [part for kind, part in found if kind is Error] == []
    units = {part for kind, part in found if kind is Keyword.Type}
    assert not units & {"neuron", "tau_m", "w"}


def test_what_is_what():
    text = (ROOT / "specs" / "auditory_map.stdp").read_text(encoding="utf-8")
    found = list(StdpLexer().get_tokens(text))
    for wanted in [
        (Keyword.Declaration, "neuron"),
        (Name.Class, "auditory_nerve"),
        (Keyword, "threshold"),
        (Number, "10"),
        (Keyword.Type, "ms"),
        (Name.Builtin, "geomspace"),
        (Name.Variable, "dI/dt"),
        (Keyword.Type, "(unless refractory)"),
        (Keyword, "plasticity"),
        (Name.Builtin, "all_to_all"),
        (Name, "pair_additive"),
    ]:
        assert wanted in found, wanted
    assert next(kind for kind, part in found if part.startswith('"""')) is String.Doc
    commented = StdpLexer().get_tokens("x = 1  # neuron 5 ms\n")
    assert (Comment.Single, "# neuron 5 ms") in list(commented)


@pytest.mark.parametrize("text", ["", "\0", '"""', '"', "neuron", "5 ", "] ms", "é€🎵", "|||"])
def test_no_text_breaks_it(text):
    lexer = StdpLexer(stripnl=False, ensurenl=False)
    assert "".join(part for _, part in lexer.get_tokens(text)) == text

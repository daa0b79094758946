"""What an editor keeps of a text's checks for the next text: whatever is typed, its diagnostics and
types are those of a check that knows no earlier text."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from benchmarks.editor import spec
from by_day import DAY

from stdpdsl.check import Checked
from stdpdsl.compiler import examine
from stdpdsl.editor.document import Document
from stdpdsl.language import ast
from stdpdsl.language.diagnostics import Diagnostic
from stdpdsl.language.source import Source

SPECS = Path(__file__).parents[2] / "specs"
DEPENDENT = Path(__file__).parent / "dependent.stdp"
FILES = sorted(path for path in SPECS.glob("*.stdp") if path.stat().st_size < 9_000)
A_DAY = 4
DECLARATION = re.compile(r"^(?=(?:neuron|rule|layer|connect|sound|filterbank|constants)\b)", re.M)
START = re.compile(r"^(?=[a-z])", re.M)
WORD = re.compile(r"\b[A-Za-z_]\w*\b")
NUMBER = re.compile(r"\b\d+(?:\.\d+)?\b")
UNIT = re.compile(r"(?<=\d )(?:ms|mV|Hz|nS|s|volt)\b")
OTHER_UNITS = ["mV", "ms", "Hz", "nS"]
OTHER_NUMBERS = ["0", "-1", "3", "2.5"]
TYPED = "abwv019 .:,+-*/()=_\n#"


def replaced(found: re.Match[str], text: str, new: str) -> str:
    return text[: found.start()] + new + text[found.end() :]


def edited(text: str, draw: random.Random) -> str:
    """The text after an edit, as a person, or a tool, may make one."""
    # In whichever declaration: constants, on which much depends, are few lines.
    starts = [found.start() for found in START.finditer(text)] or [0]
    start = draw.choice(starts)
    end = next((s for s in starts if s > start), len(text))
    at = draw.randrange(start, end)
    words, numbers, units = (list(p.finditer(text, start, end)) for p in (WORD, NUMBER, UNIT))
    words = words or list(WORD.finditer(text))
    parts = DECLARATION.split(text)
    lines = text.splitlines(keepends=True)
    line = text.count("\n", 0, at)
    word = draw.choice(words)
    match draw.randrange(13):
        case 0:
            return text[:at] + draw.choice(TYPED) + text[at:]
        case 1:
            return text[:at] + text[at + 1 :]
        case 2:
            return "".join(lines[:line] + lines[line + 1 :])
        case 3:
            return "".join(lines[:line] + [lines[line]] + lines[line:])
        case 4:  # an empty line, which moves all that stands below it
            return "".join(lines[:line] + ["\n"] + lines[line:])
        case 5:  # another name in one place
            return replaced(word, text, draw.choice(words)[0])
        case 6:  # or everywhere
            return re.sub(rf"\b{word[0]}\b", word[0] + "x", text)
        case 7:
            return replaced(draw.choice(units or words), text, draw.choice(OTHER_UNITS))
        case 8:
            return replaced(draw.choice(numbers or words), text, draw.choice(OTHER_NUMBERS))
        case 9:  # two declarations change places
            if len(parts) > 3:
                k = draw.randrange(1, len(parts) - 1)
                parts[k : k + 2] = [parts[k + 1].rstrip() + "\n\n", parts[k].rstrip() + "\n\n"]
            return "".join(parts)
        case 10:  # one goes, or stands twice
            k = draw.randrange(1, len(parts)) if len(parts) > 1 else 0
            return "".join(parts[:k] + [parts[k] + "\n"] * draw.choice([0, 2]) + parts[k + 1 :])
        case 11:  # a constant has the name of something else
            return text.replace("constants:\n", f"constants:\n    {word[0]} = 2 mV\n", 1)
        case _:
            return replaced(word, text, f"{draw.choice(words)[0]} * {word[0]}")


def said(diagnostics: list[Diagnostic]) -> list[tuple]:
    """All that an editor may tell, with its places."""

    def place(span):
        return span.source.name, span.start, span.end

    return [
        (d.code, place(d.span), d.message, d.label, d.help, d.severity)
        + tuple((place(label.span), label.text) for label in d.labels)
        for d in diagnostics
    ]


def types(whole: Checked | None) -> list:
    """Of each node in turn, as far as the text can be read."""
    return [] if whole is None else [whole.types.get(id(node)) for node in ast.walk(whole.spec)]


def agrees(path: Path, text: str, seed: int, edits: int) -> None:
    draw = random.Random(seed)
    texts, history = [text], [text]
    for _ in range(edits):
        # Most errors are mended, and much is undone.
        texts.append(draw.choice(history) if draw.random() < 0.4 else edited(texts[-1], draw))
        history = [*history[-3:], texts[-1], text]
    follows(path, texts)


def follows(path: Path, texts: Iterable[str]) -> None:
    """One text after the other, each also by a check that knows no other."""
    before = None
    for text in texts:
        before = Document(path, text, before=before)
        checked, _, diagnostics = examine(Source(str(path), text), path.parent, [])
        assert said(before.diagnostics) == said(diagnostics), text
        assert types(before._whole) == types(checked), text


CHANGES = [
    ("tau_syn = 5 ms", "tau_syn = -5 ms"),
    ("tau_syn = 5 ms", "tau_syn = 5 mV"),
    ("tau_syn = 5 ms", "tau_syn = 0.1 ms"),
    ("v_rest = -70 mV", "v_rest = -70 ms"),
    ("v_up = v_rest", "v_up = tau_syn"),
    ("power = 2", "power = 3"),
    ("power = 2", "power = 1.5 mV"),
    ("power = 2", "power = -2"),
    ("count = 3", "count = 9"),
    ("few = 4", "few = 2"),
    ("few = 4", "few = 0.5"),
    ("rate_in = 20 Hz", "rate_in = -20 Hz"),
    ("rate_in = 20 Hz", "rate_in = 2000 Hz"),
    ("scale = 1 mV", "scale = 1"),
    ("top = 1", "top = -1"),
    ("    top = 1\n", ""),
    ("    top = 1\n", "    top = 1\n    tau_m = 3 mV\n"),
    ("dg/dt = -g/tau_syn : volt", "dg/dt = -g/tau_syn : amp"),
    ("dh/dt = -h/tau_syn : volt", "dh/dt = -h/tau_syn : 1"),
    ("threshold: v > v_up\n", ""),
    ("dx/dt = (v - x)/tau_x : volt", "dx/dt = (v - x)/tau_x/volt : 1"),
    ("tau_x = 2*tau_m", "tau_x = 2"),
    ("        g = 0 mV\n", ""),
    ("requires post:\n        v : volt", "requires post:\n        v : amp"),
    ("weak: A = 0.001, tau = 10 ms", "weak: A = 0.001, tau = -10 ms"),
    ("[weak, strong]", "[weak, strange]"),
    ("strong: A = 0.02, wmax = 2*top", "strong: A = 0.02, wmax = -2*top"),
    ("layer F:", "layer G:"),
    ("layer P:\n    neuron: plain", "layer P:\n    neuron: cell"),
    ("a = uniform(0.1, 0.2)", "a = 0.1"),
    ("side.preset = [weak, strong]", "side.tau = [10, 20] ms"),
    ("gain = linspace(0.5, 2, 2)", "gain = linspace(-0.5, 2, 2)"),
    ("gain = linspace(0.5, 2, 2)", "power = linspace(0.5, 2, 2)"),
    ("rec.tau = [10, 20] ms", "rec.tau = [10, -20] ms"),
    ("rec.tau = [10, 20] ms", "tau_syn = [10, -20] ms"),
    ("E.tau_x = 20 ms * gain", "E.tau_m = -20 ms * gain"),
    ("set E.a = 0.2", "set E.tau_m = -2 ms"),
    ("set F.v = v_rest", "set F.v = scale"),
    ("set ff.tau = 10 ms", "set ff.tau = 0 ms"),
    ("set ff.tau = 10 ms", "set ff.wmax = -3"),
    ("dt: 0.1 ms", "dt: 7 ms"),
    ("connect E -> P as straight", "connect F -> P as straight"),
]


def test_what_depends_on_one_another():
    """One thing is changed, or two, and mended."""
    text, draw = DEPENDENT.read_text(encoding="utf-8"), random.Random(DAY)
    texts = [text]
    for old, new in CHANGES:
        assert old in text
        texts += [text.replace(old, new, 1), text]
    for _ in range(12):
        (old, new), (other, another) = draw.sample(CHANGES, 2)
        both = text.replace(old, new, 1).replace(other, another, 1)
        texts += [text.replace(old, new, 1), both, text.replace(other, another, 1)]
    follows(DEPENDENT, texts)


def test_what_is_kept():
    """Components to which nothing has happened."""
    text = DEPENDENT.read_text(encoding="utf-8")
    before = Document(DEPENDENT, text)
    assert not before.diagnostics
    entries = {**before.kept.found}
    kinds = {"connection": "straight", "layer": "P", "timing": "P", "values": "P"}
    assert {*kinds.items()} < {*entries}
    now = text.replace("A = 0.01\n", "A = 0.015\n").replace("\nconstants", "\n\nconstants")
    document = Document(DEPENDENT, now, before=before)
    kept = {key for key, entry in document.kept.found.items() if entry is entries.get(key)}
    assert {*kinds.items()} < kept and ("connection", "ff") not in kept


def test_an_edited_spec():
    agrees(DEPENDENT, DEPENDENT.read_text(encoding="utf-8"), DAY, 80)


@pytest.mark.in_turn(A_DAY)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_spec_that_is_edited(path):
    agrees(path, path.read_text(encoding="utf-8"), DAY, 40)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_specs_that_are_edited_often(tmp_path, seed):
    agrees(tmp_path / "large.stdp", spec(2), seed, 200)
    agrees(DEPENDENT, DEPENDENT.read_text(encoding="utf-8"), seed, 1_000)

"""Specs that nobody would write, guided by coverage: `python tests/fuzz.py -max_total_time=1200`.

Words and lines of the gallery's specs are exchanged; each text is compiled in both lowerings and
formatted. Whatever is not a script, or errors in words, is a failure: libFuzzer, whose options this
takes, leaves the text in `crash-...`. Needs `pip install atheris`; found texts that once failed are
in tests/unit/test_fuzzed.py.
"""

import random
import re
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["stdpdsl"]):
    from stdpdsl.compiler import compile_source
    from stdpdsl.language.comments import formatted
    from stdpdsl.language.diagnostics import CompileError, render
    from stdpdsl.language.source import Source

ROOT = Path(__file__).resolve().parents[1]
SPECS = ROOT / "specs"
LONGEST = 20_000
GIVEN = [p.read_text(encoding="utf-8") for p in sorted(SPECS.glob("*.stdp"))]
GIVEN.append((ROOT / "templates/new/starter.stdp").read_text(encoding="utf-8"))
RULES = [p.read_text(encoding="utf-8") for p in sorted((ROOT / "stdpdsl/library").glob("*.stdp"))]
LINES = [line for text in GIVEN + RULES for line in text.splitlines(keepends=True)]
WORD = re.compile(r"\w+|[^\w\s]+|\s+")
WORDS = sorted({word for line in LINES for word in WORD.findall(line)})


def mutated(data, longest, seed):
    """A text of which a word or line is another, gone or there twice; now and then, any bytes."""
    draw = random.Random(seed)
    if draw.random() < 0.1:
        return atheris.Mutate(data, longest)
    text = data.decode("utf-8", "replace")
    by_word = draw.random() < 0.7
    parts = WORD.findall(text) if by_word else text.splitlines(keepends=True)
    for _ in range(draw.choice((1, 1, 2, 4))):
        place = draw.randrange(len(parts) + 1)
        new = draw.choice(WORDS if by_word else LINES)
        here = parts[place : place + 1]
        parts[place : place + 1] = draw.choice(([], [new], [new, *here], here + here))
    return "".join(parts).encode()[:longest]


def compile_both(data):
    source = Source("s.stdp", data.decode("utf-8", "replace"))
    for lowering in ("synapse", "namespace"):
        try:
            compile_source(source, SPECS, [], lowering, "numpy")
            formatted(source)
        except CompileError as error:
            assert render(error.diagnostics)


def main():
    with tempfile.TemporaryDirectory(prefix="stdpdsl-fuzz-") as corpus:
        for number, text in enumerate(GIVEN):
            Path(corpus, f"{number}.stdp").write_text(text, encoding="utf-8")
        arguments = [*sys.argv, f"-max_len={LONGEST}", "-timeout=60", corpus]
        atheris.Setup(arguments, compile_both, custom_mutator=mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

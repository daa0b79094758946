"""Scripts hold nothing but what the compiler means to write, whatever a spec says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from script_audit import audit

from stdpdsl.compiler import compile_source
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.stdp"))
STARTER = (ROOT / "templates" / "new" / "starter.stdp").read_text("utf-8").replace("NAME", "demo")


def script_of(text: str, lowering: str = "synapse", folder: Path = ROOT / "specs") -> str:
    return compile_source(Source("s.stdp", text), folder, [], lowering, "numpy").run_script


@pytest.mark.parametrize("lowering", ["synapse", "namespace"])
@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.in_turn(20)
def test_the_scripts_of_all_specs(path, lowering):
    text = path.read_text(encoding="utf-8")
    if "files(" in text or "from results" in text:
        pytest.skip("its recordings, or the results that it starts from, are not here")
    assert audit(script_of(text, lowering)) == []


@pytest.mark.parametrize(
    "line, word",
    [
        ("import socket", "socket"),
        ("from ctypes import CDLL", "ctypes"),
        ("x = eval('1')", "eval"),
        ("x = np.load('a')", "np.load"),
        ("x = os.system('a')", "os.system"),
        ("x = ().__class__", "__class__"),
        ("x = {1 for a in b}", "SetComp"),
        ("while True: pass", "While"),
        ("x = 'v = 1; import os'", "string"),
        ("x = 'dv/dt = open(3) : 1'", "open"),
        ("x = 'v = v.real'", "string"),
        ("x = __builtins__", "__builtins__"),
    ],
)
def test_the_audit_finds(line, word):
    script = script_of(STARTER)
    assert audit(script) == []
    assert word in str(audit(script.replace("\n\n\ndef sweep", f"\n{line}\n\n\ndef sweep", 1)))
    assert audit(script + "\nprint(1)\n")


HOSTILE = (
    'ends \\" and """',
    "__import__('os').system('touch pwned')",
    "\\",
    "\\N{BULLET}\\x00",
    "{{ 7*7 }}",
    "{% raw %}",
    "'; import os #",
    "\u00e9\u4e2d\U0001f600",
)


def test_what_is_said_of_columns_is_text():
    script = script_of(STARTER)
    start = script.index("DOCUMENTED = ")
    end = script.index("\n", start)
    assert audit(script) == []
    for bad in ("{'a': {'b': open('x')}}", "{**a}", "{'a': f'{open}'}", "{a: 'b'}"):
        found = audit(script[:start] + f"DOCUMENTED = {bad}" + script[end:])
        assert found == ["DOCUMENTED is more than texts"]


@pytest.mark.parametrize("words", HOSTILE)
def test_prose_stays_prose(words):
    """A docstring and a comment are told in the script, and change nothing in it."""
    prose = words.replace('"""', '""')
    text = f'"""a {prose} b"""\n' + STARTER.split('"""', 2)[2].lstrip("\n") + f"# {words}\n"
    script = script_of(text)
    assert audit(script) == []
    tree = ast.parse(script)
    literal = next(n for n in tree.body if ast.unparse(n).startswith("SPEC = "))
    assert ast.literal_eval(literal.value) == text
    plain = script_of(text.replace(prose, "").replace(words, ""))
    assert [ast.dump(n) for n in tree.body if n is not literal][1:] == [
        ast.dump(n) for n in ast.parse(plain).body if not ast.unparse(n).startswith("SPEC = ")
    ][1:]


NAMES = (
    "__import__('os')",
    "a.b",
    "a b",
    "a\nb",
    "a'",
    'a"',
    "a\\",
    "a;b",
    "é",
    "a[0]",
    "%s",
    "{x}",
)


@pytest.mark.parametrize("name", NAMES)
def test_heads_of_files_are_names(tmp_path, name):
    """A column that no name could call is refused, whatever file it comes from."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"learning.Apre": [0.1, 0.2], name: [1.0, 2.0]})
    pq.write_table(table, tmp_path / "t.parquet")
    text = STARTER.replace("ratio = [0.9, 1.05, 1.2]", "ratio = [1, 2]")
    text = text.replace("        learning.Apre = [0.005, 0.01, 0.02]\n", "")
    text = text.replace("    grid:\n", '    from: "t.parquet"\n    grid:\n', 1)
    with pytest.raises(CompileError):
        script_of(text, folder=tmp_path)


TABLE = "time,neuron,pre,post,d [ms]\n0.1,0,0,0,1\n"


@pytest.mark.parametrize("words", ["x'); import os #", 'x"""', "x\\", "{{ 7 }}"])
@pytest.mark.parametrize("kind", ["spikes", "pairs", "values"])
def test_names_of_files_stay_names(tmp_path, words, kind):
    name = f"{words}.csv"
    (tmp_path / name.replace("/", "")).write_text(TABLE)
    if '"' in name:
        name = name.replace('"', "'")
        (tmp_path / name).write_text(TABLE)
    old, new = {
        "spikes": ("poisson: 20 Hz", f'spikes: from "{name}"'),
        "pairs": ("pattern: all_to_all", f'pattern: pairs from "{name}"'),
        "values": (
            "pattern: all_to_all",
            f'pattern: all_to_all where i == 0\n    delay: from "{name}" column d',
        ),
    }[kind]
    script = script_of(STARTER.replace(old, new), folder=tmp_path)
    found = audit(script)
    # The name is one string, which is data to the function that opens it.
    assert [text for text in found if text != f"a string {name!r}"] == []
    assert any(isinstance(n, ast.Constant) and n.value == name for n in ast.walk(ast.parse(script)))

"""README and the pages of the site say what is true."""

import re
from pathlib import Path

import numpy as np
import pytest

from stdpdsl.commands import runs
from stdpdsl.commands.arguments import argument_parser
from stdpdsl.language.source import Source
from stdpdsl.runtime import results as support

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LANGUAGE = (ROOT / "grammars" / "README.md").read_text(encoding="utf-8")
DOCS = {p.stem: p.read_text(encoding="utf-8") for p in (ROOT / ".github" / "docs").glob("*.md")}


def blocks(language, page=README):
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_it_is_short():
    assert README.count("\n") <= 150


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
    for name, text in DOCS.items():
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (ROOT / ".github" / "docs" / target).exists(), (name, target)


def test_paths_exist():
    named = re.findall(r"`([\w./]+/)`", DOCS["how_it_works"])
    assert named
    for name in named:
        assert (ROOT / name).is_dir() or (ROOT / "stdpdsl" / name).is_dir(), name
    for name in re.findall(r"`(\w+\.py)`", DOCS["how_it_works"]):
        assert (ROOT / "stdpdsl" / name).is_file(), name
    for name in re.findall(r"`(tests/[\w/]+\.py)`", "".join(DOCS.values())):
        assert (ROOT / name).is_file(), name
    for name in re.findall(r"specs/\w+\.stdp", README):
        assert (ROOT / name).is_file(), name


def test_commands_are_ours():
    first, second = (text.strip() for text in blocks("sh"))
    install = "python3 -m venv .venv && .venv/bin/pip install -q "
    assert first.startswith(install + ". && .venv/bin/stdpdsl ")
    options = argument_parser().parse_args(first.partition(".venv/bin/stdpdsl ")[2].split())
    assert options.command is runs.run
    assert second == install + "-e '.[test]' && .venv/bin/pytest"
    parser = argument_parser()
    listed = re.findall(r"^\| `stdpdsl (\w+)", DOCS["commands"], re.MULTILINE)
    known = parser._subparsers._group_actions[0].choices
    assert listed == list(known)
    for line in re.findall(r"^\| `stdpdsl (\w+.*)\|$", DOCS["commands"], re.MULTILINE):
        for option in re.findall(r"`(--?[\w-]+)", line):
            assert option in known[line.split()[0]]._option_string_actions


def test_ci_runs_the_test_command():
    assert "grep -m 1 'bin/pytest$' README.md" in (ROOT / ".ci" / "run").read_text()
    assert len(re.findall(r"bin/pytest$", README, re.MULTILINE)) == 1


def test_python_versions_are_those_of_the_package():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11,<3.15"' in text
    assert "Python 3.11, 3.12, 3.13 or 3.14" in README


@pytest.mark.parametrize("text", blocks("stdp", LANGUAGE))
def test_the_language_by_example_compiles(text):
    compiler = pytest.importorskip("stdpdsl.compiler")
    if re.search("^(search|fit):", text, re.MULTILINE):  # which is not a single run
        assert compiler.check_text(Source("page.stdp", text), ROOT, [])[1] == []
        return
    compiled = compiler.compile_source(Source("page.stdp", text), ROOT, [], "synapse", "numpy")
    assert [d for d in compiled.diagnostics if d.code != "NAME022"] == []


def test_its_specs_are_right():
    compiler = pytest.importorskip("stdpdsl.compiler")
    starter = (ROOT / "templates" / "new" / "starter.stdp").read_text(encoding="utf-8")
    for text in (*blocks("stdp"), starter):
        _, diagnostics = compiler.check_text(Source("README.md", text), ROOT, [])
        assert diagnostics == []


@pytest.mark.parametrize("code", blocks("python", DOCS["results"]))
def test_its_readers_work(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sweep = {"Apre": np.array([1e-5, 1e-5, 0.1, 0.1]), "ratio": np.array([1.0, 4.0, 1.0, 4.0])}
    tables = {"weights": {}, "spikes": {}}
    with support.Results("results/auditory_map", sweep, {}, {}, tables) as results:
        block, w = np.repeat(np.arange(4), 2), np.arange(8) / 8
        results.weights("feedforward", block, block * 0, block * 0, 0.0, w, w + 0.25)
        results.spikes("A1", block, block * 0, w)
        results.commit()
    exec(code, {"__name__": "readme"})
    shown = capsys.readouterr().out
    assert "0.1" in shown or "0.25" in shown


def test_its_commands_from_python_work(tmp_path, monkeypatch, capsys):
    pytest.importorskip("xarray")
    monkeypatch.chdir(tmp_path)
    (spec,) = blocks("stdp")
    Path("first_steps.stdp").write_text(spec, encoding="utf-8")
    (code,) = blocks("py", DOCS["results"])
    exec(code, {"__name__": "readme"})
    assert re.search(r"^blocks +6$", capsys.readouterr().out, re.MULTILINE)

"""The site: its pages are made from what is there, their examples are right, and it builds."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
import wave
from pathlib import Path

import pytest

from stdpdsl.commands.arguments import argument_parser
from stdpdsl.compiler import check_text, library
from stdpdsl.language.source import Source

ROOT = Path(__file__).parents[2]
DOCS = ROOT / ".github" / "docs"
sys.path.append(str(DOCS))  # last: no module of the tests is hidden by one of its names

import reference  # noqa: E402
import stories  # noqa: E402


@pytest.mark.parametrize("name, spec", list(reference.examples()))
def test_examples_of_the_reference_are_right(name, spec, tmp_path):
    (tmp_path / "pairs.csv").write_text("pre,post\n0,1\n")
    (tmp_path / "sounds").mkdir()
    with wave.open(str(tmp_path / "sounds" / "a.wav"), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes(b"\0\1" * 4410)
    assert check_text(Source(f"{name}.stdp", spec), tmp_path, [])[1] == []


def test_each_page_has_what_it_promises():
    chapters = {c.folder: c for c in reference.chapters()}
    assert {
        "clauses",
        "functions",
        "draws",
        "lists",
        "patterns",
        "sounds",
        "filters",
        "rules",
        "measures",
        "columns",
        "commands",
        "errors",
    } <= set(chapters)
    for chapter in chapters.values():
        names = [name for name, _, _ in chapter.pages]
        assert len(set(names)) == len(names) and all(text for _, _, text in chapter.pages)
    for folder in (
        "functions",
        "draws",
        "lists",
        "patterns",
        "sounds",
        "filters",
        "rules",
        "measures",
        "commands",
    ):
        for name, _, text in chapters[folder].pages:
            assert "## Example" in text, (folder, name)
    assert {name for name, _, _ in chapters["rules"].pages} == set(library())


def test_examples_of_commands_are_ours():
    known = dict(reference.command_pages())
    assert set(reference.EXAMPLES) <= set(known)
    for name in known:
        options = argument_parser().parse_args(shlex.split(reference.command_example(name)))
        assert options.command.__name__.rstrip("_") == name


def test_the_cheat_sheet_is_one_page():
    """As many lines of 130 characters as a printed page has in small type."""
    text = stories.cheat_sheet()
    lines = sum(1 + len(line.replace("`", "")) // 130 for line in text.split("\n") if line)
    assert lines <= 90
    for name in (*reference.DECLARATIONS, *reference.FUNCTIONS, *reference.SOUNDS, *library()):
        assert name in text


def test_pages_from_elsewhere_name_our_rules():
    text = (DOCS / "from_nest.md").read_text(encoding="utf-8")
    table = text.partition("rule of the library |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+)`", "".join(row.split("|")[2] for row in table.split("\n")[2:]))
    assert len(named) > 15 and set(named) <= set(library())


def test_the_recipe_for_conda_asks_for_what_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {re.match(r"[\w-]+", text)[0] for text in project["dependencies"]}
    recipe = (ROOT / ".github" / "conda" / "meta.yaml").read_text(encoding="utf-8")
    run = recipe.partition("  run:\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"- ([\w-]+)", run)) - {"python"} == asked
    version = re.search(r'version = "(.*?)"', recipe)[1]
    cited = (ROOT / ".github" / "CITATION.cff").read_text(encoding="utf-8")
    import stdpdsl

    assert version == stdpdsl.__version__ and f"version: {version}\n" in cited


def test_no_address_is_invented():
    for path in (ROOT / "pyproject.toml", ROOT / "README.md", *DOCS.glob("*.md")):
        assert not re.search(r"\.example\b|example\.(com|org)", path.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_it_builds_without_a_warning(tmp_path):
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q"]
    # A sidebar that lists what stands beside a page takes a third of a build's time, and all of the
    # site two thirds: the first pages of each part have one.
    command += ["-D", "sidebar_depth=0", str(DOCS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    assert {
        "index.html",
        "made/tutorial.html",
        "made/reference/errors/UNIT002.html",
        "made/gallery/auditory_map.html",
        "search.html",
    } <= pages
    for name in ("index", "made/reference/errors/index"):
        assert "toctree-l1" in (tmp_path / f"{name}.html").read_text(encoding="utf-8")
    for page in tmp_path.rglob("*.html"):  # every link inside the site leads somewhere
        for target in re.findall(r'href="([^"#:?]+)["#?]', page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)

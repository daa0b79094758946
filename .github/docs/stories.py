"""The pages that are not written here: copies of those that stand beside what they describe, the
gallery, and the reference. They land in `made/`, anew at each build."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from pathlib import Path

import reference

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT / "specs"
COPIED = {
    "grammars/README.md": "language",
    "specs/tutorial.md": "tutorial",
    "specs/from_brian2.md": "from_brian2",
    ".github/CHANGELOG.md": "changes",
    ".github/CONTRIBUTING.md": "contributing",
    ".github/SECURITY.md": "security",
}
"""Pages of the repository, and what they are called on the site."""
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:)([^)#:\s]+)(#[^)\s]*)?\)")


def write(docs: Path) -> None:
    made = docs / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    for path, name in COPIED.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        (made / f"{name}.md").write_text(linked(text, path, "made"), encoding="utf-8")
    reference.write(made / "reference")
    gallery(docs, made / "gallery")
    (made / "cheat_sheet.md").write_text(cheat_sheet(), encoding="utf-8")


def linked(text: str, path: str, at: str) -> str:
    """A page of the repository whose links lead to the site's pages, from the folder `at` of the
    site; what the site has not is named, not linked."""
    folder = posixpath.dirname(path)

    def changed(match: re.Match[str]) -> str:
        image, words, target, anchor = match.groups()
        place = posixpath.normpath(posixpath.join(folder, target))
        if image:
            return f"![{words}]({posixpath.relpath(place, posixpath.join('.github/docs', at))})"
        page = page_of(place)
        if page is None:
            return words if "`" in words else f"`{words}`"
        return f"[{words}]({posixpath.relpath(page, at or '.')}{anchor or ''})"

    return _LINK.sub(changed, text)


def page_of(place: str) -> str | None:
    """The site's page for a file of the repository."""
    if place in COPIED:
        return f"made/{COPIED[place]}.md"
    if place == "README.md":
        return "index.md"
    if place in ("specs", "specs/README.md"):
        return "made/gallery/index.md"
    if place.startswith(".github/docs/"):
        return place.removeprefix(".github/docs/")
    if place.startswith("specs/") and place.endswith(".stdp"):
        return f"made/gallery/{posixpath.basename(place)[:-5]}.md"
    return None


def gallery(docs: Path, folder: Path) -> None:
    """A page for each spec of the gallery: its question, picture, paper, run time, and its text."""
    folder.mkdir(parents=True)
    runs = docs / "pictures" / "runs.json"
    kept = json.loads(runs.read_text(encoding="utf-8")) if runs.exists() else {}
    listed = (SPECS / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\.stdp` \| (.*?) \|$", listed, re.MULTILINE)
    index = [
        "# Gallery",
        "",
        "Every spec of `specs/`, each run by the tests. The pictures are from"
        " real runs, made by `python .github/docs/pictures.py`.",
        "",
        "| spec | what it shows |",
        "| --- | --- |",
    ]
    index += [f"| [{name}]({name}.md) | {words} |" for name, words in rows]
    index += ["", "```{toctree}", ":hidden:", "", *(name for name, _ in rows), "```", ""]
    (folder / "index.md").write_text("\n".join(index), encoding="utf-8")
    for name, words in rows:
        text = (SPECS / f"{name}.stdp").read_text(encoding="utf-8")
        parts = [f"# {name}", f"{words[0].upper()}{words[1:]}."]
        doc = re.match(r'"""(.*?)"""', text, re.DOTALL)
        if doc:
            parts.append(doc[1].strip())
        dois = re.findall(r"doi:(10\.\d{4,9}/[^\s\"]+[^\s\".,;:)])", text)
        parts += [f"<https://doi.org/{doi}>" for doi in dict.fromkeys(dois)]
        picture = docs / "pictures" / f"{name}.png"
        if picture.exists() and name in kept:
            shutil.copyfile(picture, folder / f"{name}.png")
            run = kept[name]
            parts += [
                f"![{run['shows'].replace('`', '')}]({name}.png)",
                f"{run['shows'][0].upper()}{run['shows'][1:]}. {run['blocks']} blocks,"
                f" {run['seconds']:g} s for the whole run on two cores.",
            ]
        parts += [reference.code(text), "```sh\nstdpdsl run specs/" + f"{name}.stdp\n```"]
        (folder / f"{name}.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def cheat_sheet() -> str:
    """One printed page: every clause in its form, and the names that are known."""
    parts = [
        "# Cheat sheet",
        "Print it: it fits one page. Each name has a page in the [reference](reference/index.md).",
    ]
    rows = ["| declaration | clauses |", "| --- | --- |"]
    for name, entry in reference.DECLARATIONS.items():
        clauses = reference.CLAUSES.get(name, {})
        forms = " · ".join(f"`{reference.cell(c.form)}`" for c in clauses.values())
        rows.append(f"| `{entry.form}` | {forms} |")
    parts.append("\n".join(rows))
    names = [
        ("functions", reference.FUNCTIONS),
        ("draws", reference.DISTRIBUTIONS),
        ("lists", reference.LISTS),
        ("patterns", reference.PATTERNS),
        ("sounds", reference.SOUNDS),
        ("filters", reference.FILTERS),
        ("in measures", [*reference.REDUCTIONS, "accuracy"]),
        ("integrators", reference.METHODS),
        ("words", reference.OTHER),
    ]
    parts.append(
        "\n".join(
            [
                "| | |",
                "| --- | --- |",
                *(
                    f"| {what} | {' '.join(f'`{name}`' for name in table)} |"
                    for what, table in names
                ),
                f"| rules | {' '.join(f'`{name}`' for name in reference.library())} |",
            ]
        )
    )
    parts.append(
        "A number and its unit are one token: `5 ms`, `2 nS/cm**2`, `[5, 10] ms`. Clauses take `:`,"
        " values `=`. `#` starts a comment. The other side's names end in `_pre` and `_post`."
        " A rule declares its weight and says when it is delivered, the connection where: `w : 1 in"
        " [0, wmax]` and `on pre: deliver w`; then `plasticity: RULE`, `initial: w = uniform(0,"
        " wmax)` and `deliver: w to I`. `weight:` is for synapses that do not learn. A driven"
        " variable is declared without an equation: `I : 1`. A run may be as long as a sound:"
        " `duration: SOUND`. An editor shows the arguments of rules, sounds and patterns."
        " `stdpdsl check` finds errors, `run` runs, `report` shows, `explain CODE` helps."
    )
    return "\n\n".join(parts) + "\n"

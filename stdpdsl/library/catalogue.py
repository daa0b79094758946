"""What `stdpdsl rules` prints: a list of the rules of the library, or a page about one rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..check import check
from ..check.symbols import Type
from ..dataclass import dataclass
from ..language import ast
from ..language.diagnostics import did_you_mean
from ..language.printer import spec_lines
from ..language.printer.expressions import print_expr, print_unit

DOI = re.compile(r"doi:(10\.\d{4,9}/\S+[^\s.,;:)])")
PAPER = re.compile(r"(?P<authors>[^()\d]+?) \((?P<year>\d{4})\)")
PAPER_WIDTH = 24
NARROW = 80  # columns


@dataclass(frozen=True)
class Entry:
    """A rule's docstring, taken apart."""

    name: str
    title: str
    paper: str  # the first one that is cited: "Song et al. 2000"
    dois: tuple[str, ...]


def entry(rule: ast.Rule) -> Entry:
    """The first line is the title, the next paragraph the papers."""
    text = rule.doc.text if rule.doc else ""
    title, _, body = text.partition("\n")
    return Entry(rule.name.id, title, _short(body.strip()), tuple(DOI.findall(text)))


def _short(papers: str) -> str:
    """`Song, Miller & Abbott (2000), ...` as `Song et al. 2000`."""
    found = PAPER.match(" ".join(papers.split()))
    if not found:
        return ""
    authors = re.split(r", | & ", found["authors"])
    first = authors[0] if len(authors) < 3 else f"{authors[0]} et al."
    return f"{' & '.join(authors) if len(authors) == 2 else first} {found['year']}"


def listing(rules: Mapping[str, ast.Rule], width: int) -> str:
    """A line for each rule: its name, its title (shortened if it is too long) and its paper. If
    papers do not fit, only names and titles.
    """
    entries = [entry(rule) for rule in rules.values()]
    names = max(len(e.name) for e in entries)
    papers = PAPER_WIDTH + 2 if width >= NARROW else 0
    titles = max(10, width - names - papers - 2)
    lines = []
    for e in entries:
        line = f"{e.name:<{names}}  {_cut(e.title.rstrip('.'), titles):<{titles}}"
        lines.append((f"{line}  {e.paper}" if papers else line).rstrip() + "\n")
    return "".join(lines)


def _cut(text: str, width: int) -> str:
    """The text, cut at the end of a word so that it fits."""
    if len(text) <= width:
        return text
    words = text[: width - 1].rsplit(" ", 1)[0].rstrip(",:;")
    return words[: width - 2].rstrip() + " …"


def unknown(name: str, rules: Iterable[str]) -> str:
    """The error message for an unknown rule."""
    near = did_you_mean(name, rules) or "`stdpdsl rules` lists them"
    return f"there is no rule `{name}` in the library; {near}"


def units(rule: ast.Rule) -> dict[str, str]:
    """The unit of each parameter, from its default value."""
    alone = ast.Spec(None, None, (rule,), span=rule.span)
    types = check(alone).types
    return {p.name.id: _unit(p.value, types[id(p.value)]) for p in rule.parameters}


def _unit(default: ast.Expr, type: Type) -> str:
    """The unit of a dimension. If that has many factors, the unit as written."""
    written = default.operand if isinstance(default, ast.Unary) else default
    name = type.dim.unit_name()
    return print_unit(written.unit) if "*" in name and isinstance(written, ast.Quantity) else name


def page(rule: ast.Rule) -> str:
    """The page about a rule. Its code is shown in the language itself."""
    about = entry(rule)
    dimension = units(rule)
    parts = [f"{about.name}: {rule.doc.text if rule.doc else ''}\n"]
    parts += ["\n", *(f"https://doi.org/{doi}\n" for doi in about.dois)]
    values = {p.name.id: print_expr(p.value) for p in rule.parameters}
    if values:
        names, defaults = (max(map(len, column)) for column in (values, values.values()))
        parts.append("\nparameters, their defaults and units:\n")
        parts += [
            f"    {name:<{names}}  {value:<{defaults}}  {dimension[name]}\n"
            for name, value in values.items()
        ]
    if rule.presets:
        parts.append("\npresets:\n")
        for preset in rule.presets:
            source = f": {' '.join(preset.doc.text.split())}" if preset.doc else ""
            parts.append(f"    {about.name}.{preset.name.id}{source}\n")
            parts += [f"        {a.name.id} = {print_expr(a.value)}\n" for a in preset.values]
    bare = replace(rule, doc=None, parameters=(), presets=())
    code = spec_lines(ast.Spec(None, None, (bare,), span=rule.span))[1:]
    return "".join(parts) + "\n" + "".join(f"{line.removeprefix('    ')}\n" for line in code)


def as_json(rule: ast.Rule) -> dict[str, Any]:
    """The same as JSON; `text` is the rule in the language."""
    about = entry(rule)
    dimension = units(rule)
    return {
        "name": about.name,
        "title": about.title,
        "paper": about.paper,
        "doi": list(about.dois),
        "doc": rule.doc.text if rule.doc else "",
        "parameters": [
            {"name": p.name.id, "default": print_expr(p.value), "unit": dimension[p.name.id]}
            for p in rule.parameters
        ],
        "presets": [
            {
                "name": preset.name.id,
                "source": preset.doc.text if preset.doc else "",
                "values": {a.name.id: print_expr(a.value) for a in preset.values},
            }
            for preset in rule.presets
        ],
        "requires": {r.name.id: print_unit(r.unit) for r in rule.requires},
        "ports": {p.name.id: print_unit(p.unit) if p.unit else "spikes" for p in rule.ports},
        "text": "\n".join(spec_lines(ast.Spec(None, None, (rule,), span=rule.span))) + "\n",
    }

"""Tables with formulas and code, in Markdown or in LaTeX."""

from __future__ import annotations

import re

from ..dataclass import dataclass

SOURCE = (
    "Tables as in Nordlie, Gewaltig & Plesser (2009), PLoS Computational Biology 5:e1000456,"
    " doi:10.1371/journal.pcbi.1000456."
)


@dataclass(frozen=True)
class Math:
    """A formula, in LaTeX."""

    text: str


@dataclass(frozen=True)
class Code:
    """A piece of the spec."""

    text: str


Line = str | Math | Code
Cell = tuple[Line, ...]
"""Lines, one below the other."""


@dataclass(frozen=True)
class Table:
    title: str
    # No header if a table has two columns, because the first one names the row.
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


# Markdown ---------------------------------------------------------------------------------------


def to_markdown(title: str, question: str, tables: list[Table]) -> str:
    parts = [f"# {title}", question]
    for number, table in enumerate(tables):
        head = table.head or ("", "")
        rows = [head, ("---",) * len(head)]
        rows += [tuple("<br>".join(map(_markdown, cell)) for cell in row) for row in table.rows]
        lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        parts.append(f"## {chr(ord('A') + number)}: {table.title}\n\n{lines}")
    parts.append(SOURCE)
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown(line: Line) -> str:
    if isinstance(line, Math):
        return f"${line.text}$".replace("|", r"\vert ")
    if isinstance(line, Code):
        return f"`{line.text}`".replace("|", "\\|")
    return line.replace("|", "\\|").replace("<", "&lt;")


# LaTeX ------------------------------------------------------------------------------------------

_PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath,array,longtable,xcolor}
\setlength{\parindent}{0pt}
\renewcommand{\arraystretch}{1.3}
\begin{document}
"""
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}


def to_latex(title: str, question: str, tables: list[Table]) -> str:
    """A complete document, with packages that every LaTeX has."""
    parts = [_PREAMBLE, f"\\section*{{{_escaped(title)}}}\n{_escaped(question)}\n"]
    for number, table in enumerate(tables):
        columns = len(table.head) or 2
        first = 0.2 if columns == 2 else 0.17
        widths = [first] * (columns - 1) + [1 - first * (columns - 1)]
        # Each column has padding on both sides; including that, all tables are as wide as the text.
        shape = "|".join(f"p{{\\dimexpr{w:.2f}\\textwidth-2\\tabcolsep}}" for w in widths)
        bar = (
            f"\\multicolumn{{{columns}}}{{|l|}}{{\\textbf{{{chr(ord('A') + number)}: "
            f"{_escaped(table.title)}}}}} \\\\ \\hline"
        )
        lines = [f"\\begin{{longtable}}{{|{shape}|}}", "\\hline", bar]
        if table.head:
            heads = " & ".join(f"\\textbf{{{_escaped(word)}}}" for word in table.head)
            lines.append(f"{heads} \\\\ \\hline")
        for row in table.rows:
            cells = (" \\newline ".join(map(_latex, cell)) for cell in row)
            lines.append(f"{' & '.join(cells)} \\\\ \\hline")
        parts.append("\n".join([*lines, "\\end{longtable}", ""]))
    parts.append(f"{_escaped(SOURCE)}\n\\end{{document}}\n")
    return "\n".join(parts)


def _latex(line: Line) -> str:
    if isinstance(line, Math):
        return f"$\\displaystyle {line.text}$"
    if isinstance(line, Code):
        return f"\\texttt{{{_escaped(line.text)}}}"
    return _escaped(line)


def _escaped(text: str) -> str:
    return re.sub(r'[\\&%$#_{}~^<>|"]', lambda m: _SPECIAL[m[0]], text)

"""Collects the findings of checks as diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from ..language import ast
from ..language.diagnostics import Diagnostic, Label, did_you_mean
from ..language.source import Span
from .order import names_in

# Comparing a name with thousands of others takes milliseconds. In a file with thousands of unknown
# names, suggestions for the first ones are enough.
_SUGGESTIONS = 100
_LISTED = 12

K = TypeVar("K")


class Reporter:
    """Collects diagnostics, each only once because a model used twice is visited twice. Of two with
    the same message in the same place, the help of the first is kept."""

    def __init__(self, diagnostics: Iterable[Diagnostic] = ()):
        self._found: dict[tuple[str, Span, str], Diagnostic] = {}
        self._suggested = 0
        self.told = 0  # how often something was reported, including duplicates
        self.add(diagnostics)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return list(self._found.values())

    def apart(self, step: Callable[[], Any]) -> tuple[Any, list[Diagnostic]]:
        """What a step returns, and what it reports; the reports are not kept."""
        kept, self._found = self._found, {}
        try:
            return step(), self.diagnostics
        finally:
            self._found = kept

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        for d in diagnostics:
            self.told += 1
            self._found.setdefault((d.code, d.span, d.message), d)

    def error(
        self,
        code: str,
        where: ast.Node | Span,
        message: str,
        label: str = "",
        help: str = "",
        labels: Iterable[tuple[ast.Node, str]] = (),
        severity: str = "error",
    ) -> None:
        span = where if isinstance(where, Span) else where.span
        spots = tuple(Label(node.span, text) for node, text in labels)
        self.add([Diagnostic(code, span, message, label, spots, help, severity)])

    def warn(
        self,
        code: str,
        where: ast.Node | Span,
        message: str,
        label: str = "",
        help: str = "",
        labels: Iterable[tuple[ast.Node, str]] = (),
    ) -> None:
        self.error(code, where, message, label, help, labels, "warning")

    def once(
        self,
        seen: dict[K, ast.Node],
        key: K,
        node: ast.Node,
        what: str,
        how: str = "stands here twice",
        first: str = "the first",
        help: str = "keep one of them",
    ) -> bool:
        """Whether a node is the first with this key; if not, reports that `what` is there twice."""
        if key not in seen:
            seen[key] = node
            return True
        self.error("NAME002", node, f"{what} {how}", labels=((seen[key], first),), help=help)
        return False

    def cycle(
        self, names: list[str], values: Mapping[str, ast.Expr], what: str = "", alone: str = ""
    ) -> None:
        """Report names whose values use one another in a cycle. `what` depends on itself, by
        default the first name; `alone` is the help for a cycle of one."""
        following = names[1 % len(names)]
        spot = next(n for n in names_in(values[names[0]]) if n.id == following)
        way = " -> ".join(f"`{n}`" for n in [*names, names[0]])
        self.error(
            "NAME018",
            spot,
            f"{what or f'`{names[0]}`'} depends on itself",
            help=alone if alone and len(names) == 1 else f"the cycle: {way}",
        )

    def unknown(
        self, node: ast.Node, name: str, what: str, candidates: Iterable[str], alias: str = ""
    ) -> None:
        known = ", ".join(f"`{c}`" for c in sorted(candidates)[:12])
        self.error(
            "NAME001",
            node,
            f"there is no {what} `{name}`",
            help=f"pair-based STDP is `{alias}`"
            if alias in candidates
            else did_you_mean(name, candidates)
            or (f"known: {known}" if known else f"declare it with `{what} {name}:`"),
        )

    def suggest(self, name: str, candidates: Iterable[str], what: str = "known here") -> str:
        """`did you mean ...?`, or else a list of the known names."""
        self._suggested += 1
        if self._suggested > _SUGGESTIONS:
            return ""
        names = sorted(set(candidates))
        return did_you_mean(name, names) or listing(names, what)


def listing(names: Iterable[str], what: str) -> str:
    """`known here: `a`, `b` and 7 more`"""
    names = list(names)
    if not names:
        return ""
    shown = ", ".join(f"`{n}`" for n in names[:_LISTED])
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{what}: {shown}{more}"

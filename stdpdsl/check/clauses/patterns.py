"""Patterns of connections: their arguments, and whether there are enough partners."""

from __future__ import annotations

from collections.abc import Mapping

from ...language import ast
from ...language.builtins import PATTERNS
from ..slices import slices_of
from ..symbols import Component
from ..values import on_pairs, value
from .reports import ClauseReports

DRAWN = ("random", "symmetric", "fixed_indegree", "fixed_outdegree")
"""Patterns that draw their pairs."""


class Patterns(ClauseReports):
    """Checks the pattern of a connection."""

    def pattern(self, pattern: ast.Pattern, component: Component) -> None:
        kind = pattern.kind.id
        if kind not in PATTERNS:
            self.reporter.error(
                "NAME015",
                pattern.kind,
                f"there is no pattern `{kind}`",
                help=self.reporter.suggest(kind, PATTERNS, "patterns"),
            )
            return
        self.pattern_parts(pattern)
        self.pattern_numbers(pattern, component)
        self.pattern_sides(pattern, component)

    def pattern_parts(self, pattern: ast.Pattern) -> None:
        """Check that it has what its kind needs, and nothing else."""
        kind = pattern.kind.id
        argument = PATTERNS[kind]
        if argument is None and pattern.argument is not None:
            condition = pattern.argument.span.text
            chosen = f" where {condition}" if isinstance(pattern.argument, ast.Binary) else ""
            self.misplaced(
                pattern.argument,
                f"`{kind}` takes no argument except `n`",
                f"write `pattern: {kind}{chosen}`",
            )
        elif argument is not None and pattern.argument is None:
            example = "p = 0.1" if argument == "p" else "20"
            self.missing(pattern.kind, f"`{kind}` needs `{argument}`", f"write `{kind}({example})`")
        if kind == "pairs" and pattern.path is None:
            self.missing(pattern.kind, "`pairs` needs a file", 'write `pairs from "edges.csv"`')
        if pattern.independent and kind not in DRAWN:
            self.misplaced(pattern, f"`{kind}` draws nothing", "leave out `independent per block`")

    def pattern_numbers(self, pattern: ast.Pattern, component: Component) -> None:
        """Check that the numbers of synapses and the probability are possible."""
        kind = pattern.kind.id
        several = value(pattern.several, self.values)
        if pattern.several is not None and several is not None and several < 1:
            self.range(
                pattern.several, f"a pair cannot have {several:g} synapses", "write 1 or more"
            )
        number = value(pattern.argument, self.values)
        if number is not None and pattern.argument is not None:
            if kind in ("random", "symmetric") and not 0 <= number <= 1:
                self.range(
                    pattern.argument,
                    f"a probability cannot be {number:g}",
                    "it lies between 0 and 1",
                )
            elif kind.startswith("fixed"):
                self.degree(pattern, pattern.argument, number, component)

    def pattern_sides(self, pattern: ast.Pattern, component: Component) -> None:
        """Check that the sizes of the layers, or of their slices, fit the pattern."""
        kind = pattern.kind.id
        if (
            kind == "symmetric"
            and component.pre
            and component.post
            and (component.pre is not component.post)
        ):
            self.reporter.error(
                "CLAUSE006",
                pattern.kind,
                "`symmetric` joins the neurons of one layer, both ways:"
                f" here are `{component.pre.name}` and `{component.post.name}`",
                help="connect a layer with itself, or use `random(p = ...)`",
            )
        if kind == "one_to_one":
            node = component.node
            assert isinstance(node, ast.Connect)
            sizes = [None if r is None else r[1] - r[0] for r in slices_of(component, self.values)]
            if None not in sizes and sizes[0] != sizes[1]:
                assert component.pre and component.post
                said = "slices" if node.pre_part or node.post_part else "layers"
                self.reporter.error(
                    "CLAUSE006",
                    pattern.kind,
                    f"`one_to_one` joins {said} of one size: "
                    f"`{component.pre.name}` has {sizes[0]}, `{component.post.name}`"
                    f" {sizes[1]}",
                    help="use another pattern, or make them the same size",
                )

    def degree(
        self, pattern: ast.Pattern, expr: ast.Expr, number: float, component: Component
    ) -> None:
        """Check that each neuron has enough partners among those that `where` admits."""
        sizes = [_size(s, self.values) for s in (component.pre, component.post)]
        axis = int(pattern.kind.id == "fixed_outdegree")
        side, size = (component.pre, component.post)[axis], sizes[axis]
        if number < 0:
            self.range(expr, f"a number of synapses cannot be {number:g}", "write 0 or more")
        if number < 0 or size is None or side is None:
            return
        if number > size:
            self.range(
                expr,
                f"`{side.name}` has {size:g} neurons, fewer than {number:g}",
                f"write at most {size:g}",
            )
            return
        pre, post = sizes
        if pre is None or post is None:
            return
        admitted = on_pairs(pattern.where, int(pre), int(post), self.values)
        if admitted is None:
            return
        there = admitted.astype(bool).sum(axis=axis)
        first, last = slices_of(component, self.values)[1 - axis] or (0, len(there))
        there = there[first:last]
        if len(there) and there.min() < number:
            neuron, fewest = first + int(there.argmin()), int(there.min())
            other = (component.post, component.pre)[axis]
            assert other is not None
            what = f"{fewest} neuron{'s' * (fewest != 1)} of `{side.name}`"
            self.range(
                expr,
                f"`where` admits {what} for neuron {neuron} of `{other.name}`, fewer than"
                f" {number:g}",
                f"write at most {fewest}, or widen `where`",
            )


def _size(layer: Component | None, values: Mapping[str, float]) -> float | None:
    return value(layer.node.size, values) if layer and isinstance(layer.node, ast.Layer) else None

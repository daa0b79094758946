"""What a layer or connection needs from a file: the neurons or synapses that need an entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..check.clauses.patterns import DRAWN
from ..check.slices import slices_of
from ..check.symbols import Component, Symbols
from ..check.values import on_pairs, value
from ..dataclass import dataclass
from ..language import ast
from ..sweep.table import SweepTable
from .sources import Files, Sources


@dataclass(frozen=True)
class Wanted:
    """What a component needs: the sizes of its axes, and a mask of the pairs that are synapses,
    None if every pair may be one; `exact` if the mask has exactly the synapses."""

    axes: tuple[str, ...]
    shape: tuple[int, ...]
    mask: np.ndarray | None = None
    exact: bool = True


class Wants:
    """Tells what a layer or connection needs from a file."""

    def __init__(
        self,
        symbols: Symbols,
        sources: Sources,
        table: SweepTable,
        constants: Mapping[str, Any],
        files: Files,
    ):
        self.symbols, self.sources, self.table = symbols, sources, table
        self.blocks = table.rows
        self.constants, self.files = constants, files
        self.broken: set[str] = set()  # columns that number no files, which is reported once
        self.pairs: dict[str, np.ndarray | None] = {}  # by file: (pairs, 2), None where not known

    def wanted(self, component: Component) -> Wanted | None:
        if component.kind == "layer":
            return Wanted(("neuron",), (self.size(component),))
        if component.pre is None or component.post is None:
            return None
        assert isinstance(component.node, ast.Connect)
        shape = self.size(component.pre), self.size(component.post)
        mask, exact = self.mask(component.node.pattern, shape, component)
        several = self.several(component.node.pattern)
        if several == 1:
            return Wanted(("pre", "post"), shape, mask, exact)
        if mask is not None and mask.ndim < 3:
            mask = np.repeat(mask[:, :, np.newaxis], several, axis=2)
        return Wanted(("pre", "post", "synapse_number"), (*shape, several), mask, exact)

    def several(self, pattern: ast.Pattern | None) -> int:
        """The number of synapses per pair."""
        number = value(pattern.several, self.constants) if pattern is not None else None
        return int(number or 1)

    def size(self, layer: Component) -> int:
        assert isinstance(layer.node, ast.Layer)
        return 1 if layer.node.size is None else int(value(layer.node.size, self.constants) or 0)

    def mask(
        self, pattern: ast.Pattern | None, shape: tuple[int, int], component: Component
    ) -> tuple[np.ndarray | None, bool]:
        """The pairs that are synapses, as far as known before anything is drawn."""
        if pattern is None:
            return None, False
        mask: np.ndarray | None = None
        kind = pattern.kind.id
        if kind == "one_to_one":
            (first, _), (second, _) = (r or (0, 0) for r in slices_of(component, self.constants))
            mask = np.eye(*shape, k=second - first, dtype=bool)
        elif kind == "pairs":
            listed = self.pairs.get(pattern.path.value) if pattern.path is not None else None
            if listed is None:
                return None, False
            if np.any(listed < 0) or np.any(listed[:, :2] >= shape):
                return None, False
            mask = np.zeros((*shape, self.several(pattern))[: listed.shape[1]], dtype=bool)
            mask[tuple(listed.T)] = True
        exact = kind not in DRAWN
        if pattern.where is not None:
            known = {
                n: v
                for n, s in component.parameters.items()
                if not s.by_preset and (v := value(s.value, self.constants)) is not None
            }
            admitted = on_pairs(pattern.where, *shape, {**self.constants, **known})
            if admitted is None or self.swept(pattern.where):
                exact = False
            else:
                admitted = admitted.astype(bool)
                if mask is not None and mask.ndim > 2:
                    admitted = admitted[:, :, np.newaxis]
                mask = admitted if mask is None else mask & admitted
        return mask, exact

    def swept(self, expr: ast.Expr) -> bool:
        columns = {c.target[1] if c.target else c.name for c in self.symbols.columns.values()}
        return any(isinstance(n, ast.Name) and n.id in columns for n in ast.walk(expr))

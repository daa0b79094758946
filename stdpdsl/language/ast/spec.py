"""A spec: all declarations of a file."""

from __future__ import annotations

from functools import cached_property

from ...dataclass import dataclass
from .expressions import Doc, Ident
from .models import Constants, Neuron, Rule, Use
from .node import Declaration, Node


@dataclass(frozen=True)
class Spec(Node):
    """A whole file. A file that is only used (`use "rules.stdp"`) may have no model line."""

    model: Ident | None
    doc: Doc | None
    declarations: tuple[Declaration, ...]

    def of(self, kind: type) -> list:
        """All declarations of a kind, in order."""
        if kind not in self._of_kind:
            self._of_kind[kind] = [d for d in self.declarations if isinstance(d, kind)]
        return list(self._of_kind[kind])

    @cached_property
    def _of_kind(self) -> dict[type, list]:
        """The declarations that `of` found; it is asked for each component, and there may be
        many."""
        return {}

    @property
    def is_collection(self) -> bool:
        """Whether the file is only meant to be used by others."""
        kinds = (Constants, Use, Neuron, Rule)
        return self.model is None and all(isinstance(d, kinds) for d in self.declarations)

"""The namespaces of groups and synapses: the parameters and functions in their code."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import Connection, Experiment, Group, Parameter
from ..equations import code_of
from .code import Code, quantity, uses

DRAWS = ("uniform", "normal", "binomial")


class Namespaces:
    def __init__(self, e: Experiment, code: Code):
        self.code = code
        parts: list[Group | Connection] = [x.group for x in e.layers if x.group]
        texts = [text for part in [*parts, *e.connections] for text in code_of(part)]
        self.drawing = [name for name in DRAWS if uses(texts, f"draw__{name}")]

    def items(
        self, parameters: Sequence[Parameter], functions: Sequence[str], single: bool
    ) -> list[str]:
        """With `single`, also the functions that compute in double precision and then round."""
        return [
            *(["**functions_of_double()"] if single else []),
            *self.functions(functions),
            *(f'"{p.name}": {quantity(self.code.show(p.code), p.unit)}' for p in parameters),
        ]

    def functions(self, makers: Sequence[str]) -> list[str]:
        """Items of a namespace: our functions that its code calls, and only those draws that it
        needs."""
        draws = [f'"draw__{name}": {name}_draw_function()' for name in self.drawing]
        others = [f"**{name}()" for name in makers if name != "draw_functions"]
        return [*(draws if "draw_functions" in makers else []), *others]


def namespace(items: Sequence[str]) -> str:
    """The argument."""
    return f"namespace={{{', '.join(items)}}}"

"""The namespaces of groups and synapses: parameters and functions that their code names."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir import Experiment, Parameter
from .code import Code, quantity

DRAWS = ("uniform", "normal", "binomial")


class Namespaces:
    def __init__(self, e: Experiment, code: Code):
        self.code, text = code, repr(e)
        self.drawing = [name for name in DRAWS if f"draw__{name}(" in text]

    def items(
        self, parameters: Sequence[Parameter], functions: Sequence[str], single: bool
    ) -> list[str]:
        """With `single`, also what computes in double and then rounds."""
        return [
            *(["**functions_of_double()"] if single else []),
            *self.functions(functions),
            *(f'"{p.name}": {quantity(self.code.show(p.code), p.unit)}' for p in parameters),
        ]

    def functions(self, makers: Sequence[str]) -> list[str]:
        """Items of a namespace: functions of ours that its code calls, no draw that none needs."""
        draws = [f'"draw__{name}": {name}_draw_function()' for name in self.drawing]
        others = [f"**{name}()" for name in makers if name != "draw_functions"]
        return [*(draws if "draw_functions" in makers else []), *others]


def namespace(items: Sequence[str]) -> str:
    """The argument."""
    return f"namespace={{{', '.join(items)}}}"

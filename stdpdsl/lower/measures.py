"""The spec's own measures as code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..check.measures import elements_of, is_reduction, measured
from ..ir import Measure
from ..language import ast
from ..language.builtins import ACCURACY
from .expressions import NumpyPrinter
from .values import Values, used_names


class MeasurePrinter(NumpyPrinter):
    """`outer` names one value per block, `inner` one per element of `component`."""

    def __init__(
        self,
        outer: Mapping[str, str],
        inner: Mapping[str, str],
        component: str,
        phases: Sequence[str],
    ):
        super().__init__(outer)
        self.inner = NumpyPrinter(inner)
        self.component, self.phases = component, phases

    def call(self, expr: ast.Call) -> str:
        if expr.func.id == ACCURACY:
            phase = expr.args[0]
            assert isinstance(phase, ast.Name)
            turns = [number for number, name in enumerate(self.phases) if name == phase.id]
            return f"saving.accuracy({self.component!r}, number, {turns})"
        if is_reduction(expr):
            return f"of.{expr.func.id}({self.inner.show(expr.args[0])})"
        return super().call(expr)


def lower_measures(values: Values) -> tuple[Measure, ...]:
    found = []
    phases = [turn.phase.name.id for turn in values.turns]
    measures = {**measured(values.symbols), **values.symbols.measures}
    for symbol in values.symbols.measures.values():
        item = symbol.node
        assert isinstance(item, ast.Measure)
        owner = item.component.id if item.component else ""
        component = values.symbols.components[owner] if owner else None
        scope = values.symbols.value_scope(component)
        outer, inner = {}, {}
        for name in used_names([item.value]):
            if component is None or name not in component.parameters:
                if name in measures:
                    outer[name] = f"found[{name!r}]"
                    inner[name] = f"{outer[name]}[of.copy]"
                    continue
            if name in scope and scope[name].kind != "builtin":
                outer[name] = values.reference(scope[name], component)
                inner[name] = values.reference(scope[name], component, "of.copy")
        if component is not None:
            inner |= {name: f"of.{name}" for name in elements_of(component)}
            weight = component.weight
            inner |= {f"{weight}": "of.weight", f"{weight}_before": "of.before"} if weight else {}
        code = MeasurePrinter(outer, inner, owner, phases).show(item.value)
        found.append(Measure(name=symbol.name, component=owner, code=code))
    return tuple(found)

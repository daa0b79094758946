"""Finds the value that causes a unit error in an equation.

An equation alone shows only that its sides differ. The culprit is the only parameter, constant or
number for which another common unit would make the equation right and leave no other equation
wrong. If there are two candidates, there is no culprit.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...dataclass import dataclass
from ...language import ast
from ...language.units import (
    AMP,
    COULOMB,
    FARAD,
    HERTZ,
    METRE,
    MOLAR,
    NONE,
    OHM,
    SECOND,
    SIEMENS,
    VOLT,
    Dim,
    lookup,
)
from ..order import names_in
from ..report import Reporter
from ..symbols import Scope, Symbol, Type
from .context import Context
from .expectations import owner_key
from .infer import Inference

USUAL = (SECOND, VOLT, AMP, SIEMENS, FARAD, OHM, HERTZ, COULOMB, METRE, MOLAR, NONE)
# Each search takes some dozen inferences; a file with more errors than this needs no such hints.
_NAMES = 30
_EQUATIONS = 200


@dataclass(frozen=True)
class Stated:
    """A right side, its context, and the type that it should have."""

    expr: ast.Expr
    context: Context
    want: Type


@dataclass(frozen=True)
class Culprit:
    """`symbol` is None for a number in the equation itself."""

    use: ast.Expr  # in the equation
    symbol: Symbol | None
    value: ast.Expr
    found: Type
    want: Type


class _Trial(Inference):
    """Infers silently, as if one name or number had another dimension."""

    def __init__(self, base: Inference, use: ast.Expr, dim: Dim):
        super().__init__(base.symbols, Reporter(), base.values, base.data)
        self.declared_type = base.type_of
        self.use, self.dim = use, dim

    def _infer(self, expr: ast.Expr, context: Context) -> Type | None:
        same_name = isinstance(expr, ast.Name) and expr == self.use
        return Type(self.dim) if same_name or expr is self.use else super()._infer(expr, context)

    def accepts(self, stated: Stated) -> bool:
        found = self.infer(stated.expr, stated.context)
        return found is not None and found.dim == stated.want.dim and found.kind != "boolean"


def find_culprit(inference: Inference, wrong: Stated, others: Iterable[Stated]) -> Culprit | None:
    """`others` are the equations that use the same names."""
    suspects = _suspects(inference, wrong)
    if len(suspects) > _NAMES:
        return None
    fellows = list(others)[:_EQUATIONS]
    found: list[Culprit] = []
    for use, symbol, value, own in suspects:
        now = _Trial(inference, use, own.dim)
        right = [f for f in fellows if symbol and _uses(f, symbol) and now.accepts(f)]
        for dim in USUAL:
            trial = _Trial(inference, use, dim)
            if dim != own.dim and trial.accepts(wrong) and all(map(trial.accepts, right)):
                found.append(Culprit(use, symbol, value, own, Type(dim)))
    if len(found) > 1:
        # A plain factor, as in `2*v/tau`, is rarely the error.
        found = [c for c in found if not isinstance(c.use, ast.Number)]
    return found[0] if len(found) == 1 else None


def _suspects(
    inference: Inference, stated: Stated
) -> list[tuple[ast.Expr, Symbol | None, ast.Expr, Type]]:
    """Each number, parameter and constant of an equation: use, symbol, value, type."""
    found: dict[object, tuple[ast.Expr, Symbol | None, ast.Expr, Type]] = {}
    units = {
        id(node.left)
        for node in ast.walk(stated.expr)
        if isinstance(node, ast.Binary) and node.op in ("*", "/") and _is_unit(node.right, stated)
    }
    for node in ast.walk(stated.expr):
        if isinstance(node, ast.Number | ast.Quantity):
            if id(node) in units:  # `1*mV` has its unit
                continue
            own = inference.types.get(id(node))
            if own is not None and own.kind in ("integer", "float"):
                found[id(node)] = node, None, node, own
        elif isinstance(node, ast.Name):
            symbol = stated.context.scope.get(node.id)
            if symbol is None or symbol.kind not in ("parameter", "constant") or symbol.side:
                continue
            if symbol.by_preset:  # many values
                continue
            own, value = inference.type_of(symbol), _value(symbol, stated.context.scope)
            if own is not None and value is not None and own.kind in ("integer", "float"):
                found.setdefault(node.id, (node, symbol, value, own))
    return list(found.values())


def _is_unit(expr: ast.Expr, stated: Stated) -> bool:
    if not isinstance(expr, ast.Name) or stated.context.scope.get(expr.id) is not None:
        return False
    return lookup(expr.id) is not None


def _value(symbol: Symbol, scope: Scope) -> ast.Expr | None:
    """What a parameter is set to: `20 mV`, also where that is the value of a constant."""
    seen = {symbol.name}
    while isinstance(symbol.value, ast.Name) and symbol.value.id not in seen:
        following = scope.get(symbol.value.id)
        if following is None or following.value is None:
            break
        seen.add(following.name)
        symbol = following
    return symbol.value


def _uses(stated: Stated, symbol: Symbol) -> bool:
    meant = stated.context.scope.get(symbol.name)
    if meant is None or owner_key(meant) != owner_key(symbol):
        return False
    return any(name.id == symbol.name for name in names_in(stated.expr))

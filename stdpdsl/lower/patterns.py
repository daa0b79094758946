"""Patterns: code for a mask over the pairs of one block."""

from __future__ import annotations

from ..check.files import split_head
from ..check.slices import slices_of
from ..check.symbols import Component
from ..dataclass import dataclass
from ..ir import Draw, ListedPairs
from ..language import ast
from .values import Values, used_names


@dataclass(frozen=True)
class Choice:
    """`code` is a mask over i and j (flat arrays of all pairs, or of the listed `pairs`)."""

    code: str
    pairs: ListedPairs | None
    draws: Draw | None
    same: bool


def lower_pattern(values: Values, c: Component, n_pre: int, n_post: int) -> Choice:
    node = c.node
    assert isinstance(node, ast.Connect) and node.pattern is not None
    pattern = node.pattern
    kind = pattern.kind.id
    code, pairs, draws = "True", None, None
    swept = values.attribute(c, "p", "block") or values.attribute(c, "k", "block")
    argument = swept or ""
    if not swept and pattern.argument is not None:
        argument = pair_code(values, c, pattern.argument, n_pre, n_post)
    (start, end), (first, last) = (r or (0, 0) for r in slices_of(c, values.constants))
    match kind:
        case "one_to_one":  # the first of a slice with the first of the other
            code = "i == j" if start == first else f"i - {start} == j - {first}"
        case "random" | "symmetric":
            code = f"u < {argument}"
        case "fixed_indegree" | "fixed_outdegree":
            axis, admitted = int(kind == "fixed_outdegree"), ""
            if pattern.where is not None:
                admitted = f", {pair_code(values, c, pattern.where, n_pre, n_post)}"
            sides = ((first, last), (start, end))[axis]  # the neurons that have partners
            among = "" if sides == (0, (n_post, n_pre)[axis]) else f", among={sides}"
            shape = f"({n_pre}, {n_post})"
            code = f"lowest({c.name!r}, u, {argument}, {shape}, {axis}{admitted}{among})"
        case "pairs":
            assert pattern.path is not None
            path = pattern.path.value
            read = tuple(columns_read(values, node, path))
            pairs = ListedPairs(path=path, read=read, numbered=pattern.several is not None)
    if kind in ("random", "symmetric", "fixed_indegree", "fixed_outdegree"):
        base = "mirrored" if kind == "symmetric" else "uniform"
        draws = Draw(
            placeholder="u",
            kind=base,
            key=(c.name, "pattern"),
            independent=pattern.independent,
        )
    if pattern.where is not None and not kind.startswith("fixed"):
        condition = pair_code(values, c, pattern.where, n_pre, n_post)
        code = condition if code == "True" else f"np.logical_and({code}, {condition})"
    parts = [pattern.argument, pattern.where]
    same = not (swept or pattern.independent or any(values.varies(e, c) for e in parts))
    same = same and not any(n.endswith(("_pre", "_post")) for n in used_names(parts))
    return Choice(code, pairs, draws, same and (draws is None or values.table.replicates == 1))


def columns_read(values: Values, node: ast.Connect, path: str) -> list[str]:
    """The columns of a file from which a connection takes values."""
    given = [node.weight, node.axonal_delay, node.dendritic_delay, *(a.value for a in node.initial)]
    parts = (part for value in given if value is not None for part in ast.walk(value))
    heads = {
        values.checked.data[p].name
        for p in parts
        if isinstance(p, ast.DataExpr) and p.path.value == path
    }
    return sorted({split_head(head)[0] for head in heads if head is not None})


def pair_code(values: Values, c: Component, expr: ast.Expr, n_pre: int, n_post: int) -> str:
    """Code over the pairs (i, j) of one block; `pre` and `post` hold the layers' first values."""
    assert c.pre is not None and c.post is not None
    extra = {"i": "i", "j": "j", "N_pre": repr(n_pre), "N_post": repr(n_post)}
    scope = values.symbols.pattern_scope(c)
    for name in used_names([expr]):
        symbol = scope.get(name)
        if symbol is not None and symbol.side:
            side = c.pre if symbol.side == "pre" else c.post
            if symbol.kind == "parameter":
                extra[name] = values.reference(side.parameters[symbol.name], side, "block")
            else:
                index = "i" if symbol.side == "pre" else "j"
                extra[name] = f"{symbol.side}[{symbol.name!r}][{index}]"
    return values.code(expr, c, extra, "block")

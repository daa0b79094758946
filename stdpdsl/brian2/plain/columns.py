"""Code of the columns of tables that a plain script saves."""

from __future__ import annotations

import ast

from ...ir import Kept


def written_out(shown: str, values: str, final: str, times: str, end: str) -> list[str]:
    """Lines of the only samples of a script, which need no function."""
    return [
        f"values, t = np.vstack([{values}, {final}]).T.astype(float), np.append({times}, {end})",
        "columns = {n: np.repeat(np.broadcast_to(v, len(values)), len(t))"
        " for n, v in where.items()}",
        f'yield "trajectories", columns | {{"variable": "{shown}", "t": np.tile(t, len(values)),'
        ' "value": values.ravel()}',
    ]


def saved(columns: str, kept: Kept | None) -> str:
    """Code of the columns of a table, or of the rows of them that are saved."""
    arguments = kept.code() if kept is not None else ""
    return f"rows_kept({columns}, {arguments})" if arguments else columns


def is_decay(node: ast.expr) -> bool:
    """Whether code is `relaxed(value, still, at_one, age)` of a variable that is still at 0."""
    return (
        isinstance(node, ast.Call) and ast.unparse(node.func) == "relaxed" and is_zero(node.args[1])
    )


def is_zero(node: ast.expr) -> bool:
    """Whether code is a product or quotient with a factor 0.0."""
    match node:
        case ast.Constant(value=0.0):
            return True
        case ast.UnaryOp():
            return is_zero(node.operand)
        case ast.BinOp(op=ast.Mult()):
            return is_zero(node.left) or is_zero(node.right)
        case ast.BinOp(op=ast.Div()):
            return is_zero(node.left)
    return False

"""Code for the columns of tables that a plain script saves."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ...ir import Kept


def written_out(shown: str, model: str, monitor: str, final: str, end: str) -> list[str]:
    """The lines for the only samples of a script, which need no function."""
    return [
        f"monitor, where = {monitor}, {{n: np.reshape(v, (-1, 1)) for n, v in where.items()}}",
        f'yield "trajectories", where | {{"variable": "{shown}",'
        f' "t": np.append(monitor["t"], {end}), "value": np.c_[monitor["{model}"].T, {final}}}',
    ]


def in_one(each: Sequence[Sequence[str]], variables: Sequence[str]) -> list[str]:
    """The lines for each variable, in a loop if they differ only in its name."""
    general = [
        [line.replace(f'"{variable}"', "variable") for line in lines]
        for lines, variable in zip(each, variables, strict=True)
    ]
    if len(each) == 1 or any(lines != general[0] for lines in general):
        return [line for lines in each for line in lines]
    names = ", ".join(f'"{variable}"' for variable in variables)
    return [f"for variable in ({names}):", *(f"    {line}" for line in general[0])]


def saved(columns: str, kept: Kept | None) -> str:
    """Code for the columns of a table, or for the rows that are saved."""
    arguments = kept.code() if kept is not None else ""
    return f"rows_kept({columns}, {arguments})" if arguments else columns


def is_decay(node: ast.expr) -> bool:
    """Whether code is `relaxed(value, still, at_one, age)` of a variable whose rate of change is 0
    at 0."""
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

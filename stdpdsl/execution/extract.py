"""Writes one block of a sweep as its own spec, which gives exactly the same numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..compiler import library
from ..language import ast
from ..language.diagnostics import CompileError, render
from ..language.numeric import NotConstant, evaluate
from ..language.overrides import with_settings
from ..language.parser import parse
from ..language.printer import print_node
from ..language.source import Source
from ..lower.until_stable import written
from ..plan import TARGETS
from ..results.axes import sweep_columns
from ..results.errors import ResultsError
from ..results.network import replicate_of
from ..results.reader import Results

_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", re.ASCII)
_UNIT = re.compile(r"[A-Za-z0-9*/.-]+", re.ASCII)


def extracted(results: Results, block: int) -> str:
    """The spec with the block's row as its only row. All else is as in the spec that was run,
    including comments, with the values of `--set`. Random draws depend on the seed, the replicate
    and, if blocks draw independently, on the row's values; the spec contains all of these.
    ResultsError if the results do not say how they were made, or if blocks are coupled.
    """
    said = results.metadata
    if "spec" not in said or "set" not in said:
        raise ResultsError(f"{results.folder}: its metadata lacks spec, set")
    source = Source(str(results.folder / "spec.stdp"), results.spec)
    try:
        before = parse(source)
        spec = with_settings(before, said["set"], library())
    except CompileError as error:
        raise ResultsError(
            f"{results.folder}: its spec now has errors:\n{render(error.diagnostics)}"
        ) from None
    for connection in spec.of(ast.Connect):
        if connection.across_blocks:
            raise ResultsError(
                f"{results.folder}: {connection.name.id} couples the blocks, so no block can be"
                " run alone"
            )
    replicate_of(results, block)  # raises ResultsError if there is no such block
    text = source.text
    # From the end, so that earlier positions stay valid.
    for old, new in reversed([*zip(before.declarations, spec.declarations, strict=True)]):
        now = old.span.text if old == new else print_node(new)
        if isinstance(new, ast.Sweep):
            now = _one_row(results, block)
        elif isinstance(new, ast.Search):  # whose values are columns, as those of a sweep
            now = "" if spec.of(ast.Sweep) else _one_row(results, block)
        elif isinstance(new, ast.Record):
            now = _recorded(new, block, spec, now)
        body = text[old.span.start : old.span.end]
        end = body[len(body.rstrip()) :]
        text = text[: old.span.start] + now.rstrip() + end + text[old.span.end :]
    text = _head(results, block) + text.lstrip("\ufeff\n")
    try:
        parse(Source("block.stdp", text))
    except CompileError as error:
        raise ResultsError(
            f"the block cannot be written as a spec:\n{render(error.diagnostics)}"
        ) from None
    return text


def _head(results: Results, block: int) -> str:
    said = results.metadata
    target = said.get("target") if said.get("target") in TARGETS else None
    options = f" --target {target}" if target else ""
    try:
        until = written(said.get("until_stable"))
    except ValueError as error:
        raise ResultsError(f"{results.folder}: its until_stable is not valid: {error}") from None
    options += f" --until-stable '{until}'" if until else ""
    return (
        f"# Block {block} of a sweep of {said.get('blocks', 1)} blocks, by `stdpdsl extract`."
        f" To get the same numbers:\n# stdpdsl run FILE{options}\n\n"
    )


def _one_row(results: Results, block: int) -> str:
    """A sweep of the block's row alone."""
    import pyarrow.dataset as ds

    names = list(sweep_columns(results))
    rows = results.table("blocks", ["block", *names], ds.field("block") == block)
    described = results.described("blocks")
    heads, cells, axes, replicate = [], [], [], None
    for name in names:
        value = rows[name][0].as_py()
        if name == "replicate":
            replicate = value
            continue
        path, unit = (described[name].get(key, "") for key in ("path", "unit"))
        if not (_PATH.fullmatch(path) and _UNIT.fullmatch(unit)):
            raise ResultsError(
                f"{results.folder}: does not say what its column {name} sets; run its spec again"
            )
        if isinstance(value, str) and not _PATH.fullmatch(value):
            raise ResultsError(f"{results.folder}: {value!r} is not a preset")
        if "." in unit:  # a head cannot express this unit
            axes.append(f"        {path} = [{float(value)!r}{_as_factors(unit)}]")
            continue
        heads.append(path if unit == "1" else f"{path} [{unit}]")
        cells.append(value if isinstance(value, str) else repr(float(value)))
    lines = ["sweep:"]
    if heads:
        widths = [max(map(len, pair)) for pair in zip(heads, cells, strict=True)]
        lines.append("    table:")
        for row in (heads, cells):
            shown = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append(f"        | {' | '.join(shown)} |")
    lines += ["    grid:", *axes] if axes else []
    if replicate is not None:
        lines.append(f"    replicate: {int(replicate)}")
    return "\n".join(lines)


def _as_factors(unit: str) -> str:
    """` * (1 volt) / (1 second)**0.5` for `volt/second**0.5`: multiplying by 1 changes no bit."""
    text = ""
    for sign, name, power in re.findall(r"([*/]?)([A-Za-z]+)(?:\*\*([\d.]+))?", f"*{unit}"):
        text += f" {sign} (1 {name}){f'**{power}' if power else ''}"
    return text


def _recorded(record: ast.Record, block: int, spec: ast.Spec, text: str) -> str:
    """The recordings of the block, which is now block 0; `text` if no recording names it."""
    if not any(item.window.blocks for item in record.items):
        return text
    constants = {
        item.name.id: item.value for group in spec.of(ast.Constants) for item in group.items
    }
    kept: list[Any] = []
    for item in record.items:
        if blocks := item.window.blocks:
            if block not in [_number(expr, constants) for expr in blocks]:
                continue
            zero = ast.Number(0, "0", span=blocks[0].span)
            item = replace(item, window=replace(item.window, blocks=(zero,)))
        kept.append(item)
    return print_node(replace(record, items=tuple(kept))) if kept else ""


def _number(expr: ast.Expr, constants: Mapping[str, ast.Expr]) -> int:
    """The value of a number or constant."""
    names = [n.id for n in ast.walk(expr) if isinstance(n, ast.Name)]
    try:
        known = {name: _number(constants[name], constants) for name in names}
        return int(evaluate(expr, known))
    except (KeyError, NotConstant, RecursionError) as error:
        raise ResultsError(f"`in blocks {expr.span.text}` is not a number: {error}") from None

"""The parts of a sweep: tables, grids, files and random samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..check.columns import Columns
from ..check.files import split_head
from ..check.report import Reporter
from ..language import ast
from ..language.builtins import DISTRIBUTIONS
from ..language.diagnostics import Diagnostic, did_you_mean
from ..language.draws import arguments_of, distribution_of
from ..language.numeric import with_unit
from ..language.units import dim_and_power, in_si, parse_unit
from ..runtime import draws, quantiles
from .designs import DESIGNS
from .files import MAX_ROWS, is_number, number_of, reason
from .table import Part
from .values import Values

SWEEP_STREAM = ("sweep", "samples")

QUANTILES = {
    "binomial_quantile": draws.binomial_quantile,
    "gamma_quantile": quantiles.gamma_quantile,
    "truncated_normal_quantile": quantiles.truncated_normal_quantile,
}


class Parts(Values):
    """Evaluates each part of a sweep to columns."""

    def parts(self, sweep: ast.Sweep) -> list[Part]:
        found: list[Part] = []
        for part in sweep.parts:
            match part:
                case ast.Table():
                    found.append(self.table(part))
                case ast.Grid():
                    for axis in part.axes:
                        found.append(self.axes(part, (axis,)))
                case ast.Zip():
                    found.append(self.axes(part, part.axes))
                case ast.RandomSamples():
                    found.append(self.random(part))
                case ast.FromFile():
                    found.append(self.files[part.path.value])
        return found

    def table(self, part: ast.Table) -> Part:
        values: dict[str, list[Any]] = {self.name_of(h): [] for h in part.headers}
        for row in part.rows:
            for name, head, cell in zip(values, part.headers, row, strict=True):
                if self.names_presets(name):
                    values[name].append(preset_named(cell))
                    continue
                values[name].append(float(self.value(with_unit(cell, head.unit), {})))
        if not part.rows:
            self.report("SWEEP007", part, "the table has no rows", help="give it at least one")
        return Part(part, {n: self.array(n, v) for n, v in values.items()})

    def axes(self, part: ast.SweepPart, axes: tuple[ast.Axis, ...]) -> Part:
        columns: dict[str, np.ndarray] = {}
        first: tuple[ast.Axis, int] | None = None
        for axis in axes:
            name = self.name_of(axis)
            if self.names_presets(name):
                items = axis.value.items if isinstance(axis.value, ast.ListExpr) else (axis.value,)
                values = self.array(name, [preset_named(item) for item in items])
            else:
                values = np.atleast_1d(np.asarray(self.value(axis.value, {}), dtype=float))
            columns[name] = values
            if len(values) == 0:
                self.report(
                    "SWEEP007",
                    axis.value,
                    f"the axis `{axis.path.dotted}` has no values",
                    help="give it at least one, or leave out the axis",
                )
            if first is None:
                first = axis, len(values)
            elif len(values) != first[1]:
                self.report(
                    "SWEEP009",
                    axis.value,
                    f"`{axis.path.dotted}` has {len(values)} values where"
                    f" `{first[0].path.dotted}` has {first[1]}",
                    help="axes of a zip advance together and need the same length;"
                    " use `grid:` for their product",
                )
        return Part(part, columns, {self.name_of(a): a.value for a in axes})

    def random(self, part: ast.RandomSamples) -> Part:
        samples = self.count(part.samples, part.design)
        if part.design == "sobol" and samples & (samples - 1):
            near = 1 << samples.bit_length()
            self.warnings.append(
                Diagnostic(
                    "SWEEP018",
                    part.samples.span,
                    f"{samples:,} is not a power of two, so these samples fill the space less"
                    " evenly",
                    help=f"take {near // 2:,} or {near:,}",
                    severity="warning",
                )
            )
        if samples > MAX_ROWS:
            self.report(
                "SWEEP006",
                part.samples,
                f"the sweep has {samples:,} rows; the limit is {MAX_ROWS:,}",
                help="take fewer samples, and others in a second run with another `seed`",
            )
            samples = 1
        rng = draws.seeded_stream(self.seed, *SWEEP_STREAM)
        base = DESIGNS[part.design](samples, len(part.axes), rng)
        columns = {}
        for k, axis in enumerate(part.axes):
            columns[self.name_of(axis)] = self.draw(axis, base[:, k])
        return Part(part, columns, {self.name_of(a): a.value for a in part.axes})

    def draw(self, axis: ast.Axis, u: np.ndarray) -> np.ndarray:
        call = axis.value
        if not isinstance(call, ast.Call) or call.func.id not in DISTRIBUTIONS:
            self.report(
                "SWEEP010",
                axis.value,
                f"`{axis.path.dotted}` needs a distribution here",
                help="such as `uniform(low, high)` or `loguniform(low, high)`",
            )
            return np.zeros(len(u))
        distribution = distribution_of(call)
        given = arguments_of(call)
        try:
            arguments = [np.float64(self.value(given[n], {})) for n in distribution.arguments]
        except KeyError:
            return np.zeros(len(u))  # the dimension check has reported it
        base = draws.normal_quantile(u) if distribution.base == "normal" else u
        # The same text is the script's code for initial values.
        code = distribution.transform.format(*("abcd"[: len(arguments)]), u="u")
        names = {"np": np, "u": base} | dict(zip("abcd", arguments, strict=False))
        if distribution.quantile:
            names[distribution.quantile] = QUANTILES[distribution.quantile]
        with np.errstate(all="ignore"):
            return np.asarray(eval(code, {"__builtins__": {}}, names), dtype=float)

    def read_files(self, sweep: ast.Sweep) -> None:
        """Files first, because their headers are columns too."""
        self.files: dict[str, Part] = {}
        for part in sweep.parts:
            if isinstance(part, ast.FromFile):
                self.files[part.path.value] = self.file(part)

    def file(self, part: ast.FromFile) -> Part:
        try:
            table = self.read_table(part.path.value)
        except OSError as problem:
            self.report(
                "FILE001",
                part.path,
                f"cannot read `{part.path.value}`: {reason(problem)}",
                help="the path is relative to the spec's folder",
            )
            return Part(part, {})
        except ValueError as problem:
            self.report("FILE002", part.path, f"`{part.path.value}` is not a table: {problem}")
            return Part(part, {})
        paths, values = [], []
        for head, cells in table.items():
            path = _path_of(part, head)
            column = self.column_of(part, path, str(head), cells)
            if column is not None:
                paths.append(path)
                values.append(column)
        if part.path.value not in self.symbols.files_read:  # otherwise the check knew its headers
            reporter = Reporter()
            Columns(self.symbols, reporter).add([(path, part) for path in paths])
            self.diagnostics += reporter.diagnostics
        columns = {}
        for path, array in zip(paths, values, strict=True):
            columns[self.column_named(path.dotted)] = array
        if paths and len(values[0]) == 0:
            self.report(
                "SWEEP007",
                part.path,
                f"`{part.path.value}` has no rows",
                help="each row below the head becomes a block",
            )
        return Part(part, columns)

    def column_of(
        self, part: ast.FromFile, path: ast.Path, head: str, cells: Sequence[Any]
    ) -> np.ndarray | None:
        """The values of a column, in SI units or as names of presets; nothing if some are wrong."""
        presets = self.presets_of(path)
        if presets is not None:
            names = np.array([str(c).strip() for c in cells], dtype=object)
            self.check_presets(part, head, names, presets)
            return names
        _, unit = split_head(head)
        try:
            power = dim_and_power(parse_unit(unit))[1] if unit else 0
            return np.array([in_si(number_of(c), power) for c in cells], dtype=float)
        except KeyError as unknown:
            self.report(
                "FILE003",
                part.path,
                f"the column `{head}` of `{part.path.value}` has the unit {unknown}, which is unknown",  # noqa: E501
            )
        except (TypeError, ValueError):
            row, cell = next((k, c) for k, c in enumerate(cells) if not is_number(c))
            shown = "nothing" if cell in (None, "") else f"`{cell}`"
            self.report(
                "FILE003",
                part.path,
                f"row {row + 1} below the head of `{part.path.value}` has"
                f" {shown} in the column `{head}`",
                help="each cell of a sweep's table must be one number",
            )
        return None

    def check_presets(
        self, part: ast.FromFile, head: str, cells: np.ndarray, presets: list[str]
    ) -> None:
        row = next((k for k, cell in enumerate(cells) if cell not in presets), None)
        if row is not None:
            listed = ", ".join(f"`{p}`" for p in presets)
            self.report(
                "FILE003",
                part.path,
                f"row {row + 1} of `{part.path.value}` has {cells[row]!r} in the column `{head}`",
                help=did_you_mean(cells[row], presets) or f"its presets: {listed}",
            )


def _path_of(part: ast.FromFile, head: object) -> ast.Path:
    """The path of a column from a file, with the file's place in the spec as its position."""
    name, _ = split_head(str(head))
    span = part.path.span
    return ast.Path(tuple(ast.Ident(p, span=span) for p in name.split(".")), span=span)


def preset_named(cell: ast.Expr) -> str:
    assert isinstance(cell, ast.Name)  # otherwise the check has reported it
    return cell.id

"""The sweep: from its parts to columns with one value per block.

Rows are counted before they are made. Parts multiply in the order of the text, the last varying
fastest; then `derive`, `where`, and `replicates`, which is outermost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..check.files import split_head
from ..check.searches import OWN_COLUMNS, plan_of
from ..check.symbols import Symbols
from ..check.values import constant_values
from ..language import ast
from ..language.builtins import DISTRIBUTIONS
from ..language.diagnostics import Diagnostic, Label, did_you_mean
from ..language.draws import arguments_of, distribution_of
from ..language.numeric import NotConstant, evaluate, with_unit
from ..language.units import dim_and_power, in_si, parse_unit
from ..runtime import draws, quantiles
from ..runtime.table import product
from .files import MAX_ROWS, is_number, number_of, reason

SWEEP_STREAM = ("sweep", "samples")
SMALLEST = 2.0**-53
"""Distance from 0 and 1 that a base draw keeps: the quantile of a normal is infinite there."""
QUANTILES = {
    "binomial_quantile": draws.binomial_quantile,
    "gamma_quantile": quantiles.gamma_quantile,
    "truncated_normal_quantile": quantiles.truncated_normal_quantile,
}

ReadTable = Callable[[str], Mapping[str, list]]


@dataclass(frozen=True)
class Part:
    """One factor of the product. `source` is its syntax; rendering prints it as code, except for
    tables and files, whose values are printed."""

    source: ast.SweepPart
    columns: dict[str, np.ndarray]
    axes: dict[str, ast.Expr] = field(default_factory=dict)


@dataclass(frozen=True)
class SweepTable:
    """The evaluated sweep. `columns` holds SI floats, one per row, in the order of the spec, and
    `replicate` (whole numbers) last where the spec asks for replicates. A column of presets holds
    their names (dtype object)."""

    parts: tuple[Part, ...]
    derive: tuple[tuple[str, ast.Axis, dict[str, Any]], ...]  # name, axis, unswept values it uses
    where: ast.Expr | None
    where_values: dict[str, Any]
    replicates: int
    first_replicate: int
    columns: dict[str, np.ndarray]
    rows: int
    seed: int
    order: tuple[int, ...] = ()
    """The row of the spec that each block is, where they do not follow one another."""

    def in_order(self, order: Sequence[int]) -> SweepTable:
        """The same rows in another order; ValueError where that is none of them."""
        if sorted(order) != list(range(self.rows)):
            raise ValueError(f"{len(order)} blocks are no order of {self.rows} rows")
        columns = {name: values[list(order)] for name, values in self.columns.items()}
        return replace(self, columns=columns, order=tuple(order))

    def after(self, first: int) -> SweepTable:
        """The rows from one on, of which alone the costs are asked."""
        columns = {name: values[first:] for name, values in self.columns.items()}
        replicates = len(np.unique(columns["replicate"])) if "replicate" in columns else 1
        return replace(self, columns=columns, rows=self.rows - first, replicates=replicates)


class Evaluator:
    """Evaluates one spec's sweep; problems go to `diagnostics`."""

    def __init__(self, symbols: Symbols, seed: int, read_table: ReadTable):
        self.symbols = symbols
        self.seed = seed
        self.read_table = read_table
        self.diagnostics: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []
        self.constants = constant_values(symbols, unswept=False)

    def report(self, code: str, node: ast.Node, message: str, help: str = "", **more: Any) -> None:
        self.diagnostics.append(Diagnostic(code, node.span, message, help=help, **more))

    def run(self) -> SweepTable | None:
        sweeps = self.symbols.spec.of(ast.Sweep)
        searches = self.symbols.spec.of(ast.Search)
        if searches:
            sweeps = [self.generation(searches[0], sweeps[0] if sweeps else None), *sweeps[1:]]
        if not sweeps:
            return SweepTable((), (), None, {}, 1, 0, {}, 1, self.seed)
        for extra in sweeps[1:]:
            self.report(
                "SWEEP005", extra, "a spec has one sweep", help="move its parts into the first",
                labels=(Label(sweeps[0].span, "the first"),),
            )  # fmt: skip
        sweep: ast.Sweep = sweeps[0]
        self.read_files(sweep)
        if searches and searches[0].compare and searches[0].data:
            self.measurements(searches[0].compare, self.files[searches[0].data.path.value])
        parts = self.parts(sweep)
        replicates = self.count(sweep.replicates, "replicates") if sweep.replicates else 1
        first = self.count(sweep.replicate, "replicate", 0) if sweep.replicate else 0
        rows = int(np.prod([_length(p) for p in parts], dtype=object)) * replicates
        if rows > MAX_ROWS:
            self.report(
                "SWEEP006", sweep, f"the sweep has {rows:,} rows; the limit is {MAX_ROWS:,}",
                help="take fewer values per axis, or `random: N samples` of the same space",
            )  # fmt: skip
        if self.diagnostics:
            return None
        columns = product(*(p.columns for p in parts if p.columns))
        rows = _length_of(columns)
        derive = self.derive(sweep, columns, rows)
        where_values: dict[str, Any] = {}
        if sweep.where is not None and not self.diagnostics:
            where_values = self.unswept(sweep.where, None, columns)
            keep = np.broadcast_to(self.value(sweep.where, {**columns, **where_values}), rows)
            columns = {name: values[keep] for name, values in columns.items()}
            rows = int(np.count_nonzero(keep))
        if self.diagnostics:
            return None
        if rows == 0:
            self.report(
                "SWEEP007", sweep.where or sweep, "the sweep has no rows",
                help="`where` keeps none of them" if sweep.where else "give it at least one",
            )  # fmt: skip
            return None
        self.check_values(sweep, columns)
        if replicates > 1:
            count = rows
            columns = {n: np.tile(v, replicates) for n, v in columns.items()}
            columns["replicate"] = first + np.repeat(np.arange(replicates), count)
            rows *= replicates
        elif sweep.replicates is not None or sweep.replicate is not None:
            columns["replicate"] = np.full(rows, first)
        for name in OWN_COLUMNS:  # numbers of a search's trials, whole as those of replicates
            if name in columns and np.all(columns[name] == np.floor(columns[name])):
                columns[name] = columns[name].astype(int)
        ordered = {n: columns[n] for n in [*self.symbols.columns, "replicate"] if n in columns}
        return SweepTable(
            tuple(parts), tuple(derive), sweep.where, where_values, replicates, first, ordered,
            rows, self.seed,
        )  # fmt: skip

    def generation(self, search: ast.Search, sweep: ast.Sweep | None) -> ast.Sweep:
        """A sweep that is as large as a batch of trials, which all have random values."""
        count = plan_of(search, self.constants).batch
        batch = ast.Number(count, str(count), span=search.span)
        trials = ast.RandomSamples(batch, search.over, span=search.span)
        parts = (trials, *((search.data,) if search.data else ()))
        if sweep is None:
            return ast.Sweep(parts, span=search.span)
        return replace(sweep, parts=(*parts, *sweep.parts))

    def measurements(self, compare: ast.Comparison, part: Part) -> None:
        """Standard errors are above 0; empty cells are told as those of any table."""
        if compare.error is None or compare.error.id not in part.columns:
            return
        values = part.columns[compare.error.id]
        bad = np.flatnonzero(~(values > 0)) if values.dtype != object else np.zeros(0, int)
        if len(bad):
            self.report(
                "SEARCH007", compare.error,
                f"the standard error is {values[bad[0]]:g} in row {bad[0] + 1} below the head",
                help="each is above 0; leave `within` out where there are none",
            )  # fmt: skip

    # Parts

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
                    values[name].append(_preset(cell))
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
                values = self.array(name, [_preset(item) for item in items])
            else:
                values = np.atleast_1d(np.asarray(self.value(axis.value, {}), dtype=float))
            columns[name] = values
            if len(values) == 0:
                self.report("SWEEP007", axis.value, f"the axis `{axis.path.dotted}` has no values",
                            help="give it at least one, or leave out the axis")  # fmt: skip
            if first is None:
                first = axis, len(values)
            elif len(values) != first[1]:
                self.report(
                    "SWEEP009", axis.value,
                    f"`{axis.path.dotted}` has {len(values)} values where"
                    f" `{first[0].path.dotted}` has {first[1]}",
                    help="axes of a zip advance together and need the same length;"
                    " use `grid:` for their product",
                )  # fmt: skip
        return Part(part, columns, {self.name_of(a): a.value for a in axes})

    def random(self, part: ast.RandomSamples) -> Part:
        samples = self.count(part.samples, part.design)
        if part.design == "sobol" and samples & (samples - 1):
            near = 1 << samples.bit_length()
            self.warnings.append(Diagnostic(
                "SWEEP018", part.samples.span,
                f"{samples:,} is no power of two, so these samples fill the space less evenly",
                help=f"take {near // 2:,} or {near:,}", severity="warning",
            ))  # fmt: skip
        if samples > MAX_ROWS:
            self.report(
                "SWEEP006", part.samples,
                f"the sweep has {samples:,} rows; the limit is {MAX_ROWS:,}",
                help="take fewer samples, and others in a second run with another `seed`",
            )  # fmt: skip
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
                "SWEEP010", axis.value, f"`{axis.path.dotted}` needs a distribution here",
                help="such as `uniform(low, high)` or `loguniform(low, high)`",
            )  # fmt: skip
            return np.zeros(len(u))
        distribution = distribution_of(call)
        given = arguments_of(call)
        try:
            arguments = [np.float64(self.value(given[n], {})) for n in distribution.arguments]
        except KeyError:
            return np.zeros(len(u))  # the dimension check has said so
        base = draws.normal_quantile(u) if distribution.base == "normal" else u
        # The same text is the script's code for initial values.
        code = distribution.transform.format(*("abcd"[: len(arguments)]), u="u")
        names = {"np": np, "u": base} | dict(zip("abcd", arguments, strict=False))
        if distribution.quantile:
            names[distribution.quantile] = QUANTILES[distribution.quantile]
        with np.errstate(all="ignore"):
            return np.asarray(eval(code, {"__builtins__": {}}, names), dtype=float)

    def read_files(self, sweep: ast.Sweep) -> None:
        """Files first: their headers are columns as well."""
        self.files: dict[str, Part] = {}
        for part in sweep.parts:
            if isinstance(part, ast.FromFile):
                self.files[part.path.value] = self.file(part)

    def file(self, part: ast.FromFile) -> Part:
        try:
            table = self.read_table(part.path.value)
        except OSError as problem:
            self.report(
                "FILE001", part.path, f"cannot read `{part.path.value}`: {reason(problem)}",
                help="the path is taken from the spec's folder",
            )  # fmt: skip
            return Part(part, {})
        except ValueError as problem:
            self.report("FILE002", part.path, f"`{part.path.value}` is no table: {problem}")
            return Part(part, {})
        paths, values = [], []
        for head, cells in table.items():
            name, unit = split_head(str(head))
            path = ast.Path(
                tuple(ast.Ident(p, span=part.path.span) for p in name.split(".")),
                span=part.path.span,
            )
            presets = self.presets_of(path)
            if presets is not None:
                paths.append(path)
                values.append(np.array([str(c).strip() for c in cells], dtype=object))
                self.check_presets(part, str(head), values[-1], presets)
                continue
            try:
                power = dim_and_power(parse_unit(unit))[1] if unit else 0
                values.append(np.array([in_si(number_of(c), power) for c in cells], dtype=float))
            except KeyError as unknown:
                self.report(
                    "FILE003", part.path,
                    f"the column `{head}` of `{part.path.value}` has the unit {unknown}, which is unknown",  # noqa: E501
                )  # fmt: skip
                continue
            except (TypeError, ValueError):
                row, cell = next((k, c) for k, c in enumerate(cells) if not is_number(c))
                shown = "nothing" if cell in (None, "") else f"`{cell}`"
                self.report(
                    "FILE003", part.path, f"row {row + 1} below the head of `{part.path.value}` has"
                    f" {shown} in the column `{head}`",
                    help="each cell of a sweep's table is one number",
                )  # fmt: skip
                continue
            paths.append(path)
        before = len(self.symbols.diagnostics)
        builder_add(self.symbols, [(p, part) for p in paths])
        self.diagnostics += self.symbols.diagnostics[before:]
        del self.symbols.diagnostics[before:]
        columns = {}
        for path, array in zip(paths, values, strict=True):
            columns[self.column_named(path.dotted)] = array
        if paths and len(values[0]) == 0:
            self.report("SWEEP007", part.path, f"`{part.path.value}` has no rows",
                        help="each row below the head is a block")  # fmt: skip
        return Part(part, columns)

    # Derived columns

    def derive(
        self, sweep: ast.Sweep, columns: dict[str, np.ndarray], rows: int
    ) -> list[tuple[str, ast.Axis, dict[str, Any]]]:
        waiting = {self.name_of(axis): axis for axis in sweep.derive}
        done: list[tuple[str, ast.Axis, dict[str, Any]]] = []
        shorts = {_last(n): n for n in waiting}
        while waiting:
            ready = [
                name
                for name, axis in waiting.items()
                if not any(
                    shorts.get(used) in waiting for used in _names(axis.value) if used in shorts
                )
            ]
            if not ready:
                axis = next(iter(waiting.values()))
                self.report(
                    "SWEEP011", axis.path,
                    f"`{axis.path.dotted}` is derived from itself",
                    help="a cycle: " + " -> ".join(f"`{n}`" for n in [*waiting, next(iter(waiting))]),  # noqa: E501
                )  # fmt: skip
                break
            for name in ready:
                axis = waiting.pop(name)
                values = self.unswept(axis.value, axis, columns)
                env = {**columns, **{_last(n): v for n, v in columns.items()}, **values}
                result = np.asarray(self.value(axis.value, env), dtype=float)
                columns[name] = np.array(np.broadcast_to(result, rows))
                done.append((name, axis, values))
        return done

    def unswept(
        self, expr: ast.Expr, axis: ast.Axis | None, columns: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The values of the names in an expression that are no columns: a parameter by its
        unswept value, else a constant."""
        found: dict[str, Any] = {}
        shorts = {_last(n) for n in columns}
        first = None
        if axis is not None and len(axis.path.parts) == 2:
            first = axis.path.parts[0].id
        elif axis is not None:
            dotted = axis.path.dotted
            columns_of = self.symbols.columns.values()
            target = next((c.target for c in columns_of if c.path.dotted == dotted), None)
            first = target[0] if target else None
        owners = list(self.symbols.components.values())
        owners.sort(key=lambda c: c.name != first)
        for name in _names(expr):
            if name in columns or name in shorts or name in found:
                continue
            owner = next((c for c in owners if name in c.parameters), None)
            if owner is not None:
                found[name] = self.parameter(owner.name, name, ())
            elif name in self.constants:
                found[name] = self.constants[name]
        return {n: v for n, v in found.items() if v is not None}

    def parameter(self, component: str, name: str, path: tuple[str, ...]) -> Any:
        owner = self.symbols.components[component]
        symbol = owner.parameters.get(name)
        if symbol is None or symbol.value is None or name in path:
            return None
        env = dict(self.constants)
        for used in _names(symbol.value):
            if used in owner.parameters:
                env[used] = self.parameter(component, used, (*path, name))
        return self.value(symbol.value, {n: v for n, v in env.items() if v is not None})

    # Helpers

    def value(self, expr: ast.Expr, env: Mapping[str, Any]) -> Any:
        try:
            return evaluate(expr, {**self.constants, **env})
        except NotConstant as problem:
            if isinstance(problem.node, ast.Name):
                known = [*self.constants, *env]
                self.report(
                    "SWEEP012", problem.node, f"`{problem.node.id}` has no value here",
                    help=did_you_mean(problem.node.id, known)
                    or "a sweep uses columns, unswept parameters and constants",
                )  # fmt: skip
            else:
                self.report("SWEEP012", problem.node, f"this {problem.reason}")
            return 0.0

    def count(self, expr: ast.Expr, what: str, least: int = 1) -> int:
        value = self.value(expr, {})
        good = np.ndim(value) == 0 and value == int(value) and least <= value
        good = good and (least > 0 or value < 2**31)  # how many are told of elsewhere
        if not good:
            text = f"`{what}` is a whole number of at least {least}, not {value}"
            self.report("SWEEP013", expr, text)
            return 1
        return int(value)

    def name_of(self, node: ast.Axis | ast.Header) -> str:
        return self.column_named(node.path.dotted)

    def column_named(self, dotted: str) -> str:
        for column in self.symbols.columns.values():
            if column.path.dotted == dotted:
                return column.name
        # Two ways of naming one parameter: `Apre` and `feedforward.Apre`; reported as swept twice.
        return dotted

    # Columns of presets

    def names_presets(self, name: str) -> bool:
        column = self.symbols.columns.get(name)
        return column is not None and column.of_presets

    def presets_of(self, path: ast.Path) -> list[str] | None:
        """The presets that a column of this name may hold; None for a column of numbers."""
        target = builder_on(self.symbols).target(path) if path.parts[-1].id == "preset" else None
        component = self.symbols.components.get(target[0]) if target else None
        if component is None or component.rule is None:
            return None
        return [p.name.id for p in component.rule.presets]

    def check_presets(
        self, part: ast.FromFile, head: str, cells: np.ndarray, presets: list[str]
    ) -> None:
        row = next((k for k, cell in enumerate(cells) if cell not in presets), None)
        if row is not None:
            listed = ", ".join(f"`{p}`" for p in presets)
            self.report(
                "FILE003", part.path,
                f"row {row + 1} of `{part.path.value}` has {cells[row]!r} in the column `{head}`",
                help=did_you_mean(cells[row], presets) or f"its presets: {listed}",
            )  # fmt: skip

    def array(self, name: str, values: list[Any]) -> np.ndarray:
        return np.array(values, dtype=object if self.names_presets(name) else float)

    def check_values(self, sweep: ast.Sweep, columns: Mapping[str, np.ndarray]) -> None:
        for name, values in columns.items():
            if values.dtype == object:
                continue
            bad = ~np.isfinite(values)
            # A column that is derived from a bad one is bad as well: one message is enough.
            if bad.any() and not self.diagnostics:
                row = int(np.argmax(bad))
                self.report(
                    "SWEEP014", self.node_of(name, sweep),
                    f"the column `{name}` is {values[row]} in row {row}",
                    help="every value of a sweep is a finite number",
                )  # fmt: skip
        # Trials of a search are told apart by their numbers, which are not here yet.
        if not columns or self.diagnostics or self.symbols.spec.of(ast.Search):
            return
        rows = np.stack([_comparable(v) for v in columns.values()], axis=1)
        unique, counts = np.unique(rows, axis=0, return_counts=True)
        if len(unique) < len(rows):
            k = int(np.argmax(counts > 1))
            twins = np.flatnonzero((rows == unique[k]).all(axis=1))
            self.report(
                "SWEEP015", sweep, f"rows {twins[0]} and {twins[1]} of the sweep are identical",
                help="for repeats with other random numbers write `replicates: 2`",
            )  # fmt: skip

    def node_of(self, name: str, sweep: ast.Sweep) -> ast.Node:
        column = self.symbols.columns.get(name)
        return column.path if column else sweep


def evaluate_sweep(
    symbols: Symbols, seed: int, read_table: ReadTable
) -> tuple[SweepTable | None, list[Diagnostic]]:
    """The table, or None with what is wrong. `read_table` maps a file's name as the spec has it
    to its columns and raises OSError or ValueError."""
    evaluator = Evaluator(symbols, seed, read_table)
    table = evaluator.run()
    return table, [*evaluator.diagnostics, *evaluator.warnings]


def builder_add(symbols: Symbols, paths: list[tuple[ast.Path, ast.Node]]) -> None:
    """Adds columns to symbols that are built already."""
    # The check may have been given the heads of the files.
    builder_on(symbols).add_columns([
        (path, node) for path, node in paths
        if not (isinstance(node, ast.FromFile) and node.path.value in symbols.files_read)
    ])  # fmt: skip


def builder_on(symbols: Symbols) -> Any:
    from ..check.build import Builder

    builder = Builder(symbols.spec, {})
    builder.symbols = symbols
    return builder


def sobol(samples: int, axes: int, rng: np.random.Generator) -> np.ndarray:
    """(samples, axes) in (0, 1): the first points of a scrambled Sobol' sequence."""
    from scipy.stats import qmc

    # The whole power of two: SciPy warns of any other number.
    points = qmc.Sobol(axes, rng=rng).random_base2((samples - 1).bit_length())[:samples]
    return np.clip(points, SMALLEST, 1 - SMALLEST)


def scipy_latin_hypercube(samples: int, axes: int, rng: np.random.Generator) -> np.ndarray:
    """(samples, axes) in (0, 1): SciPy's Latin hypercube."""
    from scipy.stats import qmc

    points = qmc.LatinHypercube(axes, rng=rng).random(samples)
    return np.clip(points, SMALLEST, 1 - SMALLEST)


def latin_hypercube(samples: int, axes: int, rng: np.random.Generator) -> np.ndarray:
    """(samples, axes) in (0, 1): one sample in each of `samples` equal strata of each axis."""
    strata = np.stack([rng.permutation(samples) for _ in range(axes)], axis=1)
    return (strata + rng.random((samples, axes))) / samples


DESIGNS = {"random": latin_hypercube, "sobol": sobol, "latin_hypercube": scipy_latin_hypercube}


def _length(part: Part) -> int:
    return len(next(iter(part.columns.values()))) if part.columns else 1


def _length_of(columns: Mapping[str, np.ndarray]) -> int:
    return len(next(iter(columns.values()))) if columns else 1


def _names(expr: ast.Expr) -> list[str]:
    return [n.id for n in ast.walk(expr) if isinstance(n, ast.Name)]


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _preset(cell: ast.Expr) -> str:
    assert isinstance(cell, ast.Name)  # the check has said so otherwise
    return cell.id


def _comparable(values: np.ndarray) -> np.ndarray:
    """Names by their number among all names of the column."""
    if values.dtype == object:
        values = np.unique(values, return_inverse=True)[1]
    return np.asarray(values, dtype=float)

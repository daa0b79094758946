"""The compiler: text -> tree -> checked -> sweep -> experiment -> script."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from . import ast
from .brian2.render import render
from .check import Checked, check
from .check.costs import Estimate, estimate
from .check.exact import check_exact
from .check.files import headers_of
from .check.limits import available_memory, refuse, size_of
from .check.rows import check_rows
from .check.values import constant_values
from .diagnostics import CompileError, Diagnostic, has_errors, in_order
from .lower import lower
from .parser import parse
from .recordings import missing_files
from .source import Source
from .sweep import SweepTable, evaluate_sweep

# Runtime targets cost about this much per step and group of neurons or synapses, a standalone
# build about this long; measured on two cores.
SECONDS_PER_STEP_AND_PART = 1e-4
SECONDS_OF_BUILD = 20.0


@dataclass(frozen=True)
class Plan:
    """What a run would do."""

    model: str
    target: str
    lines: tuple[tuple[str, str], ...]

    def render(self) -> str:
        width = max(len(name) for name, _ in self.lines)
        return "".join(f"{name:<{width}}  {value}\n" for name, value in self.lines)


@dataclass(frozen=True)
class Compiled:
    script: str
    diagnostics: list[Diagnostic]
    plan: Plan


def check_text(
    source: Source, folder: Path, sets: list[str]
) -> tuple[Checked | None, list[Diagnostic]]:
    """Everything that is wrong with a spec; reads only the files that it names."""
    try:
        checked, _, diagnostics = _front(source, folder, sets)
    except CompileError as error:
        return None, list(error.diagnostics)
    return checked, diagnostics


def compile_source(
    source: Source, folder: Path, sets: list[str], parameters: str, target: str
) -> Compiled:
    """The script of a spec. Raises CompileError with all errors at once."""
    checked, table, diagnostics = _front(source, folder, sets)
    if table is None or has_errors(diagnostics):
        raise CompileError(diagnostics)
    experiment = lower(checked, table)
    plan = make_plan(checked, table, experiment, target)
    script = render(experiment, source.text, parameters, plan.target)
    warnings = [d for d in diagnostics if d.severity != "error"]
    return Compiled(script, warnings, plan)


def _front(
    source: Source, folder: Path, sets: list[str]
) -> tuple[Checked, SweepTable | None, list[Diagnostic]]:
    spec = with_settings(parse(source), sets)
    used, problems = read_used(spec, folder)
    tables: dict[str, dict[str, list]] = {}

    def read(name: str) -> dict[str, list]:
        if name not in tables:
            tables[name] = read_table(folder / name)
        return tables[name]

    # The heads of files first: what they name is no unknown name.
    checked = check(spec, used, library(), headers_of(spec, read))
    diagnostics = [*problems, *missing_files(spec, folder), *checked.diagnostics]
    if has_errors(diagnostics):
        return checked, None, in_order(diagnostics)
    table, more = evaluate_sweep(checked.symbols, seed_of(checked), read)
    if table is not None:
        more = [*more, *check_rows(checked.symbols, table.columns)]
        more += check_exact(checked.symbols, table.columns)
        more += refuse(costs(checked, table), available_memory())
    return checked, table, in_order([*diagnostics, *more])


def costs(checked: Checked, table: SweepTable) -> Estimate:
    known = constant_values(checked.symbols, unswept=False)
    return estimate(checked.symbols, table.rows, table.replicates, known, columns=table.columns)


class Library(Mapping[str, ast.Rule]):
    """The rules that ship. A rule is parsed when it is asked for: parsing them all would take
    longer than all the rest of `check`."""

    def __init__(self, folder: Path):
        self.files: dict[str, Path] = {}
        self.known: dict[str, ast.Rule] = {}
        for path in sorted(folder.glob("*.stdp")):
            text = path.read_text(encoding="utf-8")
            self.files.update(dict.fromkeys(_RULE.findall(text), path))

    def __getitem__(self, name: str) -> ast.Rule:
        if name not in self.known:
            path = self.files[name]
            spec = parse(Source(path.name, path.read_text(encoding="utf-8")))
            self.known.update({rule.name.id: rule for rule in spec.of(ast.Rule)})
        return self.known[name]

    def __contains__(self, name: object) -> bool:
        return name in self.files

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


_RULE = re.compile(r"^rule (\w+) *:", re.MULTILINE)


@cache
def library() -> Library:
    return Library(Path(__file__).parent / "library")


def read_used(spec: ast.Spec, folder: Path) -> tuple[dict[str, ast.Spec], list[Diagnostic]]:
    used: dict[str, ast.Spec] = {}
    problems: list[Diagnostic] = []
    for use in spec.of(ast.Use):
        path = folder / use.path.value
        try:
            text = path.read_text(encoding="utf-8")
            used[use.path.value] = parse(Source(str(path), text))
        except OSError as error:
            reason = error.strerror or str(error)
            problems.append(Diagnostic(
                "FILE001", use.path.span, f"cannot read `{use.path.value}`: {reason}",
                help="the path is taken from the spec's folder",
            ))  # fmt: skip
        except UnicodeDecodeError:
            problems.append(
                Diagnostic("FILE002", use.path.span, f"`{use.path.value}` is not UTF-8 text")
            )
        except CompileError as error:
            problems += error.diagnostics
    return used, problems


def read_table(path: Path) -> dict[str, list]:
    """The columns of a CSV, Parquet or XLSX file; OSError or ValueError where there are none."""
    kind = path.suffix.lower()
    if kind == ".csv":
        import csv

        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
    elif kind == ".parquet":
        import pyarrow
        import pyarrow.parquet

        path.open("rb").close()
        try:
            return dict(pyarrow.parquet.read_table(path).to_pydict())
        except pyarrow.ArrowException as error:
            raise ValueError(str(error).partition("\n")[0]) from None
    elif kind == ".xlsx":
        import openpyxl

        path.open("rb").close()
        try:
            sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
        except Exception as error:
            raise ValueError(str(error)) from None
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    else:
        raise ValueError("a sweep's file ends in .csv, .parquet or .xlsx")
    rows = [row for row in rows if any(cell not in (None, "") for cell in row)]
    if not rows:
        raise ValueError("it is empty")
    head = [str(cell) for cell in rows[0]]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(head):
            raise ValueError(f"line {number} has {len(row)} cells where the head has {len(head)}")
    return {name: [row[k] for row in rows[1:]] for k, name in enumerate(head)}


def seed_of(checked: Checked) -> int:
    from .numeric import evaluate

    for run in checked.spec.of(ast.Run):
        if run.seed is not None:
            return int(evaluate(run.seed, constant_values(checked.symbols, unswept=False)))
    return 0


def with_settings(spec: ast.Spec, sets: list[str]) -> ast.Spec:
    """`--set NAME=VALUE`: a constant, a component's parameter, `duration`, `dt` or `seed`."""
    for text in sets:
        name, _, value = text.partition("=")
        source = Source("--set", f"constants:\n    setting = {value.strip()}\n")
        parsed = parse(source).of(ast.Constants)[0].items[0].value
        spec = with_setting(spec, name.strip(), parsed)
    return spec


def with_setting(spec: ast.Spec, name: str, value: ast.Expr) -> ast.Spec:
    owner, _, attribute = name.rpartition(".")
    changed: list[ast.Declaration] = []
    done = False
    for d in spec.declarations:
        if not owner and isinstance(d, ast.Run) and name in ("duration", "dt", "seed"):
            setting: dict[str, Any] = {name: value}
            d, done = replace(d, **setting), True
        elif not owner and isinstance(d, ast.Constants):
            items = tuple(replace(x, value=value) if x.name.id == name else x for x in d.items)
            done = done or any(x.name.id == name for x in d.items)
            d = replace(d, items=items)
        elif owner and isinstance(d, ast.Layer | ast.Connect) and d.name.id == owner:
            d, done = with_argument(d, attribute, value, rules_of(spec)), True
        changed.append(d)
    if not done:
        raise CompileError([Diagnostic(
            "NAME001", value.span, f"there is nothing called `{name}` to set",
            help="a constant, COMPONENT.PARAMETER, `duration`, `dt` or `seed`",
        )])  # fmt: skip
    return replace(spec, declarations=tuple(changed))


def with_argument(
    d: ast.Layer | ast.Connect, name: str, value: ast.Expr, rules: Mapping[str, ast.Rule]
) -> ast.Layer | ast.Connect:
    argument = ast.Assign(ast.Ident(name, span=value.span), value, span=value.span)

    def among(arguments: tuple[ast.Assign, ...]) -> tuple[ast.Assign, ...]:
        return (*(a for a in arguments if a.name.id != name), argument)

    if isinstance(d, ast.Connect) and name == "weight" and d.weight is not None:
        return replace(d, weight=value)
    if isinstance(d, ast.Connect) and d.plasticity:
        # Of several rules, the one that has such a parameter; the check tells if none has.
        preset = value.id if name == "preset" and isinstance(value, ast.Name) else None
        place = next(
            (k for k, use in enumerate(d.plasticity)
             if use.rule.id in rules and _has(rules[use.rule.id], name, preset)), 0,
        )  # fmt: skip
        uses = list(d.plasticity)
        if preset is not None:
            uses[place] = replace(uses[place], preset=ast.Ident(preset, span=value.span))
        else:
            uses[place] = replace(uses[place], arguments=among(uses[place].arguments))
        return replace(d, plasticity=tuple(uses))
    if isinstance(d, ast.Layer) and d.neuron:
        return replace(d, arguments=among(d.arguments))
    raise CompileError([Diagnostic(
        "NAME001", value.span, f"`{d.name.id}` has no parameter `{name}` to set",
    )])  # fmt: skip


def _has(rule: ast.Rule, name: str, preset: str | None) -> bool:
    if preset is not None:
        return any(p.name.id == preset for p in rule.presets)
    return any(p.name.id == name for p in rule.parameters)


def rules_of(spec: ast.Spec) -> Mapping[str, ast.Rule]:
    """The rules that a spec may use; those of used files are not read yet."""
    return ChainMap({rule.name.id: rule for rule in spec.of(ast.Rule)}, library())  # type: ignore[arg-type]


def make_plan(checked: Checked, table: SweepTable, experiment: Any, target: str) -> Plan:
    """Counts, and the target: standalone where its build costs less than the steps at runtime."""
    import shutil

    found = costs(checked, table)
    seconds = found.seconds
    parts = 2 * len(experiment.layers) + 3 * len(experiment.connections)
    steps = None if seconds is None else round(seconds / experiment.dt)
    runtime = None if steps is None else steps * parts * SECONDS_PER_STEP_AND_PART
    chosen = target
    if target == "auto":
        compiler = shutil.which("g++") and shutil.which("make")
        short = runtime is not None and runtime < SECONDS_OF_BUILD
        chosen = "numpy" if short or not compiler else "cpp_standalone"
    synapses = ", ".join(
        f"{p.name} {'at most ' if p.at_most else ''}{p.count:,.0f}" for p in found.connections
    )
    unknown = "depends on the sound"
    lines = (
        ("model", experiment.model),
        ("blocks", f"{table.rows:,}"),
        ("columns", ", ".join(table.columns) or "-"),
        ("neurons", f"{found.neurons:,.0f}"),
        ("synapses", f"{found.synapses:,.0f}" + (f" ({synapses})" if synapses else "")),
        ("simulated time", unknown if seconds is None else f"{seconds:g} s"),
        ("time step", f"{experiment.dt:g} s"),
        ("recorded rows", unknown if seconds is None else f"about {found.recorded_rows:,.0f}"),
        ("memory", f"about {size_of(found.memory_bytes)}"),
        ("results", unknown if seconds is None else f"about {size_of(found.result_bytes)}"),
        ("target", chosen),
    )
    return Plan(experiment.model, chosen, lines)

"""The compiler: text -> tree -> checked -> sweep -> experiment -> script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .check import Checked, check
from .check.costs import Estimate, estimate
from .check.files import headers_of
from .check.kept import Kept
from .check.limits import refuse
from .check.row_values import check_row_values
from .check.values import constant_values
from .dataclass import dataclass
from .language import ast
from .language.diagnostics import CompileError, Diagnostic, has_errors, in_order
from .language.named_files import (
    FROM_FOLDER,
    missing_files,
    named_files,
    outside_files,
    reads_data,
)
from .language.overrides import with_settings
from .language.parser import parse
from .language.refined import search_of
from .language.source import Source, Span, text_in
from .machine.memory import available_memory
from .sweep.evaluate import evaluate_sweep
from .sweep.files import read_table, reason
from .sweep.table import SweepTable

if TYPE_CHECKING:
    from .ir import Experiment
    from .plan import Plan


@dataclass(frozen=True)
class Compiled:
    render_run: Callable[[], str]
    diagnostics: list[Diagnostic]
    plan: Plan
    settings: dict[str, Any]
    """The options of the compilation: --set, --parameters, the chosen target, and
    --until-stable."""
    files: dict[str, Path]
    """The files that the script reads and that the spec uses, under their names in the spec."""
    experiment: Experiment
    spec_text: str

    @cached_property
    def run_script(self) -> str:
        """The script that `stdpdsl run` executes. It also builds, monitors, shards and saves
        the network.
        """
        return self.render_run()

    @cached_property
    def script(self) -> str:
        """The experiment as a Brian2 user would have written it: a standalone script."""
        from .brian2.plain.render import render_plain

        lowering, target = self.settings["parameters"], self.settings["target"]
        return render_plain(self.experiment, self.spec_text, lowering, target)


Texts = Mapping[Path, str]  # by resolved path: an editor's unsaved text of these files


def check_text(
    source: Source,
    folder: Path,
    sets: list[str],
    texts: Texts | None = None,
    allowed: Sequence[Path] = (),
) -> tuple[Checked | None, list[Diagnostic]]:
    """All errors and warnings of a spec. It reads only files that the spec names, below `folder`
    or one of `allowed`."""
    checked, _, diagnostics = examine(source, folder, sets, texts, allowed)
    return checked, diagnostics


def examine(
    source: Source,
    folder: Path,
    sets: list[str],
    texts: Texts | None = None,
    allowed: Sequence[Path] = (),
    tree: Callable[[Source], ast.Spec] = parse,
    kept: Kept | None = None,
) -> tuple[Checked | None, SweepTable | None, list[Diagnostic]]:
    """The same, with the sweep's table where there are no errors. `tree` parses; `kept` is an
    editor's."""
    try:
        return _front(source, folder, sets, texts, allowed, tree, kept)
    except CompileError as error:
        return None, None, list(error.diagnostics)


def compile_source(
    source: Source,
    folder: Path,
    sets: list[str],
    parameters: str,
    target: str,
    workers: int = 0,
    allowed: Sequence[Path] = (),
    until_stable: str | None = None,
    first: int = 0,
    order: Sequence[int] = (),
    after: int = 0,
    keep_state: bool = False,
    earlier: str = "",
) -> Compiled:
    """A spec's script, planned for `workers` parallel processes (0: one per core). `keep_state`
    and `earlier` are as in `render`. `first` is the number of the first block, if the results are
    appended to others. `order` has the row of each block; blocks before `after` are not run.
    CompileError has all errors at once; ValueError if `order` is not a permutation of the rows."""
    # Imported here, because `check` does not need them and importing takes a fifth of its time.
    from .brian2.render import render
    from .lower import lower
    from .lower.until_stable import refusals, until
    from .plan import make_plan

    asked = None if until_stable is None else until(until_stable)
    checked, table, diagnostics = _front(source, folder, sets, None, allowed)
    diagnostics += _not_one_run(checked.spec, source)
    if table is None or has_errors(diagnostics):
        raise CompileError(diagnostics)
    table = table.in_order(order) if order else table
    experiment = lower(checked, table, after)
    refused = refusals(until_stable, checked, experiment) if until_stable is not None else []
    refused += map(_not_kept, _endings(checked.spec)) if keep_state or earlier else []
    if refused:
        raise CompileError([*diagnostics, *refused])
    if compiled_methods := [m for m in said_methods(checked) if m.id.startswith("gsl")]:
        if target == "numpy":
            raise CompileError([*diagnostics, *map(_not_on_numpy, compiled_methods)])
        target = "cpp_standalone" if target == "auto" else target
    table = table.after(after) if after else table
    plan = make_plan(experiment, table, costs(checked, table), target, parameters, workers)

    def render_run() -> str:
        settings = (sets, parameters, plan.target, asked, first, keep_state, earlier)
        return render(experiment, source.text, *settings)

    settings = {
        "set": sets,
        "parameters": parameters,
        "target": plan.target,
        "until_stable": asked and asked.data(),
        **({"keep_state": True} if keep_state else {}),
    }
    used = {use.path.value: folder / use.path.value for use in checked.spec.of(ast.Use)}
    files = {**named_files(checked.spec, folder), **used}
    warnings = [d for d in diagnostics if d.severity != "error"]
    return Compiled(render_run, warnings, plan, settings, files, experiment, source.text)


def said_methods(checked: Checked) -> list[ast.Ident]:
    """The `method:` of each neuron and rule in use."""
    models = [m for c in checked.symbols.components.values() for m in (c.neuron, c.rule) if m]
    return list({id(m): m.method for m in models if m.method is not None}.values())


def _not_one_run(spec: ast.Spec, source: Source) -> list[Diagnostic]:
    """An error if a spec is not a single run: it is a collection of rules, or a search."""
    found = []
    if spec.is_collection:
        found.append(
            Diagnostic(
                "CLAUSE001",
                Span(source, 0, 0),
                "this file contains no model, only rules and neurons that other specs can `use`",
                help="start with `model NAME`, and declare layers and `run:`",
            )
        )
    if (search := search_of(spec)) is not None:
        refined = isinstance(search, ast.Refined)
        found.append(
            Diagnostic(
                "CLAUSE001",
                search.span,
                "this sweep is refined step by step, so it is not a single run"
                if refined
                else "this spec asks for the best parameters, so it is not a single run",
                help="run it with `stdpdsl search SPEC -o DIR`",
            )
        )
    return found


def _endings(spec: ast.Spec) -> list[ast.Until]:
    """The `until` conditions of the phases."""
    modifiers = [m for run in spec.of(ast.Run) for p in run.phases for m in p.modifiers]
    return [m for m in modifiers if isinstance(m, ast.Until)]


def _not_kept(until: ast.Until) -> Diagnostic:
    return Diagnostic(
        "CLAUSE002",
        until.span,
        "the state cannot be saved if the blocks of a run end a phase at different times (`until`)",
        help="leave out `--keep-state` or `until`; without a saved state, `--continue` starts"
        " again from the beginning",
    )


def _not_on_numpy(method: ast.Ident) -> Diagnostic:
    return Diagnostic(
        "CLAUSE002",
        method.span,
        f"`{method.id}` needs compiled code with the GNU Scientific Library, so it"
        " cannot"
        " run on the numpy target",
        help="leave out `--target numpy`, or take another method",
    )


def methods(source: Source, folder: Path, allowed: Sequence[Path] = ()) -> list[str]:
    """The integration methods of a model without errors, as text: a line for each component."""
    from .lower.integration import in_words

    checked, table, _ = _front(source, folder, [], None, allowed)
    return [
        f"{source.name}: {name}: {words}\n" for name, words in in_words(methods_in(checked, table))
    ]


def methods_in(checked: Checked, table: SweepTable | None) -> dict[str, dict[str, str]]:
    """The integration method of each variable of each component; empty for a collection of
    rules.
    """
    from .lower import lower
    from .lower.integration import methods_of

    return {} if table is None else methods_of(lower(checked, table))


def _front(
    source: Source,
    folder: Path,
    sets: list[str],
    texts: Texts | None,
    allowed: Sequence[Path],
    tree: Callable[[Source], ast.Spec] = parse,
    kept: Kept | None = None,
) -> tuple[Checked, SweepTable | None, list[Diagnostic]]:
    spec = with_settings(tree(source), sets, library())
    if outside := outside_files(spec, folder, allowed):
        raise CompileError(outside)
    used, problems = read_used(spec, folder, texts)
    tables: dict[str, dict[str, list]] = {}

    def read(name: str) -> dict[str, list]:
        if name not in tables:
            tables[name] = read_table(folder / name)
        return tables[name]

    data = None
    if reads_data(spec):
        from .data.stage import Data  # imported here, because most specs do not need it

        data = Data(spec, folder, read)
        spec = data.spec
    heads = data.heads() if data else {}
    checked = check(spec, used, library(), headers_of(spec, read), heads, kept)
    problems += [*missing_files(spec, folder), *(data.problems if data else [])]
    diagnostics = [*problems, *checked.diagnostics]
    if has_errors(diagnostics) or spec.is_collection:
        return checked, None, in_order(diagnostics)
    table, more = evaluate_sweep(checked.symbols, seed_of(checked), read)
    if table is not None:
        more = [*more, *check_row_values(checked.symbols, table.columns, kept)]
        found, memory = costs(checked, table), available_memory()
        more += refuse(found, memory)
        more += data.check(checked, table, found, memory) if data else []
    return checked, table, in_order([*diagnostics, *more])


def rows_of_spec(
    source: Source, folder: Path, sets: list[str], allowed: Sequence[Path] = ()
) -> dict[str, Any]:
    """The columns of a spec's sweep: for each an array with a value per block. CompileError."""
    checked, table, diagnostics = _front(source, folder, sets, None, allowed)
    if table is None or has_errors(diagnostics):
        raise CompileError(diagnostics)
    return table.columns


def costs(checked: Checked, table: SweepTable) -> Estimate:
    known = constant_values(checked.symbols, unswept=False)
    return estimate(checked.symbols, table.rows, table.replicates, known, columns=table.columns)


class Library(Mapping[str, ast.Rule]):
    """The rules of the library. A rule is parsed when it is needed, because parsing all of them
    would take longer than the rest of `check`.
    """

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


def read_used(
    spec: ast.Spec, folder: Path, texts: Texts | None = None
) -> tuple[dict[str, ast.Spec], list[Diagnostic]]:
    used: dict[str, ast.Spec] = {}
    problems: list[Diagnostic] = []
    for use in spec.of(ast.Use):
        path = folder / use.path.value
        try:
            held = texts.get(path.resolve()) if texts else None
            text = text_in(path) if held is None else held
            used[use.path.value] = parse(Source(str(path), text))
        except OSError as error:
            problems.append(
                Diagnostic(
                    "FILE001",
                    use.path.span,
                    f"cannot read `{use.path.value}`: {reason(error)}",
                    help=FROM_FOLDER,
                )
            )
        except UnicodeDecodeError:
            problems.append(
                Diagnostic("FILE002", use.path.span, f"`{use.path.value}` is not UTF-8 text")
            )
        except CompileError as error:
            problems += error.diagnostics
    return used, problems


def seed_of(checked: Checked) -> int:
    from .language.numeric import evaluate

    for run in checked.spec.of(ast.Run):
        if run.seed is not None:
            return int(evaluate(run.seed, constant_values(checked.symbols, unswept=False)))
    return 0

"""The Python interface of the commands.

    import stdpdsl

    results = stdpdsl.run("first_steps.stdp", set={"duration": "5 s"}, target="numpy")
    results.weights.filter(Apre=0.01).to_pandas()

    spec = stdpdsl.load_spec("first_steps.stdp").with_values(Apre=[0.001, 0.01, 0.1])
    stdpdsl.run(spec)

A spec is a path, its text (anything with a line feed in it), or the result of `load_spec`.
"""

from __future__ import annotations

import tempfile
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .dataclass import dataclass
from .results.errors import require
from .results.reader import Results, load

if TYPE_CHECKING:
    from .compiler import Compiled
    from .execution.sharded_run import Manner
    from .execution.wanted import Request
    from .language.source import Source

Values = Mapping[str, Any]
Listener = Callable[[dict[str, Any]], None]


class RunError(Exception):
    """A simulation failed. The text says why, and where the log is."""


@dataclass(frozen=True)
class Spec:
    """The text of a spec, the folder that its file names are relative to, and the values that
    are set.
    """

    text: str
    name: str = "<string>"
    folder: Path = Path()
    values: tuple[tuple[str, str], ...] = ()

    def with_values(self, values: Values | None = None, /, **more: Any) -> Spec:
        """The spec with other values: `with_values(Apre=[0.01, 0.1], duration="5 s")`.

        A single value sets a parameter or constant, as `--set` does. A list becomes an axis of the
        sweep's grid and replaces the axis or column of that name if there is one. Text is an
        expression of the language ("20 ms", or "geomspace(0.01, 1, 5)" for a column of the sweep).
        Pass names with a dot as a mapping: {"A1.tau_m": ["10 ms", "20 ms"]}.
        """
        spec = self
        for name, value in {**(values or {}), **more}.items():
            text = written(value)
            if _is_list(value) or name in sweep_axes(spec.text):
                spec = replace(spec, text=with_axis(spec.text, name, text, self.name))
            else:
                spec = replace(spec, values=(*spec.values, (name, text)))
        return spec

    def with_rows(self, table: Any) -> Spec:
        """The spec whose sweep has these rows instead of its own: a list of mappings, or a
        `pandas.DataFrame`. The sweep's `derive`, `where` and `replicates` are kept. Columns are
        named like the heads of a `table:`, with a unit if the numbers have one:
        `with_rows([{"Apre": 0.01, "A1.tau_m [ms]": 10}])`. Text is an expression of the language
        (`{"A1.tau_m": "10 ms"}`). ValueError if a row lacks a column.
        """
        from .language.rows import with_table

        rows = table.to_dict("records") if hasattr(table, "to_dict") else list(table)
        heads = list(rows[0]) if rows else []
        for number, row in enumerate(rows):
            if set(row) != set(heads):
                differ = sorted(map(str, set(row) ^ set(heads)))
                raise ValueError(f"rows 0 and {number} have different columns: {', '.join(differ)}")
        if not heads:
            raise ValueError("there are no rows, or no columns")
        cells = {str(head): [written(row[head]) for row in rows] for head in heads}
        return replace(self, text=with_table(self.text, cells, beside=False, called=self.name))

    def __str__(self) -> str:
        return self.text


def _source(spec: Spec) -> Source:
    from .language.source import Source

    return Source(spec.name, spec.text)


def load_spec(spec: str | Path | Spec) -> Spec:
    """The spec in a file or in a text. OSError if the file cannot be read."""
    from .language.source import text_in

    if isinstance(spec, Spec):
        return spec
    if isinstance(spec, str) and "\n" in spec:
        return Spec(spec)
    path = Path(spec)
    return Spec(text_in(path), str(spec), path.parent)


def compile(
    spec: str | Path | Spec,
    *,
    set: Values | None = None,
    target: str = "auto",
    parameters: str = "synapse",
    workers: int = 0,
    allow_read: Sequence[str | Path] = (),
    until_stable: str | float | None = None,
    keep_state: bool = False,
) -> Compiled:
    """The Brian2 script of a spec (`.script`), its warnings (`.diagnostics`), and what a run would
    do (`.plan`). CompileError lists every error of the spec at once. `set` changes parameters and
    constants ({"A1.tau_m": "20 ms"}); `target` is auto, numpy, cython or cpp_standalone;
    `parameters` is synapse or namespace. A spec reads files below its own folder, and below those
    of `allow_read`. With `until_stable`, such as 0.01 or "0.01 over 10 s", a block ends when the
    mean change of its weights is at most this fraction of the largest change so far. With
    `keep_state`, the results contain the final state, from which a later run can continue.
    """
    found = load_spec(spec)
    request = _request(
        found, set, parameters, target, until_stable, workers, allow_read, keep_state
    )
    return request.compile(_source(found), found.folder)


def _request(
    spec: Spec,
    set: Values | None,
    parameters: str,
    target: str,
    until_stable: str | float | None,
    workers: int,
    allow_read: Sequence[str | Path],
    keep_state: bool,
) -> Request:
    """The compile request, as the command line makes it."""
    from .execution.wanted import Request

    values = [*spec.values, *((n, written(v)) for n, v in (set or {}).items())]
    return Request(
        [f"{name}={value}" for name, value in values],
        parameters,
        target,
        None if until_stable is None else written(until_stable),
        workers,
        [Path(folder) for folder in allow_read],
        keep_state,
    )


def run(
    spec: str | Path | Spec,
    output: str | Path | None = None,
    *,
    set: Values | None = None,
    target: str = "auto",
    parameters: str = "synapse",
    overwrite: bool = False,
    workers: int = 0,
    resume: bool = False,
    extend: bool = False,
    progress: bool = False,
    allow_read: Sequence[str | Path] = (),
    until_stable: str | float | None = None,
    keep_state: bool = False,
    continues: str | Path | None = None,
    longer: str | None = None,
    on_event: Listener | None = None,
) -> Results:
    """Compile a spec, run it in separate processes, and open the results. `output` is the folder of
    the results. Without it, the results are deleted together with the returned object. For
    `until_stable`, see `compile`. `progress` shows a progress bar with `tqdm`, also in notebooks.
    `on_event` is called with stages and progress; `execution/local.py` lists the events. Warnings
    of the compiler and the simulation become Python warnings. `workers` is the number of parallel
    processes; 0 means one per core. `resume` continues an interrupted run. `extend` runs the rows
    and replicates that the finished results in `output` lack, and adds them there. With
    `keep_state`, a later run can continue the results: `continues` is their folder, and `longer` is
    the additional duration, such as "10 s"; without `longer`, the spec must have a longer run or
    more phases. The combined results replace the earlier ones if there is no `output`.
    CompileError, RunError.
    """
    from .execution.sharded_run import Manner

    if (longer and continues is None) or (extend and continues is not None):
        raise ValueError("`longer` needs `continues`, and `extend` cannot be combined with it")
    if extend and (output is None or resume or overwrite):
        raise ValueError("extend=True adds to the results in `output`, without resume or overwrite")
    found = load_spec(spec)
    request = _request(
        found, set, parameters, target, until_stable, workers, allow_read, keep_state
    )
    earlier = None if continues is None else Path(continues).resolve()
    temporary = None
    if output is None and earlier is None:
        temporary = tempfile.mkdtemp(prefix="stdpdsl-results-")
    place = Path(temporary, "results") if temporary else Path(output or continues or "").resolve()
    if not (resume or extend or earlier == place):
        _check_folder(place, overwrite)
    try:
        ways = {"extends": extend, "continues": earlier, "longer": longer}
        manner = Manner(resume, overwrite)
        results = load(_run(found, request, place, manner, ways, progress, on_event))
    except BaseException:
        if temporary is not None:
            _remove(temporary)
        raise
    if temporary is not None:
        weakref.finalize(results, _remove, temporary)
    return results


def _check_folder(place: Path, overwrite: bool) -> None:
    """RunError if the results would replace something that they may not replace."""
    from .runtime import folder as folders

    try:
        folders.check_folder(place, overwrite)
    except folders.ResultsError as error:
        raise RunError(str(error)) from None


def _run(
    spec: Spec,
    request: Request,
    place: Path,
    manner: Manner,
    ways: Mapping[str, Any],
    progress: bool,
    on_event: Listener | None,
) -> Path:
    """Run a spec into `place`, in one of the `ways` of `prepare`. Returns the folder of the
    results, or of earlier results that are already complete. RunError, CompileError.
    """
    from .execution.errors import JobError
    from .execution.interpreter import ready_interpreter
    from .execution.prepare import prepare
    from .execution.sharded_run import run_and_save
    from .language.diagnostics import render

    try:
        with ready_interpreter(request.target) as interpreter:
            prepared = prepare(_source(spec), spec.folder, request, place, **ways)
            compiled, base, origin = prepared.compiled, prepared.base, prepared.origin
            if compiled is None:
                return ways["continues"] or place
            if compiled.diagnostics:
                warnings.warn(render(compiled.diagnostics), stacklevel=3)
            with _Bar() if progress else nullcontext() as bar:
                task = (compiled, spec.text, spec.folder, place, _listener(on_event, bar), manner)
                outcome = run_and_save(*task, None, base, interpreter, origin)
    except JobError as error:
        raise RunError(str(error)) from None
    if not outcome.folder:
        log = f" (log: {outcome.log})" if outcome.log else ""
        raise RunError(f"{spec.name}: {outcome.message or 'the simulation failed'}{log}")
    if outcome.message:
        warnings.warn(outcome.message, stacklevel=3)
    return place


def _listener(on_event: Listener | None, bar: _Bar | None) -> Listener:
    """The listener for the events of a run. It turns warnings into Python warnings."""

    def hear(event: dict[str, Any]) -> None:
        if event.get("event") == "warning":
            warnings.warn(str(event["text"]), stacklevel=2)
        if on_event is not None:
            on_event(event)
        if bar is not None:
            bar(event)

    return hear


class _Bar:
    """Shows events as a progress bar over the simulated time."""

    def __enter__(self) -> _Bar:
        from .runtime.progress import live_text

        tqdm = require("tqdm.auto").tqdm
        self.live_text = live_text
        shown = "{desc}{percentage:3.0f}% |{bar}| {elapsed}{postfix}"
        self.bar = tqdm(total=100, bar_format=shown)
        return self

    def __call__(self, event: Mapping[str, Any]) -> None:
        if event.get("event") == "stage":
            self.bar.set_description(str(event["name"]))
        elif event.get("event") == "progress" and event["duration"]:
            self.bar.set_postfix_str(self.live_text(event), refresh=False)
            self.bar.update(round(100 * event["t"] / event["duration"], 1) - self.bar.n)

    def __exit__(self, *_: object) -> None:
        self.bar.close()


def _remove(folder: str) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


# Values -----------------------------------------------------------------------------------------


def written(value: Any) -> str:
    """A Python value as text in the language. Text is assumed to be in the language already."""
    if isinstance(value, str):
        return value
    if _is_list(value):
        return "[" + ", ".join(written(v) for v in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if hasattr(value, "item"):  # of NumPy
        value = value.item()
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError(
        f"{value!r} is not a number, a text or a list of them; write units as text: '20 ms'"
    )


def _is_list(value: Any) -> bool:
    return not isinstance(value, str) and (
        isinstance(value, Sequence) or getattr(value, "ndim", 0) == 1
    )


def sweep_axes(text: str) -> list[str]:
    """The axes and derived columns of a spec's sweep, by dotted name."""
    from .language import ast
    from .language.parser import parse
    from .language.source import Source

    found: list[str] = []
    for sweep in parse(Source("<string>", text)).of(ast.Sweep):
        for part in sweep.parts:
            found += [axis.path.dotted for axis in getattr(part, "axes", ())]
        found += [axis.path.dotted for axis in sweep.derive]
    return found


def with_axis(text: str, name: str, values: str, called: str = "<string>") -> str:
    """A spec whose sweep has these values for an axis, in place of the axis' old values. A name
    without a dot finds an axis by its last part. Comments are kept. An axis that did not exist
    becomes a new grid.
    """
    from .language import ast
    from .language.parser import parse
    from .language.source import Source

    spec = parse(Source(called, text))
    sweeps = spec.of(ast.Sweep)
    if not sweeps:
        return f"{text.rstrip()}\n\nsweep:\n    grid:\n        {name} = {values}\n"
    sweep = sweeps[0]
    axes = [a for part in sweep.parts for a in getattr(part, "axes", ())] + list(sweep.derive)
    exact = [a for a in axes if a.path.dotted == name]
    near = exact or [a for a in axes if "." not in name and a.path.parts[-1].id == name]
    if len(near) == 1:
        span = near[0].value.span
        return text[: span.start] + values + text[span.end :]
    head = text.index("\n", sweep.span.start) + 1
    return f"{text[:head]}    grid:\n        {name} = {values}\n{text[head:]}"

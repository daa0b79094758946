"""Commands that search for parameters, and that show the outcome."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..language import ast
from .reading import allowed_folders, read, writing
from .results import in_bounds
from .runs import cluster
from .terminal import (
    DONE,
    SPEC_WRONG,
    USAGE,
    Stop,
    colours,
    complain,
    is_terminal,
    note,
    say,
    show,
    tell,
)

LEAST_EFFECTIVE = 100

if TYPE_CHECKING:
    from ..search.trials import Trials


def search(options: argparse.Namespace) -> int:
    """Run a spec's search, batch by batch, into one dataset."""
    from ..execution.errors import JobError
    from ..language.diagnostics import render
    from ..results.errors import ResultsError
    from ..search.engine import How
    from ..search.engine import search as run
    from ..search.samplers import SearchError
    from ..search.shared import share
    from ..search.space import space_of

    source, folder = read(options.spec)
    allowed = allowed_folders(options)
    output = Path(options.output or Path(options.spec).stem + ".results").resolve()
    if options.share and (options.cluster or options.slurm or options.more or options.overwrite):
        others = "--cluster, --slurm, --more and --overwrite"
        raise Stop(f"error: --share cannot be combined with any of {others}", USAGE)
    space = space_of(source, folder, options.set, allowed)
    if space.warnings:
        complain(render(space.warnings, colours(sys.stderr)).rstrip("\n") + "\n")
    line = _Line(is_terminal(sys.stdout))
    try:
        with cluster(options) as runner:
            how = How(
                folder,
                options.set,
                options.target,
                options.workers,
                allowed,
                options.resume,
                options.overwrite,
                options.more,
                options.until_stable,
            )
            if options.share:
                trials, outcome = share(space, output, how, line.hear, line.told)
            else:
                trials, outcome = run(space, output, how, line.hear, line.told, runner)
    except (JobError, SearchError, ResultsError) as error:
        raise Stop(f"error: {error}", USAGE) from None
    finally:
        line.end()
    if outcome.message:
        complain(f"{options.spec}: {outcome.message}")
    if outcome.log is not None:
        complain(f"the script and its log are in {outcome.log.parent}")
    if isinstance(space.search, ast.Refined) and outcome.folder and not options.more:
        if len(trials) < space.plan.trials:
            note(f"no two neighbours differ by more than {refined_to(space.search)}\n")
        else:
            complain(
                "all trials were run, but some neighbours still differ by more than"
                f" {refined_to(space.search)}; --more N runs N more"
            )
    shown = os.path.relpath(output) if options.output is None else options.output
    if len(trials):
        note(f"results are in {shown}; next: stdpdsl best {shown}\n")
    if not outcome.folder and len(trials) and not options.more:
        complain("continue with the same command and --resume")
    return outcome.status


def refined_to(search: ast.Refined) -> str:
    from ..language.printer.sweeps import print_limit

    assert search.difference is not None
    return print_limit(search.difference) + (" of the range" if search.difference.percent else "")


class _Line:
    """Shows the progress of a search: one changing line on a terminal, a line per batch
    elsewhere.
    """

    def __init__(self, terminal: bool):
        self.terminal = terminal
        self.text, self.warned = "", set[str]()

    def hear(self, event: dict[str, Any]) -> None:
        if event.get("event") == "warning" and event["text"] not in self.warned:
            self.warned.add(event["text"])
            self.end()
            complain(f"warning: {event['text']}")
        elif event.get("event") == "progress" and self.terminal and event["duration"]:
            part = event.get("part", event["t"] / event["duration"])
            self.draw(f"{self.text} ({min(1.0, part):.0%} of the next batch)")

    def told(self, trials: Trials, wanted: int) -> None:
        self.text = progress_text(trials, wanted)
        if self.terminal:
            self.draw(self.text)
        else:
            note(self.text + "\n")

    def draw(self, text: str) -> None:
        note("\r\x1b[K" + text)

    def end(self) -> None:
        if self.terminal and self.text:
            note("\n")


def progress_text(trials: Trials, wanted: int) -> str:
    """`400 of 2,000 trials; error 0.34 in trial 312`"""
    front = trials.front()
    early = sum(1 for why in trials.ended if why)
    text = f"{len(trials):,} of {wanted:,} trials" + (f", {early:,} ended early" if early else "")
    if isinstance(trials.space.search, ast.Refined):
        return text
    text += "; "
    if not len(front):
        return text + "none that meets the constraints and has a value"
    if len(trials.space.objectives) > 1:
        return text + f"{len(front)} on the Pareto front"
    best = trials.objectives[front[0], 0]
    return text + f"{trials.space.objectives[0]} = {best:.6g} in trial {trials.number[front[0]]}"


@in_bounds
def best(options: argparse.Namespace) -> int:
    """Print the best trials, or write one as a spec."""
    import json

    from ..outputs import write_new
    from ..results.errors import ResultsError
    from ..results.reader import load
    from ..search.answers import answers_of

    try:
        answers = answers_of(load(options.folder))
        if options.output:
            chosen = answers.best() if options.trial is None else answers.trial(options.trial)
            path = Path(options.output)
            with writing(path):
                write_new(path, chosen.text.encode())
            metadata = answers.results.metadata
            sets = "".join(f" --set '{text}'" for text in metadata["set"])
            if metadata.get("until_stable") is not None:
                sets += " the search's --until-stable"
            note(f"wrote trial {chosen.number} as {path}; next: stdpdsl run {path}{sets}\n")
            return DONE
    except ResultsError as error:
        raise Stop(f"error: {error}", SPEC_WRONG) from None
    if answers.space.is_inference:
        return _tell_belief(answers.results, options.format)
    several = len(answers.space.objectives) > 1
    front = answers.found.front()
    if not len(front):
        complain(answers.why_none())
    rows = front if several and len(front) else answers.ranked()[: options.count]
    table = answers.table(rows.tolist())
    if options.format == "json":
        say(json.dumps([_plain(row) for row in table], indent=2) + "\n")
    else:
        show(_as_text(table, answers.results.units), "text")
    if len(front) and not several and (ends := answers.at_ends(answers.best())):
        names = " and ".join(ends)
        complain(f"the best lies at an end of {names}; there may be better ones beyond it")
    return DONE


def _tell_belief(results: Any, form: str) -> int:
    """Print the posterior of each axis."""
    from ..results.errors import ResultsError
    from ..search.answers import belief_of

    try:
        belief = belief_of(results)
    except ResultsError as error:
        raise Stop(f"error: {error}", SPEC_WRONG) from None
    table = belief.summary()
    if form == "json":
        import json

        say(json.dumps(table, indent=2, ensure_ascii=False) + "\n")
        return DONE
    heads = list(table[0])
    units = [results.units.get(str(row["axis"]), "") for row in table]
    show(
        _aligned(
            [
                heads,
                *(
                    [_shown(row[h], unit) for h in heads]
                    for row, unit in zip(table, units, strict=True)
                ),
            ]
        ),
        "text",
    )
    size = belief.effective
    complain(f"effective sample size {size:.0f} of {len(belief.number):,} trials")
    if belief.calibrated:
        complain(belief.calibrated)
    if size < LEAST_EFFECTIVE:
        complain("too few to trust the tails: run more trials (--more N)")
    return DONE


def _shown(value: Any, unit: str) -> str:
    from ..results.labels import shown

    return shown(value, unit)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {k: None if isinstance(v, float) and v != v else v for k, v in row.items()}


def _as_text(table: list[dict[str, Any]], units: dict[str, str]) -> str:
    from ..results.labels import pretty
    from ..search.answers import without_empty

    table = without_empty(table)
    heads = list(table[0]) if table else []
    rows = [heads, *([pretty(row[h], units.get(h, "")) for h in heads] for row in table)]
    return _aligned(rows)


def _aligned(rows: list[list[Any]]) -> str:
    widths = [
        max((len(str(cell)) for cell in column), default=0) for column in zip(*rows, strict=True)
    ]
    return "".join(
        "  ".join(f"{cell!s:>{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )


def sensitivity(options: argparse.Namespace) -> int:
    """Run the points of a sensitivity analysis as one sweep, and print the effect of each axis."""
    from ..execution.errors import JobError
    from ..execution.progress import Progress
    from ..execution.sharded_run import Manner
    from ..results.errors import ResultsError
    from ..results.reader import load
    from ..runtime import folder as folders
    from ..search.samplers import SearchError
    from ..search.sensitivity import effects, question, run_question

    source, folder = read(options.spec)
    allowed = allowed_folders(options)
    output = Path(options.output or Path(options.spec).stem + ".results").resolve()
    try:
        if not options.resume:
            folders.check_folder(output, options.overwrite)
        asked = question(
            source, folder, options.set, options.method, options.samples, options.seed, allowed
        )
        manner = Manner(options.resume, options.overwrite)
        with (
            cluster(options) as runner,
            Progress(tell, is_terminal(sys.stderr), lambda t: complain(f"warning: {t}")) as shown,
        ):
            outcome = run_question(
                asked,
                folder,
                options.set,
                output,
                options.target,
                options.workers,
                shown,
                manner,
                allowed,
                runner,
            )
        if outcome.message:
            complain(f"{options.spec}: {outcome.message}")
        if not outcome.folder:
            return outcome.status
        results = load(output)
        found, lost = effects(asked, results)
    except (JobError, SearchError, ResultsError, folders.ResultsError) as error:
        raise Stop(f"error: {error}", USAGE) from None
    for name in lost:
        complain(f"{name} has no value in some blocks and is left out")
    if options.format == "json":
        import json
        from dataclasses import asdict

        say(json.dumps([_plain(asdict(one)) for one in found], indent=2) + "\n")
    else:
        show(_effects_as_text(found, options.method, results.units), "text")
    return DONE


def _effects_as_text(found: list[Any], method: str, units: dict[str, str]) -> str:
    from ..results.labels import shown

    if not found:
        return "no measure varies\n"
    sobol = method == "sobol"
    heads = ["measure", "axis", *(("S1", "ST") if sobol else ("mu*", "sigma"))]
    rows = [heads]
    for one in found:
        unit = "" if sobol else units.get(one.measure, "")
        cells = []
        for value, conf in ((one.first, one.first_conf), (one.total, one.total_conf)):
            if sobol:
                cells.append(f"{value:.3f} ± {conf:.3f}")
            else:
                cells.append(
                    shown(value, unit) + ("" if conf != conf else f" ± {shown(conf, unit)}")
                )
        rows.append([one.measure, one.axis, *cells])
    widths = [max(len(row[k]) for row in rows) for k in range(len(heads))]
    return "".join(
        "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )

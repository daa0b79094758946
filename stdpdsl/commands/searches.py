"""Commands that search for parameters, and that tell what was found."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .reading import allowed_folders, read, writing
from .runs import cluster, in_bounds
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
)

if TYPE_CHECKING:
    from ..search.trials import Trials


def search(options: argparse.Namespace) -> int:
    """Run a spec's search, batch by batch, into one dataset."""
    from ..execution.job import JobError
    from ..language.diagnostics import render
    from ..results.reader import ResultsError
    from ..search.engine import How
    from ..search.engine import search as run
    from ..search.samplers import SearchError
    from ..search.space import space_of

    source, folder = read(options.spec)
    allowed = allowed_folders(options)
    output = Path(options.output or Path(options.spec).stem + ".results").resolve()
    space = space_of(source, folder, options.set, allowed)
    if space.warnings:
        complain(render(space.warnings, colours(sys.stderr)).rstrip("\n") + "\n")
    line = _Line(is_terminal(sys.stdout), space.plan.trials)
    try:
        with cluster(options) as runner:
            how = How(
                folder, options.set, options.target, options.workers, allowed,
                options.resume, options.overwrite, options.more,
            )  # fmt: skip
            trials, outcome = run(space, output, how, line.hear, line.told, runner)
    except (JobError, SearchError, ResultsError) as error:
        raise Stop(f"error: {error}", USAGE) from None
    finally:
        line.end()
    if outcome.message:
        complain(f"{options.spec}: {outcome.message}")
    if outcome.log is not None:
        complain(f"the script and its log are in {outcome.log.parent}")
    shown = os.path.relpath(output) if options.output is None else options.output
    if len(trials):
        note(f"results are in {shown}; next: stdpdsl best {shown}\n")
    if not outcome.folder and len(trials):
        complain("the same command with --resume goes on")
    return outcome.status


class _Line:
    """How far a search is: one line that changes on a terminal, a line for each batch elsewhere."""

    def __init__(self, terminal: bool, wanted: int):
        self.terminal, self.wanted = terminal, wanted
        self.text, self.warned = "", set[str]()

    def hear(self, event: dict[str, Any]) -> None:
        if event.get("event") == "warning" and event["text"] not in self.warned:
            self.warned.add(event["text"])
            self.end()
            complain(f"warning: {event['text']}")
        elif event.get("event") == "progress" and self.terminal and event["duration"]:
            part = event.get("part", event["t"] / event["duration"])
            self.draw(f"{self.text} ({min(1.0, part):.0%} of the next batch)")

    def told(self, trials: Trials) -> None:
        self.text = progress_text(trials, self.wanted)
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
    text = f"{len(trials):,} of {max(wanted, len(trials)):,} trials; "
    if not len(front):
        return text + "none that meets the constraints and has a value"
    if len(trials.space.objectives) > 1:
        return text + f"{len(front)} on the Pareto front"
    best = trials.objectives[front[0], 0]
    return text + f"{trials.space.objectives[0]} = {best:.6g} in trial {trials.number[front[0]]}"


@in_bounds
def best(options: argparse.Namespace) -> int:
    """Print the best trials; write one as a spec."""
    import json

    from ..outputs import write_new
    from ..results.reader import ResultsError, load
    from ..search.answers import answers_of

    try:
        answers = answers_of(load(options.folder))
        if options.output:
            chosen = answers.best() if options.trial is None else answers.trial(options.trial)
            path = Path(options.output)
            with writing(path):
                write_new(path, chosen.text.encode())
            sets = "".join(f" --set '{text}'" for text in answers.results.metadata["set"])
            note(f"wrote trial {chosen.number} as {path}; next: stdpdsl run {path}{sets}\n")
            return DONE
    except ResultsError as error:
        raise Stop(f"error: {error}", SPEC_WRONG) from None
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
    return DONE


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {k: None if isinstance(v, float) and v != v else v for k, v in row.items()}


def _as_text(table: list[dict[str, Any]], units: dict[str, str]) -> str:
    from ..results.labels import pretty

    if all(row["missed"] == 0 for row in table):
        table = [{k: v for k, v in row.items() if k != "missed"} for row in table]
    heads = list(table[0]) if table else []
    rows = [heads, *([pretty(row[h], units.get(h, "")) for h in heads] for row in table)]
    widths = [max(len(str(row[k])) for row in rows) for k in range(len(heads))]
    return "".join(
        "  ".join(f"{cell!s:>{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )



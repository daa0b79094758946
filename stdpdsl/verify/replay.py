"""Reruns the specs in `specs/`, each once, and collects their results for each rule."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from stdpdsl.execution.local import INTERRUPTED, Event
from stdpdsl.execution.temporary_run import RunFailed, run_once
from stdpdsl.language.source import Source
from stdpdsl.resources import resource_dir
from stdpdsl.results.reader import Results
from stdpdsl.verify.table import Row, Verification

from ..dataclass import dataclass


@dataclass(frozen=True)
class Replayed:
    """The rows that a spec gives for one rule, or why there are none."""

    spec: str
    rows: tuple[Row, ...] = ()
    problem: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.rows) and not self.problem and all(row.ok for row in self.rows)


class Replays:
    """Results by the name of their spec: a spec that tests several rules runs once.

    This is a context manager, because the results are deleted when it ends. `announce` is told each
    spec before it runs; `on_event` gets the events of its simulation.
    """

    def __init__(
        self, target: str, announce: Callable[[str], None], on_event: Callable[[Event], None]
    ):
        self.target, self.announce, self.on_event = target, announce, on_event
        self.folder = Path(tempfile.mkdtemp(prefix="stdpdsl-verify-"))
        self.known: dict[str, Results | RunFailed] = {}

    def __enter__(self) -> Replays:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def of(self, verification: Verification) -> list[Replayed]:
        return [self._measured(replay.spec, replay.measure) for replay in verification.replays]

    def _measured(self, spec: str, measure: Callable[[Results], list[Row]]) -> Replayed:
        results = self._results(spec)
        if isinstance(results, RunFailed):
            return Replayed(spec, problem=str(results))
        return Replayed(spec, tuple(measure(results)))

    def _results(self, spec: str) -> Results | RunFailed:
        if spec not in self.known:
            self.announce(spec)
            specs = resource_dir("specs")
            source = Source(spec, (specs / spec).read_text(encoding="utf-8"))
            try:
                self.known[spec] = run_once(
                    source, specs, self.target, self.folder / spec, self.on_event
                )
            except RunFailed as failure:
                if failure.status == INTERRUPTED:
                    raise KeyboardInterrupt from None
                self.known[spec] = failure
        return self.known[spec]


def specs_of(verifications: Iterable[Verification]) -> list[str]:
    """The specs that are rerun, each once, in the order of their first use."""
    return list(dict.fromkeys(r.spec for v in verifications for r in v.replays))

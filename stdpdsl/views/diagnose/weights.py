"""Checks whether weights changed, and whether they are stuck at their bounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .finding import Finding, Run

STUCK = 0.9
"""If at least this fraction of the weights is at a bound, learning has stopped."""


def stuck(run: Run) -> Iterator[Finding]:
    name = "weights are free to move"
    any_bounded = False
    wrong = False
    for owner, part in run.owners("_after_at_bounds"):
        any_bounded = True
        rows = part >= STUCK
        if not np.any(rows):
            continue
        wrong = True
        sd = run.column(f"{owner}_after_sd")
        one = sd is not None and bool(np.all(sd[rows] <= 1e-9))
        kind = "at the same bound" if one else "at either bound"
        yield Finding(
            name,
            "found",
            f"{owner}: at least {STUCK:.0%} of the weights are {kind} {run.blocks_where(rows)}",
            "potentiation or depression dominates: change their balance (Apost, taupost), use"
            " smaller weight changes or a rule with soft bounds, or run for a shorter time"
            if one
            else "this is typical of additive rules; for graded weights use a rule with soft"
            " bounds (`pair_multiplicative`, `pair_guetig`) or smaller weight changes",
        )
    if not any_bounded:
        yield Finding(name, "passed", "no weight has bounds")
    elif not wrong:
        yield Finding(name, "passed", f"less than {STUCK:.0%} of them are at a bound")


def moved(run: Run) -> Iterator[Finding]:
    """Only for connections that learn: some of their weights moved, or the weights have bounds."""
    name = "weights moved"
    learning = wrong = False
    frozen = _frozen(run)
    for owner, after in run.owners("_after_mean"):
        before = run.column(f"{owner}_before_mean")
        if before is None:
            continue
        sds = (run.column(f"{owner}_before_sd"), run.column(f"{owner}_after_sd"))
        still = before == after
        if sds[0] is not None and sds[1] is not None:
            still &= sds[0] == sds[1]
        bounded = run.column(f"{owner}_after_at_bounds") is not None
        if np.all(still) and not bounded:
            continue
        learning = True
        still &= ~frozen
        if np.any(still):
            wrong = True
            yield Finding(
                name,
                "found",
                f"{owner}: nothing was learned {run.blocks_where(still)}",
                "check that both layers spike (rates in `stdpdsl summary`), and that the"
                " rule's amplitudes are not 0",
            )
    if not learning:
        yield Finding(name, "passed", "no connection learns")
    elif not wrong:
        yield Finding(name, "passed", "in every block")


def _frozen(run: Run) -> np.ndarray:
    """The rows of phases in which plasticity is off."""
    from ...language import ast
    from ...language.diagnostics import CompileError
    from ...language.parser import parse
    from ...language.source import Source

    off: set[str] = set()
    if run.design.phases:
        try:
            for item in parse(Source("spec.stdp", run.results.spec)).of(ast.Run):
                for phase in item.phases:
                    if any(isinstance(m, ast.PlasticityOff | ast.Frozen) for m in phase.modifiers):
                        off.add(phase.name.id)
        except CompileError:
            pass
    if "phase" not in run.design.columns:
        return np.zeros(len(run.block), bool)
    phases = [
        str(name).partition(" ")[0] for name in run.design.columns["phase"]
    ]  # without the repetition number
    return np.isin(phases, sorted(off))

"""What may be wrong with a run, check by check, passed or not; each finding says what to do."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..check.values import constant_values, steps_of, weight_range
from ..lower.integration import in_words, without_error
from ..results.axes import Axis, Design, design_of
from ..results.labels import shown
from ..results.reader import Results

STUCK = 0.9
"""So large a part of the weights at a bound leaves nothing to learn."""

SATURATED = 300.0
"""Hz, as a mean over a whole layer: hardly any neuron fires so for long."""

MOST_NAMED = 6


@dataclass(frozen=True)
class Finding:
    """The outcome of a check. `status` is "passed", "found", or "unknown" where the results do not
    tell; `help` says what to do about what was found."""

    check: str
    status: str
    text: str
    help: str = ""


def findings(results: Results, design: Design | None = None) -> list[Finding]:
    """Every check, in order; `design` where it is known already."""
    run = _Run(results, design)
    return [one for check in CHECKS for one in check(run)]


def render(found: Iterable[Finding], form: str = "text") -> str:
    """One line per check that passed; what was found with what to do."""
    found = list(found)
    if form == "json":
        return json.dumps([asdict(f) for f in found], indent=2, ensure_ascii=False) + "\n"
    marks = {"passed": "ok     ", "found": "FOUND  ", "unknown": "unknown"}
    lines = []
    for one in found:
        # A check is called by what it asks for, which is not what it found.
        text = one.text if one.status == "found" else f"{one.check}: {one.text}"
        lines += textwrap.wrap(f"{marks[one.status]}  {text}", 98, subsequent_indent=" " * 9)
        if one.help:
            lines += textwrap.wrap(
                f"         what to do: {one.help}", 98, subsequent_indent=" " * 9
            )
    count = sum(f.status == "found" for f in found)
    passed = sum(f.status == "passed" for f in found)
    return "\n".join(lines) + f"\n{len(found)} checks: {passed} passed, {count} found something\n"


class _Run:
    """What the checks look at."""

    def __init__(self, results: Results, design: Design | None):
        self.results = results
        self.design = design or design_of(results)

    @cached_property
    def block(self) -> np.ndarray:
        return self.design.columns["block"].astype(int)

    def column(self, name: str) -> np.ndarray | None:
        values = self.design.columns.get(name)
        return None if values is None else values.astype(float)

    def owners(self, end: str) -> Iterator[tuple[str, np.ndarray]]:
        """The connections or layers that have a measure, with its values per row."""
        for name in self.design.measures:
            if name.endswith(end):
                yield name[: -len(end)], self.design.columns[name].astype(float)

    def blocks_where(self, rows: np.ndarray) -> str:
        """`in 3 of 9 blocks (0, 4, 8)`, with the phases where it was not so in all of them."""
        phase = self.design.columns.get("phase")
        if phase is None or np.all(rows[np.isin(self.block, self.block[rows])]):
            return self._of_blocks(np.unique(self.block[rows]))
        by_blocks: dict[tuple[int, ...], list[str]] = {}  # phases that concern the same blocks
        for name in dict.fromkeys(phase[rows].tolist()):
            found = tuple(np.unique(self.block[rows & (phase == name)]).tolist())
            by_blocks.setdefault(found, []).append(name)
        return "; ".join(
            f"in the phase{'s' if len(names) > 1 else ''} {', '.join(names)},"
            f" {self._of_blocks(np.array(blocks))}"
            for blocks, names in by_blocks.items()
        )  # fmt: skip

    def _of_blocks(self, blocks: np.ndarray) -> str:
        named = ", ".join(map(str, blocks[:MOST_NAMED].tolist()))
        more = ", …" if len(blocks) > MOST_NAMED else ""
        if len(blocks) == self.design.blocks:
            return "in every block" if len(blocks) > 1 else "in the only block"
        return f"in {len(blocks)} of {self.design.blocks} blocks ({named}{more})"

    @cached_property
    def outcomes(self) -> np.ndarray:
        """The measures of each row to six digits, which tell whether two rows differ: further
        digits are there to be computed with, and nobody varies a parameter to see them move."""
        names = [n for n in self.design.outcomes if "_before_" not in n]
        columns = [self.design.columns[n].astype(float) for n in names]
        if not columns:
            return np.zeros((len(self.block), 0))
        return _six_digits(np.nan_to_num(np.stack(columns, axis=1), nan=-1.0))


def _six_digits(values: np.ndarray) -> np.ndarray:
    """Values rounded to six significant digits."""
    size = np.abs(np.where(values == 0, 1.0, values))
    unit = 10.0 ** (np.floor(np.log10(size)) - 5)
    return np.round(values / unit) * unit


# Checks -----------------------------------------------------------------------------------------


def ended(run: _Run) -> Iterator[Finding]:
    name = "the run reached its end"
    asked = run.results.metadata.get("time_asked")
    reached = run.results.metadata.get("time_reached")
    if asked is None or reached is None:
        yield Finding(name, "unknown", "the metadata do not say which times were asked and reached")
    elif run.results.metadata.get("until_stable"):
        stable = run.blocks_where(np.asarray(run.design.columns["status"] == "stable"))
        yield Finding(name, "passed", f"weights were stable {stable}, after"
                      f" {shown(reached, 's')} of {shown(asked, 's')} at most")  # fmt: skip
    elif reached < asked * (1 - 1e-9):
        yield Finding(
            name, "found", f"it stopped at {shown(reached, 's')} of {shown(asked, 's')}",
            "what is saved is the state then; run it again to the end before comparing it with"
            " others",
        )  # fmt: skip
    else:
        yield Finding(name, "passed", f"{shown(reached, 's')} simulated")


def finite(run: _Run) -> Iterator[Finding]:
    name = "all values are finite"
    status = run.design.columns.get("status")
    if status is None:
        yield Finding(name, "unknown", "the blocks have no status")
        return
    outside = np.asarray(status == "bounds")
    if np.any(outside):
        yield Finding(
            "weights are within their bounds", "found",
            f"weights outside their bounds {run.blocks_where(outside)}",
            "that is a fault of stdpdsl, or of who has changed the script: please report it",
        )  # fmt: skip
    bad = np.asarray(status == "nan")
    weights = _not_finite(run)
    if not np.any(bad) and not weights:
        yield Finding(name, "passed", "no NaN and no infinity")
        return
    where = run.blocks_where(bad) if np.any(bad) else ""
    yield Finding(
        name, "found", f"NaN or infinity {where}" + (f"; weights: {weights}" if weights else ""),
        "bound the variable (`w : 1 in [0, wmax]`), take a smaller `dt` or smaller steps of the"
        " weights; look at the other blocks only: `stdpdsl summary DIR --where 'status == ok'`",
    )  # fmt: skip


def _not_finite(run: _Run) -> str:
    """`12 of feedforward`"""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    if "weights" not in run.results.tables:
        return ""
    bad = ~pc.is_finite(ds.field("w")) & ds.field("w").is_valid()
    names = run.results.table("weights", ["connection"], bad)["connection"].to_pylist()
    return ", ".join(f"{names.count(n):,} of {n}" for n in dict.fromkeys(names))


def stuck(run: _Run) -> Iterator[Finding]:
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
        kind = "all at the same bound" if one else "at one bound or the other"
        yield Finding(
            name, "found", f"{owner}: at least {STUCK:.0%} of the weights are {kind}"
            f" {run.blocks_where(rows)}",
            "potentiation or depression wins outright: change the balance of the two (Apost,"
            " taupost), take smaller steps or a rule with soft bounds, or run for a shorter time"
            if one else
            "additive rules end so; if you want graded weights take a rule with soft bounds"
            " (`pair_multiplicative`, `pair_guetig`) or smaller steps",
        )  # fmt: skip
    if not any_bounded:
        yield Finding(name, "passed", "no weight has bounds")
    elif not wrong:
        yield Finding(name, "passed", f"less than {STUCK:.0%} of them are at a bound")


def moved(run: _Run) -> Iterator[Finding]:
    """Only of connections that learn: some of their weights moved, or they have bounds."""
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
                name, "found", f"{owner}: nothing was learned {run.blocks_where(still)}",
                "see whether both sides spike (rates in `stdpdsl summary`), and whether the"
                " rule's amplitudes are 0",
            )  # fmt: skip
    if not learning:
        yield Finding(name, "passed", "no connection learns")
    elif not wrong:
        yield Finding(name, "passed", "in every block")


def _frozen(run: _Run) -> np.ndarray:
    """The rows of phases in which plasticity is off."""
    from ..language import ast
    from ..language.diagnostics import CompileError
    from ..language.parser import parse
    from ..language.source import Source

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
    phases = [str(name).partition(" ")[0] for name in run.design.columns["phase"]]  # less the turn
    return np.isin(phases, sorted(off))


def active(run: _Run) -> Iterator[Finding]:
    silent_layers = saturated_layers = True
    any_layer = False
    for layer, rate in run.owners("_rate"):
        any_layer = True
        silent = rate == 0
        if np.any(silent):
            silent_layers = False
            yield Finding(
                "no layer is silent", "found", f"{layer}: not one spike {run.blocks_where(silent)}",
                "without spikes there is no STDP: give it more drive or larger weights, or lower"
                " its threshold",
            )  # fmt: skip
        hot = rate > SATURATED
        if np.any(hot):
            saturated_layers = False
            yield Finding(
                "no layer is saturated", "found", f"{layer}: more than {SATURATED:g} Hz on average"
                f" {run.blocks_where(hot)}",
                "lower the weights or `wmax`, strengthen the inhibition, or give the neuron a"
                " refractory period",
            )  # fmt: skip
    none = "no layer spikes by its model" if not any_layer else "in any block"
    if silent_layers:
        yield Finding("no layer is silent", "passed", none)
    if saturated_layers:
        yield Finding("no layer is saturated", "passed", f"none above {SATURATED:g} Hz")


def differ(run: _Run) -> Iterator[Finding]:
    name = "blocks differ from one another"
    if run.design.blocks < 2:
        yield Finding(name, "passed", "there is one block")
        return
    if not run.outcomes.shape[1]:
        yield Finding(name, "unknown", "the blocks have no measures")
        return
    order = np.argsort(run.block, kind="stable")
    counts = np.bincount(run.block)
    if len(set(counts[counts > 0].tolist())) > 1:
        yield Finding(name, "unknown", "the blocks have different phases")
        return
    prints = run.outcomes[order].reshape(run.design.blocks, -1)
    group = np.unique(prints, axis=0, return_inverse=True)[1].ravel()
    sizes = np.bincount(group)
    if sizes.max() == 1:
        yield Finding(name, "passed", "no two have the same measures to six digits")
        return
    blocks = np.unique(run.block)
    same = blocks[group == int(np.argmax(sizes))]
    named = ", ".join(map(str, same[:MOST_NAMED].tolist())) + (
        ", …" if len(same) > MOST_NAMED else ""
    )
    yield Finding(
        name, "found", f"{int(np.sum(sizes[sizes > 1])):,} of {len(blocks):,} blocks came out"
        f" as another one did, to six digits of every measure; the largest group: {named}",
        _too_large(run, np.isin(run.block, same))
        or "their parameters made no difference: see the next check, and whether the layers spike"
        " at all",
    )  # fmt: skip


def _too_large(run: _Run, rows: np.ndarray) -> str:
    """The swept steps that are as large as the range of the weight that they change."""
    checked = _front(run.results)[0]
    reasons = []
    for c in checked.symbols.connections if checked is not None else ():
        width = weight_range(c, constant_values(checked.symbols))
        swept = {x.target: x.name for x in checked.symbols.columns.values() if x.target}
        for name in steps_of(c) if width else ():
            steps = run.column(swept.get((c.name, name), ""))
            if steps is not None and np.all(np.abs(steps[rows]) >= width):
                reasons.append(
                    f"in these blocks `{name}` is {shown(np.abs(steps[rows]).min())} or more,"
                    f" and the weight of {c.name} has a range of {shown(width)}: one spike takes it"
                    " to a bound, whatever the value"
                )
    return "; ".join([*reasons, "take smaller steps"]) if reasons else ""


def effects(run: _Run) -> Iterator[Finding]:
    name = "every parameter has an effect"
    design = run.design
    if not design.axes:
        yield Finding(name, "passed", "nothing was varied")
        return
    if not run.outcomes.shape[1]:
        yield Finding(name, "unknown", "the blocks have no measures")
        return
    without = [a for a in design.axes if _has_effect(run, a) is False]
    if len(design.axes) > 1 and all(_has_effect(run, a) is None for a in design.axes):
        yield Finding(name, "unknown", "no two blocks differ by one parameter alone")
    elif not without:
        yield Finding(name, "passed", ", ".join(a.name for a in design.axes))
    for axis in without:
        yield Finding(
            name, "found", f"{axis.name}: no measure changes with it, to six digits",
            "it may belong to a rule or neuron that this network does not use, act on spikes that"
            " never come, or be varied over too small a range",
        )  # fmt: skip


def _has_effect(run: _Run, axis: Axis) -> bool | None:
    """Whether blocks that differ by this axis alone differ; None where there are no such."""
    design = run.design
    others = [design.columns[a.name] for a in design.axes if a is not axis]
    others += [design.columns[n] for n in ("replicate", "phase") if n in design.columns]
    if others:
        keys = [np.unique(o, return_inverse=True)[1].ravel() for o in others]
        group = np.unique(np.stack(keys), axis=1, return_inverse=True)[1].ravel()
    else:
        group = np.zeros(len(run.block), int)
    order = np.argsort(group, kind="stable")
    alone = np.diff(group[order]) == 0
    if not np.any(alone):
        return None
    steps = np.any(np.diff(run.outcomes[order], axis=0) != 0, axis=1)
    return bool(np.any(steps & alone))


def times(run: _Run) -> Iterator[Finding]:
    """What checking the spec says about the time step; the spec as it stands, without `--set`."""
    codes = {
        "the time step is short enough": ("RUN002", "RUN006", "RUN007"),
        "times are multiples of the time step": ("RUN003", "RUN005"),
        "no noise breaks the comparison of blocks": ("RUN008",),
        "all targets give the same": ("TARGET001", "TARGET002"),
        "initial values lie inside their bounds": ("RUN004",),
    }
    said = _checked(run.results)
    for name, wanted in codes.items():
        if said is None:
            yield Finding(name, "unknown", "this version cannot check the spec that is saved")
            continue
        mine = [d for d in said if d.code in wanted]
        if not mine:
            yield Finding(name, "passed", "checked before the run")
        for d in mine:
            yield Finding(
                name, "found", f"{d.message} (line {d.span.line} of the spec)",
                d.help or f"see `stdpdsl explain {d.code}`",
            )  # fmt: skip


def integrated(run: _Run) -> Iterator[Finding]:
    """Which variables were not solved exactly."""
    name = "equations are solved exactly"
    methods = run.results.metadata.get("integration")
    if methods is None:
        yield Finding(name, "unknown", "the metadata do not say how they were integrated")
        return
    inexact = {
        component: {v: m for v, m in of_variable.items() if not without_error(m)}
        for component, of_variable in methods.items()
    }  # fmt: skip
    inexact = {component: left for component, left in inexact.items() if left}
    if not inexact:
        given = {c: [v for v, m in one.items() if m == "advance"] for c, one in methods.items()}
        listed = "; ".join(f"{c}: {', '.join(names)}" for c, names in given.items() if names)
        formula = f"; by the rule's own formula, if that is exact: {listed}" if listed else ""
        yield Finding(name, "passed", f"between spikes, which happen at time steps{formula}")
        return
    listed = "; ".join(f"{c}: {words}" for c, words in in_words(inexact))
    yield Finding(
        name, "found", f"{listed}: the error grows with `dt`",
        "`stdpdsl diagnose DIR --refine` runs a few blocks with half the `dt`, and estimates the"
        " error",
    )  # fmt: skip


def _checked(results: Results) -> list[Any] | None:
    """The warnings of the spec that was run."""
    checked, found = _front(results)
    return None if checked is None else found


def _front(results: Results) -> tuple[Any, list[Any]]:
    """The spec that was run as it was checked, or None, and what is wrong with it."""
    from ..compiler import check_text
    from ..language.source import Source

    if not results.spec:
        return None, []
    return check_text(Source("spec.stdp", results.spec), results.folder, [])


def delays(run: _Run) -> Iterator[Finding]:
    name = "delays are multiples of the time step"
    rounded = run.results.metadata.get("rounded_delays")
    dt = run.results.metadata.get("dt")
    if rounded is None or not dt:
        yield Finding(name, "unknown", "an older version made these results, and did not note it")
        return
    if not rounded:
        yield Finding(name, "passed", f"of {shown(dt, 's')}")
    for connection in dict.fromkeys(one["connection"] for one in rounded):
        mine = [one for one in rounded if one["connection"] == connection]
        count, by = sum(one["delays"] for one in mine), max(one["by"] for one in mine)
        yield Finding(
            name, "found", f"{connection}: {count:,} delays rounded to steps of {shown(dt, 's')},"
            f" by {shown(by, 's', 3)} at most",
            "take a smaller `dt`, or such delays; drawn ones are always rounded, by half a step at"
            " most",
        )  # fmt: skip


CHECKS: tuple[Callable[[_Run], Iterator[Finding]], ...] = (
    ended, finite, active, moved, stuck, differ, effects, times, integrated, delays,
)  # fmt: skip

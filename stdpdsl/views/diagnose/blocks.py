"""Checks whether blocks differ, and whether each parameter has an effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...check.values import constant_values, steps_of, weight_range
from ...results.axes import Axis
from ...results.labels import shown
from .finding import MOST_NAMED, Finding, Run
from .steps import front


def differ(run: Run) -> Iterator[Finding]:
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
        name,
        "found",
        f"{int(np.sum(sizes[sizes > 1])):,} of {len(blocks):,} blocks equal"
        f" another block to six digits in every measure; the largest group: {named}",
        _too_large(run, np.isin(run.block, same))
        or "their parameters had no effect: see the next check, and check that the layers spike",
    )


def _too_large(run: Run, rows: np.ndarray) -> str:
    """Swept weight changes that are as large as the range of the weight."""
    checked = front(run.results)[0]
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
    return "; ".join([*reasons, "use smaller values"]) if reasons else ""


def effects(run: Run) -> Iterator[Finding]:
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
        yield Finding(name, "unknown", "no two blocks differ in exactly one parameter")
    elif not without:
        yield Finding(name, "passed", ", ".join(a.name for a in design.axes))
    for axis in without:
        yield Finding(
            name,
            "found",
            f"{axis.name}: no measure changes with it, to six digits",
            "it may belong to a rule or neuron that this network does not use, depend on"
            " spikes that never occur, or vary over too small a range",
        )


def _has_effect(run: Run, axis: Axis) -> bool | None:
    """Whether blocks that differ in this axis only have different measures; None if there are
    no such blocks.
    """
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

"""Refuses what would not fit, before anything runs."""

from __future__ import annotations

import math

from ..language import ast
from ..language.diagnostics import Diagnostic
from ..language.source import Span
from ..machine.memory import DEFAULT_MEMORY, size_of
from .costs import ROW_DISK, ROW_MEMORY, Estimate, Part
from .values import value

MAX_NEURONS = 50_000_000
MAX_SYNAPSES = 500_000_000
MAX_STEPS = 2**31 - 1  # Brian2 counts the steps of given spikes in 32 bits
MAX_RESULT_BYTES = 20e9


def refuse(
    found: Estimate, memory: float = DEFAULT_MEMORY, disk: float = MAX_RESULT_BYTES
) -> list[Diagnostic]:
    """Report what would not fit, with the number and a fix."""
    problems: list[Diagnostic] = []
    copies = f"{found.blocks:,} {'block' if found.blocks == 1 else 'blocks'}"
    if found.neurons > MAX_NEURONS:
        worst = max(found.layers, key=lambda p: p.count)
        problems.append(
            Diagnostic(
                "COST001",
                _spot(worst.node),
                f"{_number(found.neurons)} neurons in {copies};"
                f" the limit is {_number(MAX_NEURONS)}",
                f"`{worst.name}`: {_number(worst.count)}",
                help="make the layers smaller, take fewer blocks, or give what does not depend on"
                " the sweep `scope: shared`",
            )
        )
    if found.synapses > MAX_SYNAPSES:
        worst = max(found.connections, key=lambda p: p.count)
        bound = "at most " if worst.at_most else ""
        problems.append(
            Diagnostic(
                "COST002",
                worst.node.span,
                f"{_number(found.synapses)} synapses in {copies}; the limit"
                f" is {_number(MAX_SYNAPSES)}",
                f"`{worst.name}`: {bound}{_number(worst.count)}",
                help="connect more sparsely, take fewer blocks, or run parts of the sweep",
            )
        )
    problems += _time(found)
    problems += _inputs(found, memory)
    problems += _recording(found, memory, disk)
    problems += _blocks(found)
    network = sum(p.bytes for p in (*found.layers, *found.connections)) / _shards(found)
    if not problems and network > memory and found.connections:
        worst = max(found.connections, key=lambda p: p.bytes)
        problems.append(
            Diagnostic(
                "COST004",
                worst.node.span,
                f"the network needs {size_of(network)} of memory; {size_of(memory)} are there",
                f"`{worst.name}`: {size_of(worst.bytes)}",
                help="connect more sparsely, or run parts of the sweep on several machines",
            )
        )
    return problems


def _time(found: Estimate) -> list[Diagnostic]:
    if found.steps is None or found.steps <= MAX_STEPS or found.span is None:
        return []
    return [
        Diagnostic(
            "COST005",
            found.span,
            f"the run takes {_number(found.steps)} time steps; the limit is {_number(MAX_STEPS)}",
            help="take a longer `dt` or a shorter run",
        )
    ]


def _inputs(found: Estimate, memory: float) -> list[Diagnostic]:
    """Check the spikes of inputs, which are all made before the run."""
    total = sum(p.bytes for p in found.inputs)
    if total <= memory:
        return []
    worst = max(found.inputs, key=lambda p: p.bytes)
    return [
        Diagnostic(
            "COST006",
            worst.node.span,
            f"the inputs send {_number(sum(p.count for p in found.inputs))}"
            f" spikes, {size_of(total)} of memory; {size_of(memory)} are there",
            f"`{worst.name}`: {_number(worst.count)}",
            help="take fewer inputs, a lower rate or a shorter run",
        )
    ]


def _recording(found: Estimate, memory: float, disk: float) -> list[Diagnostic]:
    """Report each line that is too large by itself; otherwise, if all together are, the largest."""
    limit = min(memory * _shards(found), disk * ROW_MEMORY / ROW_DISK)
    # The number of spikes is only a guess, so it is no reason to refuse.
    states = [p for p in found.records if isinstance(p.node, ast.RecordState)]
    total = sum(p.bytes for p in states)
    if total <= limit or not states:
        return []
    large = [p for p in states if p.bytes > limit]
    large = large or [max(states, key=lambda p: p.bytes)]
    problems = []
    for part in large:
        every = _interval(found, part, total / limit)
        help = "record fewer blocks, such as `in blocks 0, 1`"
        if every:
            help = f"record less often: `every {every}`, or fewer blocks: `in blocks 0, 1`"
        problems.append(
            Diagnostic(
                "COST003",
                part.node.span,
                f"this records {_number(part.count)} rows,"
                f" {size_of(part.bytes)} of memory and {size_of(part.count * ROW_DISK)} of disk",
                f"there are {size_of(memory)} of memory",
                help=help,
            )
        )
    return problems


def _shards(found: Estimate) -> int:
    """Into how many parts a run can be cut; each part has to fit into memory."""
    return 1 if found.coupled else max(1, found.blocks)


def _blocks(found: Estimate) -> list[Diagnostic]:
    """Check `in blocks 0, 3` for a sweep that has fewer blocks."""
    problems = []
    rows = found.blocks
    for part in found.records:
        for block in getattr(part.node, "blocks", None) or ():
            number = value(block, {})
            if number is not None and not 0 <= number < rows:
                problems.append(
                    Diagnostic(
                        "SWEEP016",
                        block.span,
                        f"there is no block {number:g}; the sweep has"
                        f" {rows:,} {'row' if rows == 1 else 'rows'}",
                        help="blocks are the rows after `where`, counted from 0",
                    )
                )
    return problems


def _interval(found: Estimate, part: Part, excess: float) -> str:
    """The next round interval with which a line fits, or nothing if there is none."""
    least = part.every * excess
    power = 10.0 ** math.floor(math.log10(least))
    longer = next(power * k for k in (1, 2, 5, 10) if power * k >= least * (1 - 1e-9))
    if found.seconds is None or longer > found.seconds:
        return ""
    return f"{longer:g} s" if longer >= 1 else f"{longer * 1e3:g} ms"


def _spot(node: ast.Node) -> Span:
    size = node.size if isinstance(node, ast.Layer) else None
    return (size or node).span


def _number(count: float) -> str:
    for scale, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if count >= scale:
            return f"{count / scale:.3g} {word}"
    return f"{count:,.0f}"

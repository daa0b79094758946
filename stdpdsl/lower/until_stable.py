"""`--until-stable TOLERANCE`: blocks end when their weights no longer move.

    0.01                 over a window of a tenth of the run
    0.01 over 10 s       over a window of ten seconds

In a window, a connection's weights may move by at most this fraction of their largest movement in
any window so far (mean distances over a block's synapses, as in the measure `settled`).
`stdpdsl/runtime/stable.py` checks this.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from ..check import Checked
from ..check.values import value
from ..dataclass import dataclass
from ..ir import Experiment
from ..language import ast
from ..language.diagnostics import CompileError, Diagnostic
from ..language.overrides import typed_expression
from ..language.units import SECOND, resolve

OPTION = "--until-stable"
_OVER = re.compile(r"\s+over\s+")


@dataclass(frozen=True)
class Until:
    """The tolerance, as a fraction of the largest change in any window, and the window (s); None
    for a tenth of the run."""

    tolerance: float
    window: float | None

    def data(self) -> dict[str, float | None]:
        """Its form in the script and the metadata."""
        return asdict(self)


def written(data: Any) -> str | None:
    """What was asked for, read from the metadata; ValueError if stdpdsl did not write that."""
    if data is None:
        return None
    if not isinstance(data, dict):
        raise ValueError("it is not a tolerance and a window")
    tolerance, window = data.get("tolerance"), data.get("window")
    if not _is_between(tolerance, 0, 1):
        raise ValueError("there is no tolerance between 0 and 1")
    if window is not None and not _is_between(window, 0, float("inf")):
        raise ValueError("its window is not a time")
    return f"{tolerance!r}" if window is None else f"{tolerance!r} over {window!r} s"


def _is_between(value: Any, low: float, high: float) -> bool:
    return type(value) in (int, float) and low < value < high


def until(text: str) -> Until:
    """What an option's text asks for; CompileError with places in that text."""
    over = _OVER.search(text)
    tolerance = typed_expression(OPTION, text[: over.start()] if over else text)
    window = typed_expression(OPTION, text, over.end()) if over else None
    found, problems = value(tolerance, {}), []
    help = "such as 0.01, or '0.01 over 10 s'"
    if found is None or any(isinstance(n, ast.Quantity) for n in ast.walk(tolerance)):
        problems.append(
            Diagnostic(
                "UNIT002",
                tolerance.span,
                "expected a number, a part of the fastest pace of the weights",
                help=help,
            )
        )
    elif not 0 < found < 1:
        problems.append(
            Diagnostic(
                "TYPE013",
                tolerance.span,
                f"a tolerance cannot be {found:g}",
                help=f"write a number between 0 and 1, {help}",
            )
        )
    seconds = seconds_of(window)
    if window is None:
        pass
    elif seconds is None:
        problems.append(
            Diagnostic(
                "UNIT002",
                window.span,
                "expected a time, the window over which the weights are watched",
                help=help,
            )
        )
    elif not 0 < seconds < float("inf"):
        problems.append(
            Diagnostic(
                "TYPE013",
                window.span,
                f"a window cannot be {seconds:g} s",
                help="write a time above 0 s",
            )
        )
    if problems:
        raise CompileError(problems)
    assert found is not None
    return Until(found, seconds)


def seconds_of(expr: ast.Expr | None) -> float | None:
    """The value of a time such as `10 s`, which may have a sign."""
    inner = expr.operand if isinstance(expr, ast.Unary) else expr
    if not isinstance(inner, ast.Quantity):
        return None
    dimension = resolve((f.name, f.exponent) for f in inner.unit.factors)[0]
    return value(expr, {}) if dimension == SECOND else None


def refusals(text: str, checked: Checked, experiment: Experiment) -> list[Diagnostic]:
    """Why the blocks of a spec cannot end when they are stable."""
    found = []
    for run in checked.spec.of(ast.Run):
        if run.phases:
            found.append(
                Diagnostic(
                    "CLAUSE002",
                    run.phases[0].name.span,
                    f"{OPTION} ends each block at a time of its own, and phases have theirs",
                    help="give the run a `duration:` alone, or leave out the option",
                )
            )
    learning = [c for c in checked.symbols.connections if c.weight and _is_plastic(c.node)]
    lowered = {c.name: c for c in experiment.connections}
    if not learning:
        span = typed_expression(OPTION, text.partition(" ")[0] or text).span
        found.append(
            Diagnostic(
                "CLAUSE007",
                span,
                "no connection of this spec learns, so no weights can be stable",
                help="leave out the option, or give a connection `plasticity:`",
            )
        )
    for connection in learning:
        name, weight = connection.name, connection.weight
        if weight in {trace.name for trace in lowered[name].traces}:
            by_rule = connection.rule is not None and connection.rule.advance
            found.append(
                Diagnostic(
                    "CLAUSE002",
                    connection.node.name.span,
                    f"`{weight}` of `{name}` relaxes between"
                    f" spikes and is brought up to date by them, so {OPTION} cannot look at it",
                    help="leave out the option, or write the rule without `advance:`"
                    if by_rule
                    else f"give it bounds (`{weight} : 1 in [0, wmax]`): then it is integrated in"
                    " each step",
                )
            )
        if lowered[name].shared:
            found.append(
                Diagnostic(
                    "CLAUSE002",
                    connection.node.name.span,
                    f"`{name}` learns once for all"
                    f" blocks, and with {OPTION} each ends at a time of its own",
                    help="leave out the option, or give each block its own copy: `scope: block`",
                )
            )
    return found


def _is_plastic(node: ast.Node) -> bool:
    return isinstance(node, ast.Connect) and bool(node.plasticity)

"""The description of a clause, and the clauses that several declarations share."""

from __future__ import annotations

from ...dataclass import dataclass


@dataclass(frozen=True)
class Clause:
    """`form` is how to write it; `brian2` is what it becomes in Brian2. `unit` and `default` are
    those of its value, if it has one."""

    form: str
    text: str
    brian2: str
    unit: str = ""
    default: str = ""


PARAMETERS = Clause(
    "parameters:",
    "Names with default values. A layer or connection that uses the model may give others, and a "
    "column of the sweep may set them.",
    "the `namespace`, or `NAME : unit (constant)` if the sweep varies it",
)
EQUATIONS = Clause(
    "equations:",
    "`dx/dt = ... : unit`, `x = ... : unit` (a formula), or `x : unit` (a value that statements or "
    "`initial:` set). `in [low, high]` clips, flags stand in parentheses.",
    "the model equations",
)
INITIAL = Clause(
    "initial:",
    "Values at the start: formulas of parameters, `i`, `j` and draws.",
    "`set_states` before the run; the draws are NumPy's, from the spec's seed",
    "that of the variable",
    "0",
)
METHOD = Clause(
    "method: NAME",
    "The integrator of all equations here, one of Brian2's.",
    "`method=`",
    default="the best for each variable: exact, exponential Euler, or Euler",
)
ON = Clause(
    "on NAME:",
    "Statements that run at an event: `pre`, `post`, a port of the rule, an event of the neuron; "
    "in a connection, `on NAME pre:` at an event of the source layer's neurons, `on NAME post:` of "
    "the target's. `after TIME` lets them run later.",
    "`on_pre`, `on_post`, `on_event`, or `run_on_event`; `after` is a pathway with its own delay",
)
EVERY = Clause(
    "every TIME:",
    "Statements that run again and again, at the end of a step.",
    "`run_regularly(..., dt=TIME)`",
    "time, a multiple of `dt`",
)

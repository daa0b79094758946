"""What varies: sweeps, searches, fits."""

from __future__ import annotations

from dataclasses import field

from ...dataclass import dataclass
from ..source import Span
from .expressions import Expr, Ident, Name, Path, String, Unit
from .node import Declaration, Node


@dataclass(frozen=True)
class SweepPart(Node):
    """One way to write rows."""


@dataclass(frozen=True)
class Header(Node):
    """A table's column header: `taupre [ms]`."""

    path: Path
    unit: Unit | None = None


@dataclass(frozen=True)
class Table(SweepPart):
    headers: tuple[Header, ...]
    rows: tuple[tuple[Expr, ...], ...]  # names are allowed as cells (presets)
    row_spans: tuple[Span, ...] = field(compare=False, default=())


@dataclass(frozen=True)
class Axis(Node):
    """`wmax = geomspace(0.01, 1, 5)`"""

    path: Path
    value: Expr


@dataclass(frozen=True)
class Grid(SweepPart):
    axes: tuple[Axis, ...]


@dataclass(frozen=True)
class Zip(SweepPart):
    axes: tuple[Axis, ...]


@dataclass(frozen=True)
class FromFile(SweepPart):
    path: String


@dataclass(frozen=True)
class RandomSamples(SweepPart):
    """`sobol: 64 samples`; `design` is random, sobol or latin_hypercube."""

    samples: Expr
    axes: tuple[Axis, ...]  # values are draws: uniform, loguniform, normal, ...
    design: str = "random"


@dataclass(frozen=True)
class Limit(Node):
    """How much two neighbours of a grid may differ: a value, or a percentage of the range."""

    value: Expr
    percent: bool = False


@dataclass(frozen=True)
class Refinement(Node):
    """`refine: A1_rate to 5 % in 400 trials`"""

    value: Expr
    limit: Limit
    trials: Expr | None = None


@dataclass(frozen=True)
class Sweep(Declaration):
    parts: tuple[SweepPart, ...] = ()
    derive: tuple[Axis, ...] = ()
    where: Expr | None = None
    replicates: Expr | None = None
    replicate: Expr | None = None  # the number of the first replicate
    refine: Refinement | None = None


@dataclass(frozen=True)
class Objective(Node):
    """`minimise: mean(miss)`"""

    direction: str  # minimise | maximise
    value: Expr


@dataclass(frozen=True)
class Comparison(Node):
    """`compare: change to observed within error`: what is compared to the data, and the columns of
    the data and of their standard errors."""

    value: Expr
    observed: Name
    error: Name | None = None


@dataclass(frozen=True)
class Early(Node):
    """`stop trials: silent or saturated after 1 s`"""

    reasons: tuple[Ident, ...]
    after: Expr


@dataclass(frozen=True)
class Search(Declaration):
    over: tuple[Axis, ...] = ()  # values are draws
    objectives: tuple[Objective, ...] = ()
    constraints: tuple[Expr, ...] = ()
    method: Ident | None = None
    trials: Expr | None = None
    batch: Expr | None = None
    seed: Expr | None = None
    stop: Expr | None = None  # number of trials without improvement
    difference: Limit | None = None  # difference of neighbours above which a grid is refined
    early: Early | None = None
    data: FromFile | None = None
    compare: Comparison | None = None


@dataclass(frozen=True)
class Fit(Search):
    """A search whose objective is the error relative to data."""


@dataclass(frozen=True)
class Refined(Search):
    """The search of a sweep's `refine:`; `over` is the sweep's grid, whose values are lists."""


@dataclass(frozen=True)
class Infer(Search):
    """A search for all parameters that are compatible with the data: `over` is the prior."""

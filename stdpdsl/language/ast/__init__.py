"""The syntax tree: one node per construct of the language, frozen, each with its span.

Nodes compare equal when they have the same contents, wherever they stand: `==` ignores `span`.
Facts found later (what a name means, its dimension) are stored beside the tree, never on it.

Every node has one name here, `ast.NAME`; the list below tells which module defines it.
"""

from __future__ import annotations

from .expressions import (
    Binary,
    Call,
    DataExpr,
    Doc,
    Expr,
    Ident,
    Keyword,
    ListExpr,
    Name,
    Number,
    Path,
    Quantity,
    String,
    StringExpr,
    Unary,
    Unit,
    UnitFactor,
    renamed,
)
from .models import (
    Assign,
    Bounds,
    Constants,
    Deliver,
    Equation,
    Event,
    Every,
    Handler,
    Neuron,
    Normalise,
    Port,
    Preset,
    Requirement,
    Rule,
    Statement,
    Update,
    Use,
)
from .network import (
    Binding,
    Connect,
    Delivery,
    Drive,
    Filterbank,
    Input,
    Layer,
    Pattern,
    PoissonInput,
    RatesFile,
    RatesOfResults,
    RegularInput,
    RuleUse,
    Slice,
    Sound,
    SpikesFile,
    SpikesList,
    SpikesOfResults,
    TableDrive,
)
from .node import Declaration, Node, below, children, depth, found_once, leaves, walk
from .runs import (
    Frozen,
    Measure,
    Measures,
    Modifier,
    Off,
    Phase,
    PlasticityOff,
    Record,
    RecordSpikes,
    RecordState,
    Repeated,
    Restore,
    Run,
    SetValue,
    Store,
    Until,
    Window,
)
from .spec import Spec
from .sweeps import (
    Axis,
    Comparison,
    Early,
    Fit,
    FromFile,
    Grid,
    Header,
    Infer,
    Limit,
    Objective,
    RandomSamples,
    Refined,
    Refinement,
    Search,
    Sweep,
    SweepPart,
    Table,
    Zip,
)

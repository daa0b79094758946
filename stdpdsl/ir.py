"""The experiment that a script carries out: resolved, in SI, without syntax.

Expressions are text by now: `code` is Python over SI floats and arrays, everything else is in
Brian2's language.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """One value, or one per block where it `varies`. `unit` is Brian2's name of the SI unit."""

    name: str
    code: str
    varies: bool
    unit: str


@dataclass(frozen=True)
class Initial:
    """A variable's first value; `draws` are (placeholder, kind, stream key) of its base draws."""

    variable: str
    code: str
    unit: str
    draws: tuple[tuple[str, str, str], ...] = ()
    low: str | None = None
    high: str | None = None


@dataclass(frozen=True)
class Layer:
    name: str
    size: int
    shared: bool
    kind: str  # "neurons", "spikes", "driven"
    spikes: str = ""  # code of (neuron, step)
    model: tuple[str, ...] = ()
    odes: tuple[str, ...] = ()
    varying: tuple[Parameter, ...] = ()
    namespace: tuple[Parameter, ...] = ()
    threshold: str | None = None
    reset: str | None = None
    refractory: str | None = None
    method: str | None = None
    initial: tuple[Initial, ...] = ()
    drive: tuple[tuple[str, str], ...] = ()  # variable, filterbank


@dataclass(frozen=True)
class Trace:
    """An event-driven variable, and its value `age` seconds after its last update."""

    name: str
    code: str


@dataclass(frozen=True)
class Connection:
    name: str
    pre: str
    post: str
    choose: str
    draws: str  # kind of pattern draws: "" or the stream's key
    model: tuple[str, ...]
    varying: tuple[Parameter, ...]
    namespace: tuple[Parameter, ...]
    on_pre: tuple[str, ...]
    on_post: tuple[str, ...]
    orders: tuple[int, int]
    method: str | None
    initial: tuple[Initial, ...]
    delay: Initial | None
    weight: str | None
    state: tuple[str, ...]  # all stored variables, the weight among them
    traces: tuple[Trace, ...]
    bounds: tuple[str, str] | None


@dataclass(frozen=True)
class Monitor:
    component: str
    on_layer: bool
    variables: tuple[tuple[str, str], ...]  # name in the results, name in the model
    every: float
    blocks: tuple[int, ...] | None


@dataclass(frozen=True)
class Audio:
    """A sound or a filterbank: its name and its code; `sound` is what a filterbank hears."""

    name: str
    code: tuple[str, ...]
    sound: str = ""


@dataclass(frozen=True)
class Experiment:
    model: str
    doc: str
    seed: int
    dt: float
    duration: str  # code, s
    sweep: tuple[str, ...]  # lines of code
    columns: tuple[str, ...]
    units: dict[str, str]
    rows: int
    replicates: int
    constants: tuple[Parameter, ...]
    parameters: tuple[tuple[str, tuple[Parameter, ...]], ...]
    sounds: tuple[Audio, ...]
    filterbanks: tuple[Audio, ...]
    layers: tuple[Layer, ...]
    connections: tuple[Connection, ...]
    spikes_of: tuple[str, ...]
    monitors: tuple[Monitor, ...]

"""What a run would do, and how long it would take on each target."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from .check.costs import Estimate
from .check.limits import size_of
from .ir import Experiment
from .sweep import SweepTable

TARGETS = ("numpy", "cython", "cpp_standalone")


@dataclass(frozen=True)
class Speed:
    """Seconds: to import and build, per step of a group or of synapses, per step of a neuron."""

    start: float
    build_part: float
    part: float
    neuron: float


# Measured on two cores with Brian2 2.9 (the starter spec, and the network of tests/benchmarks).
SPEEDS = {
    "numpy": Speed(3.0, 0.0, 3e-5, 2e-8),
    "cython": Speed(3.0, 6.0, 2e-5, 6e-9),
    "cpp_standalone": Speed(8.0, 0.8, 3e-7, 4e-9),
}


@dataclass(frozen=True)
class Plan:
    """The target that was chosen, and lines of (what, how much)."""

    model: str
    target: str
    lines: tuple[tuple[str, str], ...]

    def render(self) -> str:
        width = max(len(name) for name, _ in self.lines)
        return "".join(f"{name:<{width}}  {value}\n" for name, value in self.lines)


def seconds_on(target: str, found: Estimate, parts: int) -> float | None:
    """How long a run would take, None where a sound's length is not known."""
    if found.steps is None:
        return None
    speed = SPEEDS[target]
    per_step = parts * speed.part + found.neurons * speed.neuron
    return speed.start + parts * speed.build_part + found.steps * per_step


def make_plan(
    experiment: Experiment, table: SweepTable, found: Estimate, target: str
) -> Plan:
    """`auto` becomes the fastest target that this machine has; what hears a sound of unknown
    length is taken to be long."""
    parts = 2 * len(experiment.layers) + 3 * len(experiment.connections)
    times = {name: seconds_on(name, found, parts) for name in TARGETS}
    chosen = target
    if target == "auto":
        compiles = shutil.which("g++") or shutil.which("c++") or shutil.which("clang++")
        runtime, built = times["numpy"], times["cpp_standalone"]
        short = runtime is not None and built is not None and runtime <= built
        chosen = "numpy" if short or not compiles else "cpp_standalone"
    seconds, unknown = found.seconds, "depends on the sound"
    synapses = ", ".join(
        f"{p.name} {'at most ' if p.at_most else ''}{p.count:,.0f}" for p in found.connections
    )
    lines = (
        ("model", experiment.model),
        ("blocks", f"{table.rows:,}"),
        ("columns", ", ".join(table.columns) or "-"),
        ("neurons", f"{found.neurons:,.0f}"),
        ("synapses", f"{found.synapses:,.0f}" + (f" ({synapses})" if synapses else "")),
        ("simulated time", unknown if seconds is None else f"{seconds:g} s"),
        ("time step", f"{experiment.dt:g} s"),
        ("recorded rows", unknown if seconds is None else f"about {found.recorded_rows:,.0f}"),
        ("memory", f"about {size_of(found.memory_bytes)}"),
        ("results", unknown if seconds is None else f"about {size_of(found.result_bytes)}"),
        ("estimated time", unknown if seconds is None else ", ".join(
            f"{name} {in_words(time)}" for name, time in times.items() if time is not None)),
        ("target", chosen),
    )  # fmt: skip
    return Plan(experiment.model, chosen, lines)


def in_words(seconds: float) -> str:
    """A rough time, such as `about 40 s` or `about 3 h`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"about {seconds / size:.2g} {unit}"
    return f"about {max(1, round(seconds))} s"

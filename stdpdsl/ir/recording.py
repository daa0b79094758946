"""What is recorded, what is saved of it, and what is measured."""

from __future__ import annotations

from dataclasses import fields

from ..dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Which of the recorded data are saved; None means all: neurons (the first, and the one after
    the last), blocks, the time from `start` until before `stop` (s), and phases by their names in
    the spec."""

    neurons: tuple[int, int] | None = None
    blocks: tuple[int, ...] | None = None
    start: float | None = None
    stop: float | None = None
    phases: tuple[str, ...] | None = None

    def said(self) -> dict[str, object]:
        """Its form in the metadata: the parts that are restricted."""
        return {
            f.name: list(value) if isinstance(value, tuple) else value
            for f in fields(self)
            if (value := getattr(self, f.name)) is not None
        }

    def code(self, *names: str) -> str:
        """As arguments of a call: those of these names that are given, else all."""
        every = ("neurons", "blocks", "start", "stop", "phases")
        given = {name: getattr(self, name) for name in names or every}
        return ", ".join(
            f"{n}={list(v) if isinstance(v, tuple) else v!r}"
            for n, v in given.items()
            if v is not None
        )


@dataclass(frozen=True, kw_only=True)
class Monitor:
    component: str
    on_layer: bool
    variables: tuple[tuple[str, str], ...]  # name in the results, name in the model
    every: float
    kept: Kept = Kept()

    @property
    def blocks(self) -> tuple[int, ...] | None:
        return self.kept.blocks


@dataclass(frozen=True, kw_only=True)
class EventRecord:
    """The times of a layer's custom events. The results call it LAYER.EVENT."""

    layer: str
    event: str
    kept: Kept = Kept()

    @property
    def monitor(self) -> str:
        return f"record__{self.layer}__{self.event}"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """The mean rate of a layer's neurons in bins of `every` s."""

    layer: str
    every: float
    kept: Kept = Kept()

    @property
    def variable(self) -> str:
        """Its name in the results: `rate`, or `rate[0:5]` for some neurons."""
        neurons = self.kept.neurons
        return "rate" if neurons is None else f"rate[{neurons[0]}:{neurons[1]}]"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One number per block, measured over the elements of a component or of none. `code` uses `of`
    (the elements and the reductions over them), `p`, `row` and `found` (the earlier measures)."""

    name: str
    component: str
    code: str

"""The method by which each variable is integrated: for the plan, the metadata and `diagnose`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..ir import Experiment

IN_WORDS = {
    "exact": "exact",
    "linear": "exact",
    "exponential_euler": "exponential Euler",
    "euler": "Euler",
    "event-driven": "exact, from event to event",
    "advance": "by the formula under `advance:`",
}


def methods_of(e: Experiment) -> dict[str, dict[str, str]]:
    """How each variable of each component is integrated: {component: {variable: method}}."""
    found = {
        layer.name: dict(layer.group.integration.methods)
        for layer in e.layers
        if layer.group is not None
    }
    for c in e.connections:
        traces = {t.name: "advance" if t.advanced else "event-driven" for t in c.traces}
        found[c.name] = traces | dict(c.integration.methods if c.integration else ())
    return {name: methods for name, methods in found.items() if methods}


def in_words(methods: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """(component, "v, w exponential Euler; g exact") of each component."""
    for component, of_variable in methods.items():
        by_method: dict[str, list[str]] = {}
        for variable, method in of_variable.items():
            words = IN_WORDS.get(method, method)
            by_method.setdefault(words, []).append(variable)
        yield component, "; ".join(f"{', '.join(v)} {m}" for m, v in by_method.items())


def without_error(method: str) -> bool:
    """Whether the method's solution between spikes does not depend on the time step. A rule's own
    formula counts, as far as it is exact."""
    return method in ("exact", "linear", "event-driven", "advance")

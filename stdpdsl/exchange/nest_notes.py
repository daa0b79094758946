"""Notes on NEST at the top of an exported model: how NESTML 9.0 translates the model for NEST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..language import ast
from ..language.ast import Expr
from .names import Names


def notes(rule: ast.Rule, parameters: Mapping[str, Expr], names: Names) -> Iterator[str]:
    if reads_post_traces(rule):
        yield (
            "This model reads traces at post_spikes. NESTML 9.0's code for NEST then loses"
            " post spikes, and the weights are wrong, unless each target also has a synapse"
            " of this model from a neuron that never spikes."
        )
    if computed := [
        names[n] for n, value in parameters.items() if _names(value) & parameters.keys()
    ]:
        yield (
            "In NEST, a value given to a parameter does not change the defaults that are computed"
            f" from it; give these, too: {', '.join(computed)}."
        )


def reads_post_traces(rule: ast.Rule) -> bool:
    """Whether `on post:` reads a trace that only post spikes change. In NEST, the neuron keeps that
    trace.
    """
    traces = {e.name.id for e in rule.equations if e.kind == "ode"}
    read: set[str] = set()
    changed: set[str] = set()
    for handler in rule.handlers:
        updates = [n for n in ast.walk(handler) if isinstance(n, ast.Update)]
        if handler.trigger.id == "post":
            changed |= {u.target.id for u in updates}
            read |= {name for u in updates for name in _names(u.value)}
        else:
            traces -= {u.target.id for u in updates}
    return bool(read & changed & traces)


def _names(node: ast.Node) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}

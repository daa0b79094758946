"""Several rules on one connection, `plasticity: A(...), B(...)`, as one rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from ..language import ast


def joined(rules: Sequence[ast.Rule]) -> ast.Rule:
    """A single rule stays as it is. Several become one, with the name of the first and the contents
    of each, in order. It delivers once, at the first `deliver`: the product of all their
    deliveries."""
    advance = tuple(chain.from_iterable(r.advance for r in rules))
    if len(rules) == 1:
        handlers = _up_to_date(rules[0].handlers, advance)
        return replace(rules[0], handlers=handlers) if advance else rules[0]
    return replace(
        rules[0],
        parameters=tuple(chain.from_iterable(r.parameters for r in rules)),
        equations=tuple(chain.from_iterable(r.equations for r in rules)),
        handlers=_up_to_date(_handlers(rules), advance),
        advance=advance,
        method=next((r.method for r in rules if r.method), None),
        presets=_presets(rules),
        requires=tuple({q.name.id: q for r in reversed(rules) for q in r.requires}.values()),
        ports=tuple(chain.from_iterable(r.ports for r in rules)),
        post_equations=tuple(chain.from_iterable(r.post_equations for r in rules)),
        post_reset=tuple(chain.from_iterable(r.post_reset for r in rules)),
        initial=tuple(chain.from_iterable(r.initial for r in rules)),
    )


def _up_to_date(
    handlers: tuple[ast.Handler, ...], advance: tuple[ast.Statement, ...]
) -> tuple[ast.Handler, ...]:
    """Every event acts on the current state of a synapse."""
    if not advance:
        return handlers
    return tuple(replace(h, body=(*advance, *h.body)) for h in handlers)


def delivers(rule: ast.Rule) -> list[ast.Deliver]:
    """The `deliver` statements of a rule, in order."""
    return [s for h in rule.handlers for s in h.body if isinstance(s, ast.Deliver)]


def _handlers(rules: Sequence[ast.Rule]) -> tuple[ast.Handler, ...]:
    first = next(chain.from_iterable(map(delivers, rules)), None)
    values = [next((d.value for d in delivers(r) if d.value is not None), None) for r in rules]
    whole = _product(v for v in values if v is not None)

    def body(handler: ast.Handler) -> tuple[ast.Statement, ...]:
        kept = (s for s in handler.body if s is first or not isinstance(s, ast.Deliver))
        return tuple(replace(s, value=whole) if isinstance(s, ast.Deliver) else s for s in kept)

    bodies = [(h, body(h)) for r in rules for h in r.handlers]
    return tuple(replace(h, body=statements) for h, statements in bodies if statements)


def _product(values: Iterable[ast.Expr]) -> ast.Expr | None:
    whole: ast.Expr | None = None
    for value in values:
        whole = ast.Binary("*", whole, value, span=whole.span) if whole is not None else value
    return whole


def _presets(rules: Sequence[ast.Rule]) -> tuple[ast.Preset, ...]:
    """A preset of one rule leaves the others at their defaults; two presets with the same name act
    together."""
    found: dict[str, ast.Preset] = {}
    for preset in chain.from_iterable(r.presets for r in rules):
        name = preset.name.id
        if name in found:
            preset = replace(found[name], values=(*found[name].values, *preset.values))
        found[name] = preset
    return tuple(found.values())

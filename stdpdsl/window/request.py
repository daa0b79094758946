"""What the command line asks for: `triplet.visual_cortex_full tau_x='[50, 100] ms'`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

from ..language import ast
from ..language.diagnostics import did_you_mean
from ..language.numeric import with_unit
from ..language.overrides import typed_expression
from ..library.catalogue import unknown
from .spec import Window

MOST = 7
"""The largest number of curves whose colours can be told apart."""


class Misasked(Exception):
    """What is wrong with the command line."""


def asked(name: str, settings: Sequence[str], rules: Mapping[str, ast.Rule]) -> Window:
    """NAME is a rule or RULE.PRESET. CompileError where a value is not an expression."""
    rule_name, _, preset = name.partition(".")
    if rule_name not in rules:
        raise Misasked(unknown(rule_name, rules))
    window = Window(rules[rule_name], preset)
    if preset:
        _known("preset", preset, [p.name.id for p in window.rule.presets], rule_name)
    arguments: dict[str, ast.Expr] = {}
    axes: dict[str, tuple[ast.Expr, ...]] = {}
    for text in settings:
        parameter, _, value = text.partition("=")
        parameter = parameter.strip()
        _known("parameter", parameter, window.names, rule_name)
        if parameter in arguments or parameter in axes or (parameter == "preset" and preset):
            raise Misasked(f"`{parameter}` is given twice; give several values as a list")
        found = typed_expression("window", text, len(text) - len(value), lists=True)
        if isinstance(found, ast.ListExpr) and found.items:
            axes[parameter] = tuple(with_unit(item, found.unit) for item in found.items)
        else:
            arguments[parameter] = found
        if parameter == "preset":
            for item in axes.get("preset", (found,)):
                given = item.id if isinstance(item, ast.Name) else ""
                _known("preset", given, [p.name.id for p in window.rule.presets], rule_name)
    if prod(map(len, axes.values())) > MOST:
        raise Misasked(f"more than {MOST} sets of parameters cannot be told apart")
    return replace(window, arguments=arguments, axes=axes)


def _known(what: str, name: str, known: Sequence[str], rule: str) -> None:
    if name not in known:
        near = did_you_mean(name, known) or (
            f"it has {', '.join(f'`{k}`' for k in known)}" if known else "it has none"
        )
        raise Misasked(f"`{rule}` has no {what} `{name}`; {near}")

"""`--set NAME=VALUE`: a spec with other values.

NAME is a constant, COMPONENT.PARAMETER (or PARAMETER if only one component has it), `duration`,
`dt` or `seed`; or an axis of the sweep's `grid:` or `zip:`, which takes one value or a list. A
column that comes from a table or a file, or that is derived or drawn, cannot be set here, because
it takes precedence.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from ..dataclass import dataclass
from . import ast
from .diagnostics import CompileError, Diagnostic, Label, did_you_mean
from .parser import parse
from .source import Source, Span

RUN = ("duration", "dt", "seed")
_HEAD = "constants:\n    setting = "
_LIST = "sweep:\n    grid:\n        setting = "  # where a list is allowed

Rules = Mapping[str, ast.Rule]


@dataclass(frozen=True)
class Typed(Source):
    """A value as its own spec, with positions in what was typed."""

    typed: str = ""
    start: int = 0  # of the value in what was typed
    head: str = _HEAD

    def position(self, offset: int) -> tuple[int, int]:
        return 1, max(0, offset - len(self.head) + self.start) + 1

    def line(self, number: int) -> str:
        return self.typed


def typed_expression(option: str, text: str, start: int = 0, lists: bool = False) -> ast.Expr:
    """The expression in an option's text from `start` on; CompileError with places in that text."""
    value = text[start:]
    begins = len(text) - len(value.lstrip())
    head = _LIST if lists else _HEAD
    spec = parse(Typed(option, f"{head}{value.strip()}\n", text, begins, head))
    expr: ast.Expr
    if lists:
        expr = spec.of(ast.Sweep)[0].parts[0].axes[0].value
    else:
        expr = spec.of(ast.Constants)[0].items[0].value
    return expr


def with_settings(spec: ast.Spec, sets: Sequence[str], library: Rules) -> ast.Spec:
    rules: Rules = ChainMap({r.name.id: r for r in spec.of(ast.Rule)}, library)  # type: ignore[arg-type]
    for text in sets:
        name, _, value = text.partition("=")
        name, start = name.strip(), len(text) - len(value)
        _refuse_bare_list(text, start)
        axes = [axis for axis in _axes(spec) if _same(name, axis.path.dotted)]
        if len(axes) == 1:
            spec = _with_axis(spec, axes[0], typed_expression("--set", text, start, lists=True))
            continue
        parsed = typed_expression("--set", text, start)
        _refuse_swept(spec, name, parsed)
        spec = _with(spec, name, parsed, rules)
    return spec


def _refuse_bare_list(text: str, start: int) -> None:
    """Refuse `NAME=0.5,0.6 mV`: a list needs brackets."""
    value = text[start:].strip()
    items = [item.strip() for item in value.split(",")]
    if len(items) > 1 and all(items) and not set(value) & set("[]()"):
        number, _, unit = items[-1].partition(" ")
        if unit and not any(" " in item for item in items[:-1]):  # 1, 2 mV
            items[-1], unit = number, f" {unit}"
        else:
            unit = ""
        source = Typed("--set", _LIST + value, text, text.index(value, start), _LIST)
        at = len(_LIST) + value.index(",")
        raise CompileError(
            [
                Diagnostic(
                    "SYN001",
                    Span(source, at, at + 1),
                    "found `,`, expected the end of the value",
                    help=f"a list stands in brackets: `[{', '.join(items)}]{unit}`",
                )
            ]
        )


def _axes(spec: ast.Spec) -> list[ast.Axis]:
    """The axes whose values are listed in the sweep."""
    parts = [part for sweep in spec.of(ast.Sweep) for part in sweep.parts]
    return [axis for p in parts if isinstance(p, ast.Grid | ast.Zip) for axis in p.axes]


def _with_axis(spec: ast.Spec, axis: ast.Axis, value: ast.Expr) -> ast.Spec:
    changed = replace(axis, value=value)

    def part_with(part: ast.SweepPart) -> ast.SweepPart:
        if not isinstance(part, ast.Grid | ast.Zip):
            return part
        return replace(part, axes=tuple(changed if a is axis else a for a in part.axes))

    return replace(
        spec,
        declarations=tuple(
            replace(d, parts=tuple(map(part_with, d.parts))) if isinstance(d, ast.Sweep) else d
            for d in spec.declarations
        ),
    )


def _with(spec: ast.Spec, name: str, value: ast.Expr, rules: Rules) -> ast.Spec:
    owner, _, attribute = name.rpartition(".")
    constants = {i.name.id for c in spec.of(ast.Constants) for i in c.items}
    if not owner and name not in constants and name not in RUN:
        owner, attribute = _owner(spec, name, value, rules), name
    changed: list[ast.Declaration] = []
    done = False
    for d in spec.declarations:
        if not owner and name in RUN and isinstance(d, ast.Run):
            setting: dict[str, Any] = {name: value}
            d, done = replace(d, **setting), True
        elif not owner and isinstance(d, ast.Constants):
            items = tuple(replace(x, value=value) if x.name.id == name else x for x in d.items)
            d, done = replace(d, items=items), done or items != d.items or name in constants
        elif owner and isinstance(d, ast.Layer | ast.Connect) and d.name.id == owner:
            d, done = _with_argument(d, attribute, value, rules), True
        changed.append(d)
    if not done:
        _unknown(spec, name, value, rules)
    return replace(spec, declarations=tuple(changed))


def _with_argument(
    d: ast.Layer | ast.Connect, name: str, value: ast.Expr, rules: Rules
) -> ast.Layer | ast.Connect:
    argument = ast.Assign(ast.Ident(name, span=value.span), value, span=value.span)

    def among(arguments: tuple[ast.Assign, ...]) -> tuple[ast.Assign, ...]:
        return (*(a for a in arguments if a.name.id != name), argument)

    if isinstance(d, ast.Connect) and name == "weight" and d.weight is not None:
        return replace(d, weight=value)
    if isinstance(d, ast.Layer) and name == "rate" and isinstance(d.source, ast.PoissonInput):
        return replace(d, source=replace(d.source, rate=value))
    if isinstance(d, ast.Connect) and d.plasticity:
        # With several rules, the one that has such a parameter; the check reports if none has.
        preset = value.id if name == "preset" and isinstance(value, ast.Name) else None
        place = next(
            (
                k
                for k, use in enumerate(d.plasticity)
                if use.rule.id in rules and _has(rules[use.rule.id], name, preset)
            ),
            0,
        )
        uses = list(d.plasticity)
        if preset is not None:
            uses[place] = replace(uses[place], preset=ast.Ident(preset, span=value.span))
        else:
            uses[place] = replace(uses[place], arguments=among(uses[place].arguments))
        return replace(d, plasticity=tuple(uses))
    if isinstance(d, ast.Layer) and d.neuron:
        return replace(d, arguments=among(d.arguments))
    raise CompileError(
        [
            Diagnostic(
                "NAME003",
                _name_of(value),
                f"`{d.name.id}` has no parameter `{name}` to set",
                help="change it in the spec",
            )
        ]
    )


def _has(rule: ast.Rule, name: str, preset: str | None) -> bool:
    if preset is not None:
        return any(p.name.id == preset for p in rule.presets)
    return any(p.name.id == name for p in rule.parameters)


def _parameters(spec: ast.Spec, rules: Rules) -> Iterator[tuple[str, str]]:
    """(component, parameter) of everything that the file itself declares."""
    neurons = {n.name.id: n for n in spec.of(ast.Neuron)}
    for d in spec.declarations:
        models: list[ast.Neuron | ast.Rule | None] = []
        if isinstance(d, ast.Layer) and d.neuron is not None:
            models = [neurons.get(d.neuron.dotted)]
        elif isinstance(d, ast.Connect):
            models = [rules.get(use.rule.id) for use in d.plasticity]
        for model in models:
            for parameter in model.parameters if model is not None else ():
                yield d.name.id, parameter.name.id  # type: ignore[attr-defined]


def _owner(spec: ast.Spec, name: str, value: ast.Expr, rules: Rules) -> str:
    """The only component that has a parameter with this name."""
    owners = list(dict.fromkeys(c for c, p in _parameters(spec, rules) if p == name))
    if len(owners) > 1:
        listed = ", ".join(f"`{c}.{name}`" for c in owners)
        raise CompileError(
            [
                Diagnostic(
                    "NAME019",
                    _name_of(value),
                    f"`{name}` is a parameter of {len(owners)} components",
                    help=f"say which one: {listed}",
                )
            ]
        )
    if not owners:
        _unknown(spec, name, value, rules)
    return owners[0]


def _unknown(spec: ast.Spec, name: str, value: ast.Expr, rules: Rules) -> NoReturn:
    known = [i.name.id for c in spec.of(ast.Constants) for i in c.items]
    for component, parameter in _parameters(spec, rules):
        known += [f"{component}.{parameter}", parameter]
    raise CompileError(
        [
            Diagnostic(
                "NAME001",
                _name_of(value),
                f"there is nothing called `{name}` to set",
                help=did_you_mean(name, [*known, *RUN])
                or "a constant, COMPONENT.PARAMETER, `duration`, `dt` or `seed`",
            )
        ]
    )


def _refuse_swept(spec: ast.Spec, name: str, value: ast.Expr) -> None:
    """Refuse a name that a column sets: the column's value would take precedence."""
    for sweep in spec.of(ast.Sweep):
        for node in ast.walk(sweep):
            if isinstance(node, ast.Axis | ast.Header) and _same(name, node.path.dotted):
                raise CompileError(
                    [
                        Diagnostic(
                            "SWEEP002",
                            _name_of(value),
                            f"`{name}` is set by the sweep",
                            labels=(Label(node.path.span, "its column"),),
                            help="change it there, or leave out the column",
                        )
                    ]
                )


def _same(name: str, column: str) -> bool:
    """Whether both may mean the same parameter; either may omit the component."""
    bare = "." not in name or "." not in column
    return name == column or (bare and name.rpartition(".")[2] == column.rpartition(".")[2])


def _name_of(value: ast.Expr) -> Span:
    """The place of NAME in what was typed."""
    source = value.span.source
    assert isinstance(source, Typed)
    name = source.typed.partition("=")[0]
    indent = len(name) - len(name.lstrip())
    start = len(_HEAD) - source.start + indent
    return Span(source, start, start + len(name.strip()))

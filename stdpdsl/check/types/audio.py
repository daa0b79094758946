"""Sounds and filterbanks."""

from __future__ import annotations

from collections import ChainMap

from ...dataclass import dataclass
from ...language import ast
from ...language.builtins_audio import (
    FILTERS,
    ORDERS,
    REQUIRED,
    SOUNDS,
    AudioFunction,
    AudioParameter,
)
from ...language.units import HERTZ, SECOND
from ..symbols import FLOAT, INTEGER, NUMBERS, TIME, Symbol, Type
from ..values import value
from .context import Context
from .expectations import LEVEL
from .infer import Inference
from .models import Models

_UNITS = {
    "Hz": Type(HERTZ),
    "s": TIME,
    "Hz/s": Type(HERTZ / SECOND),
    "dB": LEVEL,
    "1": FLOAT,
    "integer": INTEGER,
}
_TRUTH = ("true", "false")


@dataclass
class Audio:
    """Checks sound and filterbank declarations."""

    models: Models

    def __post_init__(self) -> None:
        self.inference: Inference = self.models.inference
        self.symbols = self.models.symbols
        self.reporter = self.models.reporter
        self.scope = ChainMap(self.symbols.constants, NUMBERS)
        self.context = Context(self.scope, "the constants")
        self.output: dict[str, Type | None] = {}

    def sound(self, sound: ast.Sound) -> None:
        name = sound.name
        if sound.stimuli is None:
            self.reporter.error(
                "CLAUSE001",
                name,
                f"the sound `{name.id}` has no stimuli",
                help="add `stimuli: tones(frequency = 1 kHz, duration = 500 ms)`",
            )
        else:
            self.call(sound.stimuli, SOUNDS, "sound")
        for clause, want, what in (
            (sound.ramp, TIME, "`ramp`"),
            (sound.gap, TIME, "`gap`"),
            (sound.level, LEVEL, "`level`"),
            (sound.repeats, INTEGER, "`repeats`"),
            (sound.samplerate, Type(HERTZ), "`samplerate`"),
        ):
            if clause is not None:
                self.inference.expect(clause, self.context, want, what)
                number = value(clause, self.inference.values)
                least = 1 if clause is sound.repeats else 0
                if number is not None and number < least and clause is not sound.level:
                    self.reporter.error(
                        "TYPE013",
                        clause,
                        f"{what} cannot be {number:g}",
                        help="at least 1" if least else "it cannot be negative",
                    )
        if sound.order is not None and sound.order.id not in ORDERS:
            self.reporter.error(
                "NAME015",
                sound.order,
                f"unknown order `{sound.order.id}`",
                help="write `order: shuffled` or `order: sequential`",
            )

    def filterbank(self, bank: ast.Filterbank) -> None:
        name = bank.name
        if bank.sound is None:
            self.reporter.error(
                "CLAUSE001",
                name,
                f"the filterbank `{name.id}` has no sound",
                help="add `sound: NAME`",
            )
        elif bank.sound.id not in self.symbols.sounds:
            self.reporter.error(
                "NAME001",
                bank.sound,
                f"there is no sound `{bank.sound.id}`",
                help=self.reporter.suggest(bank.sound.id, self.symbols.sounds, "known")
                or f"declare it with `sound {bank.sound.id}:`",
            )
        if not bank.filters:
            self.reporter.error(
                "CLAUSE001",
                name,
                f"the filterbank `{name.id}` has no filter",
                help="add `filter: gammatone(cf = erbspace(100 Hz, 5 kHz, 10))`",
            )
        for call in bank.filters:
            self.call(call, FILTERS, "filter")
        self.output[name.id] = FLOAT
        if bank.output is not None:
            scope = ChainMap({"x": Symbol("x", "builtin", type=FLOAT)}, self.scope)
            where = Context(scope, f"`{name.id}`")
            found = self.inference.infer(bank.output, where)
            if found is not None and not self.inference.is_number(bank.output, found, "`output`"):
                found = None
            self.output[name.id] = found

    # Calls

    def call(
        self, call: ast.Call, table: dict[str, AudioFunction], what: str
    ) -> dict[str, ast.Expr]:
        """Checks a call against the table; returns its arguments by name."""
        function = table.get(call.func.id)
        if function is None:
            self.reporter.error(
                "NAME012",
                call.func,
                f"there is no {what} `{call.func.id}`",
                help=self.reporter.suggest(call.func.id, table, f"{what}s"),
            )
            return {}
        names = [p.name for p in function.parameters]
        given: dict[str, ast.Expr] = dict(zip(names, call.args, strict=False))
        if len(call.args) > len(names):
            most = f"{len(names)} argument{'s' if len(names) > 1 else ''}"
            self.reporter.error(
                "TYPE005",
                call.args[len(names)],
                f"`{function.name}` takes {most}",
                help=f"they are: {', '.join(names)}",
            )
        for keyword in call.kwargs:
            if keyword.name.id not in names:
                self.reporter.error(
                    "TYPE006",
                    keyword.name,
                    f"`{function.name}` has no argument `{keyword.name.id}`",
                    help=self.reporter.suggest(keyword.name.id, names, "its arguments"),
                )
            elif keyword.name.id in given:
                self.reporter.error(
                    "TYPE006",
                    keyword.name,
                    f"`{keyword.name.id}` is given twice",
                    labels=((given[keyword.name.id], "given here first"),),
                    help="keep one of them",
                )
            given.setdefault(keyword.name.id, keyword.value)
        missing = [p for p in function.parameters if p.default is REQUIRED and p.name not in given]
        if missing and not any(k.name.id not in names for k in call.kwargs):
            listed = ", ".join(f"`{p.name}`" for p in missing)
            self.reporter.error(
                "TYPE005",
                call,
                f"`{function.name}` needs {listed}",
                help=f"its arguments: {', '.join(names)}",
            )
        for parameter in function.parameters:
            if parameter.name in given:
                self.argument(parameter, given[parameter.name], function)
        return given

    def argument(self, parameter: AudioParameter, expr: ast.Expr, function: AudioFunction) -> None:
        what = f"`{parameter.name}` of `{function.name}`"
        if parameter.unit in ("text", "bool"):
            self.word(parameter, expr, what)
            return
        lists = parameter.many or parameter.values
        context = self.context.but(lists=lists)
        self.inference.expect(expr, context, _UNITS[parameter.unit], what)

    def word(self, parameter: AudioParameter, expr: ast.Expr, what: str) -> None:
        lists = parameter.many or parameter.values
        items = expr.items if isinstance(expr, ast.ListExpr) and lists else (expr,)
        choices = _TRUTH if parameter.unit == "bool" else parameter.choices
        for item in items:
            text = _word(item)
            if text is None:
                kind = "true or false" if choices == _TRUTH else "a text"
                self.reporter.error(
                    "TYPE011",
                    item,
                    f"{what} is {kind}",
                    help=f"one of {', '.join(f'`{c}`' for c in choices)}"
                    if choices
                    else 'write it in quotes: `"..."`',
                )
            elif choices and text not in choices:
                self.reporter.error(
                    "NAME015",
                    item,
                    f"{what} cannot be `{text}`",
                    help=self.reporter.suggest(text, choices, "it may be"),
                )


def _word(expr: ast.Expr) -> str | None:
    text = expr.value if isinstance(expr, ast.StringExpr) else None
    return expr.id if isinstance(expr, ast.Name) else text

"""Sounds, filterbanks and what they drive."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass
from math import isclose
from typing import Any

from ...language import ast
from ...language.builtins_audio import (
    FILTERS,
    ORDERS,
    REQUIRED,
    SAMPLERATE,
    SOUNDS,
    AudioFunction,
    AudioParameter,
)
from ...language.numeric import NotConstant, evaluate
from ...language.units import HERTZ, SECOND
from ..symbols import FLOAT, INTEGER, NUMBERS, TIME, Component, Symbol, Type
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
    """Checks sound and filterbank declarations, and each layer's `drive:`."""

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
                f"there is no order `{sound.order.id}`",
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

    # Drives

    def drive(self, component: Component) -> None:
        node = component.node
        assert isinstance(node, ast.Layer)
        driven: dict[str, ast.Node] = {}
        for drive in node.drive:
            name = drive.variable.id
            if name in driven:
                self.reporter.error(
                    "CLAUSE002",
                    drive.variable,
                    f"`{name}` is driven twice",
                    labels=((driven[name], "driven here first"),),
                    help="keep one of them",
                )
            driven.setdefault(name, drive.variable)
            if isinstance(drive, ast.TableDrive):
                self.table(drive, component)
                continue
            bank = self.symbols.filterbanks.get(drive.filterbank.id)
            if bank is None:
                self.reporter.error(
                    "NAME001",
                    drive.filterbank,
                    f"there is no filterbank `{drive.filterbank.id}`",
                    help=self.reporter.suggest(
                        drive.filterbank.id, self.symbols.filterbanks, "known"
                    )
                    or f"declare it with `filterbank {drive.filterbank.id}:`",
                )
            if self.has_neuron(drive, component) and self.drives(drive, component):
                self.driven(drive, component, bank)
        if component.scope == "shared":
            self.one_rate(component)
            if node.heard and node.tables:
                self.reporter.error(
                    "CLAUSE003",
                    node.tables[0],
                    f"`{component.name}` is shared and hears a sound,"
                    " so it runs before the network, and no table can drive it",
                    labels=((node.heard[0], "the sound"),),
                    help="give it a copy per block: `scope: block`",
                )

    def one_rate(self, component: Component) -> None:
        """A shared layer runs at the sample rate of its sound: all that drive it have the same."""
        assert isinstance(component.node, ast.Layer)
        first: tuple[ast.Sound, float] | None = None
        for drive in component.node.heard:
            bank = self.symbols.filterbanks.get(drive.filterbank.id)
            sound = self.symbols.sounds.get(bank.sound.id) if bank and bank.sound else None
            if sound is None:  # which is reported
                continue
            rate = SAMPLERATE
            if sound.samplerate is not None:
                known = value(sound.samplerate, self.inference.values)
                if known is None:
                    continue
                rate = known
            if first is None:
                first = sound, rate
            elif not isclose(rate, first[1], rel_tol=1e-12):
                self.reporter.error(
                    "CLAUSE013",
                    drive.filterbank,
                    f"`{component.name}` hears `{first[0].name.id}`"
                    f" at {first[1]:.12g} Hz and `{sound.name.id}` at {rate:.12g} Hz",
                    labels=[
                        (s.samplerate or s.name, f"{r:.12g} Hz") for s, r in (first, (sound, rate))
                    ],
                    help="give both sounds one `samplerate:`",
                )

    def has_neuron(self, drive: ast.Drive | ast.TableDrive, component: Component) -> bool:
        node = component.node
        if component.neuron is None and isinstance(node, ast.Layer) and node.neuron is None:
            self.reporter.error(
                "CLAUSE003",
                drive,
                "an input layer has no variable to drive",
                help="give the layer a `neuron:`",
            )
        return component.neuron is not None

    def drives(self, drive: ast.Drive | ast.TableDrive, component: Component) -> bool:
        """Whether the layer has the variable, and nothing else gives it its value."""
        name = drive.variable.id
        symbol = component.variables.get(name)
        if symbol is None or symbol.equation is None:
            self.models.no_variable(drive.variable, component)
            return False
        if symbol.equation.kind != "parameter":
            unit = symbol.equation.unit.span.text
            self.reporter.error(
                "CLAUSE005",
                drive.variable,
                f"`{name}` is driven and has an equation",
                labels=((symbol.equation, "the drive overwrites it at each step"),),
                help=f"declare it without one: `{name} : {unit}`",
            )
            return False
        return True

    def table(self, drive: ast.TableDrive, component: Component) -> None:
        """A variable that follows the rows of a file."""
        symbol = component.variables.get(drive.variable.id)
        known = self.has_neuron(drive, component) and self.drives(drive, component)
        if len(drive.sources) != 1:
            self.reporter.error(
                "CLAUSE005",
                drive.value,
                f"`{drive.variable.id}` is driven by one file, and"
                f" {'several are' if drive.sources else 'none is'} named here",
                help=f'write `drive: {drive.variable.id} from "FILE" every 1 ms`',
            )
        hints = {
            name: f"`{name}` is the neuron's: use it in its equations, as in `{name}*I`"
            for name in (*component.parameters, *component.variables)
        } | {"t": "the time is what `every` counts", "i": "each neuron has its own column"}
        here = self.models.context(self.symbols.value_scope(None), "a drive")
        want = symbol.type if known and symbol is not None else None
        self.inference.expect(
            drive.value,
            here.but(data=True, hints=hints),
            want and Type(want.dim),
            f"`{drive.variable.id}`",
            (drive.variable, f"declared in `{component.name}`"),
        )
        self.inference.expect(drive.every, here, TIME, "`every`")

    def driven(self, drive: ast.Drive, component: Component, bank: ast.Filterbank | None) -> None:
        name = drive.variable.id
        symbol = component.variables[name]
        if bank is None or not bank.filters:  # which is reported
            return
        want, found = symbol.type, self.output.get(bank.name.id)
        if want is not None and found is not None and want.dim != found.dim:
            self.reporter.error(
                "UNIT002",
                drive.variable,
                f"`{name}` is {want.dim.describe()}, the output of"
                f" `{bank.name.id}` is {found.dim.describe()}",
                labels=((bank.output or bank.name, found.dim.describe()),),
                help=f"give the output its unit, as in `output: x * 1 {want.dim.unit_name()}`",
            )
        node = component.node
        assert isinstance(node, ast.Layer)
        count = self.channels(bank)
        size = value(node.size, self.inference.values)
        if count is not None and size is not None and count != size and node.size is not None:
            self.reporter.error(
                "CLAUSE006",
                node.size,
                f"`{component.name}` has {size:g} neurons and `{bank.name.id}` {count} channels",
                labels=((bank.filters[0], f"{count} channels"),),
                help="they must be as many",
            )

    def channels(self, bank: ast.Filterbank) -> int | None:
        """How many channels a filterbank has, where its numbers tell."""
        count: int | None = 1
        for call in bank.filters:
            if (function := FILTERS.get(call.func.id)) is None:
                return None
            names = [p.name for p in function.parameters]
            given = dict(zip(names, call.args, strict=False))
            given |= {k.name.id: k.value for k in call.kwargs}
            for name in function.channels:
                if name in given and count is not None:
                    length = _length(given[name], self.inference.values)
                    count = None if length is None else max(count, length)
        return count


def _length(expr: ast.Expr, values: Any) -> int | None:
    try:
        found = evaluate(expr, values)
    except (NotConstant, TypeError, ValueError, KeyError):
        return None
    return len(found) if getattr(found, "ndim", 0) else 1


def _word(expr: ast.Expr) -> str | None:
    text = expr.value if isinstance(expr, ast.StringExpr) else None
    return expr.id if isinstance(expr, ast.Name) else text

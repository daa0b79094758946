"""Checks what drives layers: filterbanks and tables in files."""

from __future__ import annotations

from math import isclose
from typing import Any

from ...dataclass import dataclass
from ...language import ast
from ...language.builtins_audio import FILTERS, SAMPLERATE
from ...language.numeric import NotConstant, evaluate
from ..symbols import TIME, Component, Type
from ..values import value
from .audio import Audio


@dataclass
class Drives:
    """Checks each layer's `drive:`, whose sounds and filterbanks `audio` has checked."""

    audio: Audio

    def __post_init__(self) -> None:
        self.models, self.inference = self.audio.models, self.audio.inference
        self.symbols, self.reporter = self.audio.symbols, self.audio.reporter

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
                    " so it runs before the network and cannot be driven by a table",
                    labels=((node.heard[0], "the sound"),),
                    help="give it a copy per block: `scope: block`",
                )

    def one_rate(self, component: Component) -> None:
        """A shared layer runs at the sample rate of its sound, so all its sounds must have the
        same rate.
        """
        assert isinstance(component.node, ast.Layer)
        first: tuple[ast.Sound, float] | None = None
        for drive in component.node.heard:
            bank = self.symbols.filterbanks.get(drive.filterbank.id)
            sound = self.symbols.sounds.get(bank.sound.id) if bank and bank.sound else None
            if sound is None:  # already reported
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
                    help="give both sounds the same `samplerate:`",
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
        """Whether the layer has the variable, and the variable has no equation."""
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
                f"`{name}` is driven, but it also has an equation",
                labels=((symbol.equation, "the drive overwrites it at each step"),),
                help=f"declare it without one: `{name} : {unit}`",
            )
            return False
        return True

    def table(self, drive: ast.TableDrive, component: Component) -> None:
        """Checks a variable that follows the rows of a file."""
        symbol = component.variables.get(drive.variable.id)
        known = self.has_neuron(drive, component) and self.drives(drive, component)
        if len(drive.sources) != 1:
            self.reporter.error(
                "CLAUSE005",
                drive.value,
                f"a drive needs exactly one file, but for `{drive.variable.id}`"
                f" {'several are' if drive.sources else 'none is'} named",
                help=f'write `drive: {drive.variable.id} from "FILE" every 1 ms`',
            )
        hints = {
            name: f"`{name}` belongs to the neuron: use it in the neuron's equations, as in"
            f" `{name}*I`"
            for name in (*component.parameters, *component.variables)
        } | {"t": "time advances by `every`", "i": "each neuron has its own column"}
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
        if bank is None or not bank.filters:  # already reported
            return
        want, found = symbol.type, self.audio.output.get(bank.name.id)
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
        count = _channels(bank, self.inference.values)
        size = value(node.size, self.inference.values)
        if count is not None and size is not None and count != size and node.size is not None:
            self.reporter.error(
                "CLAUSE006",
                node.size,
                f"`{component.name}` has {size:g} neurons and `{bank.name.id}` {count} channels",
                labels=((bank.filters[0], f"{count} channels"),),
                help="the two numbers must be equal",
            )


def _channels(bank: ast.Filterbank, values: Any) -> int | None:
    """The number of channels of a filterbank, if it is known."""
    count: int | None = 1
    for call in bank.filters:
        if (function := FILTERS.get(call.func.id)) is None:
            return None
        names = [p.name for p in function.parameters]
        given = dict(zip(names, call.args, strict=False))
        given |= {k.name.id: k.value for k in call.kwargs}
        for name in function.channels:
            if name in given and count is not None:
                length = _length(given[name], values)
                count = None if length is None else max(count, length)
    return count


def _length(expr: ast.Expr, values: Any) -> int | None:
    try:
        found = evaluate(expr, values)
    except (NotConstant, TypeError, ValueError, KeyError):
        return None
    return len(found) if getattr(found, "ndim", 0) else 1

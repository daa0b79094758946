"""How a plain script makes a filter: an object of brian2hears whose source is `bank`."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

from ...language.builtins_audio import FILTERS
from .code import quantity
from .literals import array, is_list, size, value

# Filters that are a class in brian2hears, and the parameters that it needs for each channel.
_CLASSES = {
    "gammatone": ("Gammatone", ("cf",)),
    "approximate_gammatone": ("ApproximateGammatone", ("cf", "bandwidth")),
    "log_gammachirp": ("LogGammachirp", ("f",)),
    "linear_gammachirp": ("LinearGammachirp", ("f",)),
    "linear_gaborchirp": ("LinearGaborchirp", ("f",)),
    "asymmetric_compensation": ("AsymmetricCompensation", ("f",)),
    "low_pass": ("LowPass", ()),
}
CLASSES = frozenset("DCGC DRNL FIRFilterbank FunctionFilterbank Repeat Sound TanCarney".split()) | {
    name for name, _ in _CLASSES.values()
}


def channels(name: str, given: dict[str, str], before: int) -> int:
    """The number of channels of a filter whose source has `before` channels."""
    counted = [size(given[n]) for n in FILTERS[name].channels if n in given]
    return max([before, *counted])


def filter_code(name: str, given: dict[str, str], before: int) -> tuple[str, set[str]]:
    """The filter object and its imports from brian2hears. `given` is code by parameter."""
    made = Filter(name, given, before)
    if name in _CLASSES:
        return made.by_class(*_CLASSES[name])
    found: tuple[str, set[str]] = getattr(made, name)()
    return found


class Filter:
    """Repeats values that apply to all channels, if the filter's class does not do so itself."""

    def __init__(self, name: str, given: dict[str, str], before: int):
        self.name, self.given = name, {n: text.replace("'", '"') for n, text in given.items()}
        self.channels, self.before = channels(name, given, before), before

    def by_class(self, name: str, each: Sequence[str]) -> tuple[str, set[str]]:
        arguments, classes, in_order = ["bank"], {name}, True
        for p in FILTERS[self.name].parameters:
            if p.name not in self.given:
                in_order = False
                continue
            text = self.values(p.name) if p.name in each else self.given[p.name]
            if p.name in each and (ends := erbspace_of(text)):
                low, high = (quantity(repr(end), "hertz") for end in ends[:2])
                text = f"erbspace({low}, {high}, {ends[2]})".replace("hertz", "Hz")
                classes.add("erbspace")
            elif p.name not in each and is_list(text):
                text = array(text)
            arguments.append(text if in_order else f"{p.name}={text}")
        return f"{name}({', '.join(arguments)})", classes

    def values(self, name: str, default: str = "") -> str:
        """One value of a parameter for each channel."""
        text = self.given.get(name, default)
        if is_list(text) and size(text) == self.channels:
            return text
        one = repr(float(np.ravel(value(text))[0])) if is_list(text) else text
        return f"np.full({self.channels}, {one})" if self.channels > 1 else f"[{one}]"

    def more(self, *names: str) -> str:
        """Further arguments, by name, except these."""
        return "".join(f", {n}={text}" for n, text in self.given.items() if n not in names)

    def dictionary(self, *names: str) -> str:
        """The same as a dictionary."""
        items = [f'"{n}": {text}' for n, text in self.given.items() if n not in names]
        return "{" + ", ".join(items) + "}"

    # Filters that brian2hears lacks, or lacks with some versions of its libraries

    def butterworth(self) -> tuple[str, set[str]]:
        btype = self.given.get("btype", '"low"')
        return f"butterworth(bank, {self.given['order']}, {self.edges('fc')}, {btype})", set()

    def edges(self, name: str) -> str:
        """The edge of a band for each channel, or its two edges."""
        if f"{name}_high" in self.given:
            return f"np.c_[{self.values(name)}, {self.values(f'{name}_high')}]"
        return array(self.values(name))

    def iir(self) -> tuple[str, set[str]]:
        edges = f"{self.edges('passband')}, {self.edges('stopband')}"
        losses = f"{self.values('gpass')}, {self.values('gstop')}"
        ftype = self.given.get("ftype", '"ellip"')
        return f"iir(bank, {edges}, {losses}, {ftype})", set()

    def middle_ear(self) -> tuple[str, set[str]]:
        return f"middle_ear(bank, {self.values('gain', '1')})", set()

    def fractional_delay(self) -> tuple[str, set[str]]:
        length = f", {self.given['filter_length']}" if "filter_length" in self.given else ""
        return f"fractional_delay(bank, {self.values('delays')}{length})", set()

    def fir(self) -> tuple[str, set[str]]:
        return f"FIRFilterbank(bank, {array(self.given['impulse_response'])})", {"FIRFilterbank"}

    def zhang_synapse(self) -> tuple[str, set[str]]:
        source, classes = self.source()
        return f"zhang_synapse({source}, {array(self.values('cf'))}{self.more('cf')})", classes

    # Nonlinear models of the cochlea

    def source(self) -> tuple[str, set[str]]:
        """A single channel is repeated for all channels of the filter."""
        if self.channels == self.before:
            return "bank", set()
        return f"Repeat(bank, {self.channels})", {"Repeat"}

    def drnl(self) -> tuple[str, set[str]]:
        source, classes = self.source()
        kind, more = self.given.get("type", '"human"'), self.dictionary("cf", "type")
        return f"DRNL({source}, {self.values('cf')}, {kind}, {more})", {"DRNL", *classes}

    def dcgc(self) -> tuple[str, set[str]]:
        source, classes = self.source()
        if "decay_tcst" in self.given:
            self.given["decay_tcst"] += " * second"
        cf, interval = array(self.values("cf")), self.given.get("update_interval", "1")
        more = self.dictionary("cf", "update_interval")
        return f"DCGC({source}, {cf} * Hz, {interval}, {more})", {"DCGC", *classes}

    def tan_carney(self) -> tuple[str, set[str]]:
        source, classes = self.source()
        more = self.dictionary("cf", "update_interval")
        arguments = [source, self.values("cf"), self.given.get("update_interval", "1")]
        arguments += [more] if more != "{}" else []
        return f"TanCarney({', '.join(arguments)})", {"TanCarney", *classes}


def erbspace_of(text: str) -> tuple[float, float, int] | None:
    """(low, high, count) if code is an `erbspace` with numbers that brian2hears accepts: its own
    `erbspace` cannot return a single value."""
    match ast.parse(text, mode="eval").body:
        case ast.Call(
            func=ast.Name(id="erbspace"),
            args=[
                ast.Constant(value=float(low)),
                ast.Constant(value=float(high)),
                ast.Constant(value=int(count)),
            ],
        ) if count != 1:
            return low, high, count
    return None

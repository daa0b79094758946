"""Code for values in a plain script: parameters at each element, draws, clipping to bounds."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from ...ir import Connection, Draw, Experiment, Initial, Layer, Parameter
from .code import Code, is_parameter, literal, names_in
from .copies import Copies
from .names import Names


class Values:
    def __init__(self, e: Experiment, code: Code, names: Names, copies: Copies):
        self.e, self.code, self.names, self.copies = e, code, names, copies

    def held(self, p: Parameter, index: str, phase: int = 0) -> str:
        """A parameter that differs between blocks or phases, at each element."""
        code = p.code
        if p.sets and not is_parameter(code):
            code = self.code.value(p, phase)
        names = {
            "copy": "block",
            "x.replicate_of_copy": self.copies.replicates(True),
            "x.replicate_of_block": self.copies.replicates(False),
        }
        return self.code.at(code, index, names, phase)

    def of(self, i: Initial, names: Mapping[str, str], phase: int = 0) -> str:
        """A variable, from the variables that hold its draws, clipped to its bounds."""
        return bounded(self.code, i, {**names, **drawn(i)}, phase)

    def neuron_draws(self, i: Initial, layer: Layer) -> list[str]:
        """Lines that make the draws for a variable of a layer."""
        own = drawn(i)
        return [f"{own[d.placeholder]} = {self.neuron_draw(d, layer)}" for d in i.draws]

    def neuron_draw(self, d: Draw, layer: Layer) -> str:
        size = str(layer.size)
        if d.independent:
            key = f"{stream_key(d)}, {self.copies.replicate('block')}, row_key(table, block)"
            self.names.use("row_key")
            return f"np.concatenate([{self.draw(key, d, size)} for block in range(B)])"
        if not self.copies.several:
            draw = self.draw(f"{stream_key(d)}, 0", d, size)
            return draw if layer.shared else f"np.tile({draw}, B)"
        draw = self.draw(f"{stream_key(d)}, r", d, size)
        return f"np.concatenate([{draw} for r in {self.copies.replicates(layer.shared)}])"

    def synapse_draws(self, i: Initial, c: Connection) -> list[str]:
        """Lines that make the draws for a variable of a connection."""
        own = drawn(i)
        return [f"{own[d.placeholder]} = {self.synapse_draw(d, c)}" for d in i.draws]

    def synapse_draw(self, d: Draw, c: Connection) -> str:
        n, m = (self.copies.layers[name].size for name in (c.pre, c.post))
        shape, place = f"({n}, {m})", "i, j"
        if c.many > 1:
            shape, place = f"({c.many}, {n}, {m})", "number, i, j"
        if d.independent:
            key = f"{stream_key(d)}, {self.copies.replicate('b')}, row_key(table, b)"
            self.names.use("row_key")
            return f"np.stack([{self.draw(key, d, shape)} for b in range(B)])[block, {place}]"
        if not self.copies.several:
            return f"{self.draw(f'{stream_key(d)}, 0', d, shape)}[{place}]"
        draw = self.draw(f"{stream_key(d)}, r", d, shape)
        copy = "block" if c.shared else "np.unique(replicate, return_inverse=True)[1][block]"
        return f"np.stack([{draw} for r in np.unique(replicate)])[{copy}, {place}]"

    def draw(self, key: str, d: Draw, shape: str) -> str:
        """Draws from the stream of a key."""
        if d.kind == "mirrored":
            self.names.use("mirrored")
        return drawn_from(key, d, shape)


def bounded(code: Code, i: Initial, names: Mapping[str, str], phase: int = 0) -> str:
    """Code for a variable's value, clipped to its bounds."""
    text = code.show(plain(i.code), names, phase)
    factor, _, draw = text.partition(" * ")
    uniform = [names.get(d.placeholder, d.placeholder) for d in i.draws if d.kind != "normal"]
    most = literal(factor) if draw in uniform else None  # the upper limit of all values
    if most == 1:
        text = draw
    if i.low is None:
        return text
    low, high = (code.show(end, names, phase) for end in (i.low, i.high or "np.inf"))
    return clipped(text, low, high, most)


def drawn_from(key: str, d: Draw, shape: str) -> str:
    """Draws of this shape from the stream of a key."""
    if d.kind == "mirrored":
        return f"mirrored(stream({key}).random({shape}))"
    method = "random" if d.kind == "uniform" else "standard_normal"
    return f"stream({key}).{method}({shape})"


def stream_key(d: Draw) -> str:
    """The first arguments of `stream`."""
    names = [f'"{name}"' if isinstance(name, str) else str(name) for name in d.key]
    return ", ".join([*names, *(["phase"] if d.by_phase else [])])


def drawn(i: Initial) -> dict[str, str]:
    """The variables that hold the draws for a first value."""
    return {d.placeholder: f"u_{i.variable}{'' if n == 0 else n}" for n, d in enumerate(i.draws)}


def drawn_there(draws: list[str], text: str) -> tuple[list[str], str]:
    """The line that draws, and code for a value. A short draw that is used once becomes part of the
    code itself."""
    if len(draws) == 1:
        name, _, draw = draws[0].partition(" = ")
        whole = text.replace(name, draw)
        once = name in names_in(text) and text.count(name) == 1
        if once and len(whole) < 80 and is_by_element(whole):
            return [], whole
    return draws, text


def for_each(text: str, number: str) -> str:
    """One value per element."""
    return text if is_by_element(text) else f"np.full({number}, {as_float(text)})"


def is_by_element(text: str) -> bool:
    """Whether code has one value per element: it names something that has, or takes or joins
    arrays."""
    names = names_in(text)
    if names & {"i", "j", "block", "number"} or any(n.startswith(("u_", "each_")) for n in names):
        return True
    made = ("np.tile", "np.concatenate")
    return any(
        isinstance(n, ast.Subscript | ast.List | ast.ListComp)
        or (isinstance(n, ast.Call) and ast.unparse(n.func) in made)
        for n in ast.walk(ast.parse(text))
    )


def plain(code: str) -> str:
    """`(lo) + ((hi) - (lo))*u0`, simplified if something is zero."""
    code = code.replace("(0) + ", "").replace(" - (0))", ")")
    return code


def as_float(text: str) -> str:
    number = literal(text)
    return repr(number) if number is not None else f"{text} + 0.0" if text.isdigit() else text


def clipped(text: str, low: str, high: str, most: float | None = None) -> str:
    """Clipped to its bounds. A literal number is known to be inside, and so is a value between 0
    and `most`."""
    value = literal(text)
    first, last = (literal(end.replace("np.inf", "inf")) for end in (low, high))
    if most is not None and first is not None and last is not None and first <= 0 < most <= last:
        return text
    if value is not None and first is not None and last is not None:
        return repr(min(max(value, first), last))
    if first == float("-inf") and last == float("inf"):
        return text
    return f"np.clip({text}, {low}, {high})"

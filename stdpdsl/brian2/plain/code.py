"""The experiment's code, using the names of a plain script: numbers, columns of the table,
arrays."""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache

from ...dataclass import dataclass
from ...ir import Experiment, Parameter

_PREFIXES = {"": 0, "m": -3, "u": -6, "n": -9, "p": -12, "k": 3, "M": 6, "G": 9}
_SHORT = {
    "second": "s",
    "volt": "V",
    "amp": "A",
    "siemens": "S",
    "farad": "F",
    "hertz": "Hz",
    "ohm": "ohm",
}
# Of these units, Brian2's star import and its equations contain the prefixed names.
_KNOWN = frozenset("mV mA uA nA pA ms us Hz kHz MHz nS uS nF uF pF Mohm kohm Gohm".split())
UNITS = _KNOWN.union(
    _SHORT,
    "metre kilogram kelvin mole candela coulomb joule watt newton pascal weber tesla henry"
    " molar".split(),
)
"""The units that a script's code may use."""


class Code:
    """Rewrites the code of an experiment for its plain script."""

    def __init__(self, e: Experiment):
        self.parameters: dict[tuple[str, str], Parameter] = {}
        for owner, items in [("constants", e.constants), *e.parameters]:
            self.parameters |= {(owner, p.name): p for p in items}
        self.dt = e.dt

    def show(self, text: str, names: Mapping[str, str] | None = None, phase: int = 0) -> str:
        """Code; `names` are texts for `edges.i`, `u`, `x.steps` and so on."""
        tree = ast.parse(text, mode="eval").body
        return unparse(_Rewriter(self, names or {}, phase).visit(tree))

    def at(
        self, text: str, index: str, names: Mapping[str, str] | None = None, phase: int = 0
    ) -> str:
        """Code with one value per block, evaluated at each element."""
        return self.show(f"at({text}, {index})", names, phase)

    def delay(self, text: str) -> str:
        """Code for delays (s) in whole time steps."""
        number = literal(text)
        if number is None:
            return f"whole_steps({text})"
        unit = Fraction(self.dt).limit_denominator(10**12)
        return repr(math.floor(number / self.dt + 0.5 + 1e-9) * unit.numerator / unit.denominator)

    def value(self, p: Parameter, phase: int) -> str:
        """The code of a parameter in a phase."""
        code = p.code
        for number, changed in p.sets:
            if phase >= number:
                code = changed
        return code


def is_parameter(code: str | ast.AST) -> bool:
    """Whether code is only `p.OWNER.NAME`."""
    match ast.parse(code, mode="eval").body if isinstance(code, str) else code:
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="p"))):
            return True
    return False


def unparse(node: ast.AST) -> str:
    """Python text with the quotes that our scripts use."""
    text = ast.unparse(node).replace(" ** ", "**")
    return text if '"' in text else text.replace("'", '"')


@dataclass
class _Rewriter(ast.NodeTransformer):
    code: Code
    names: Mapping[str, str]
    phase: int
    index: str = ""

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.expr):
            text = ast.unparse(node)
            if text in self.names:
                return ast.parse(self.names[text], mode="eval").body
        return super().visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if is_parameter(node):
            _, owner, name = ast.unparse(node).split(".")
            p = self.code.parameters[owner, name]
            text = self.code.value(p, self.phase)
            return self.visit(ast.parse(text, mode="eval").body)
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "row":
            assert isinstance(node.slice, ast.Constant)
            text = f"table[{node.slice.value!r}]"
            if self.index:
                text += f"[{self.index}]"
            return ast.parse(text, mode="eval").body
        if ast.unparse(node.value).startswith("row["):  # row['delay'][edges.copy]
            return self.indexed(node.value, node.slice)
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if ast.unparse(node.right) == "x.first":  # a plain script runs all blocks
            return self.visit(node.left)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        if name == "x.file":
            text = f"os.path.join(DATA, {ast.unparse(node.args[0])})"
            return ast.parse(text, mode="eval").body
        if name == "at":
            return self.indexed(node.args[0], node.args[1])
        if name == "by_preset":
            return self.by_copy(with_keywords(node))
        if name == "stored_rows" and ".png')" in ast.unparse(node.args[0]).lower():
            node.func = ast.Name("image_rows")
        if name == "delays":  # of data, values, their number, and a connection
            return ast.parse(
                self.code.delay(ast.unparse(self.visit(node.args[1]))), mode="eval"
            ).body
        if name == "draw_keys":  # of data, component, draw, copies, and perhaps the row
            _, *arguments = node.args
            text = f"draw_keys({', '.join(ast.unparse(self.visit(a)) for a in arguments)})"
            text = text.replace(", row)", ", table)")
            return self.by_copy(ast.parse(text, mode="eval").body)
        return self.generic_visit(node)

    def by_copy(self, node: ast.expr) -> ast.AST:
        """An expression computed for all copies at once, evaluated at each element."""
        outer, self.index = self.index, ""
        found = self.generic_visit(node)
        self.index = outer
        return _subscript(found, outer) if outer else found

    def indexed(self, value: ast.expr, index: ast.expr) -> ast.AST:
        """The value at each element. What has one value per block is indexed by its columns."""
        shown = self.visit(index)
        outer, self.index = self.index, ast.unparse(shown)
        found = self.visit(value)
        self.index = outer
        return found


def with_keywords(node: ast.Call) -> ast.Call:
    """by_preset(names, {"a": 1}) as by_preset(names, a=1), if the names are valid in Python."""
    names, values = node.args
    assert isinstance(values, ast.Dict)
    keys = [ast.literal_eval(key) for key in values.keys if key is not None]
    pairs = zip(keys, values.values, strict=True)
    if any(keyword.iskeyword(key) for key in keys):
        return ast.Call(node.func, [names], [ast.keyword(None, values)])
    return ast.Call(node.func, [names], [ast.keyword(key, value) for key, value in pairs])


def _subscript(node: ast.AST, index: str) -> ast.AST:
    return ast.parse(f"({ast.unparse(node)})[{index}]", mode="eval").body


# Numbers with units -------------------------------------------------------------------------------


def quantity(value: str, unit: str) -> str:
    """A number with its unit in its usual form: `20*ms` for 0.02 of a second, exact to the bit."""
    if unit == "1":
        return value
    number = literal(value)
    short = _SHORT.get(unit)
    if number is not None and short is not None and number:
        for prefix in ("", "m", "u", "n", "p", "k", "M"):
            name = unit if not prefix and unit not in ("hertz",) else f"{prefix}{short}"
            if prefix and name not in _KNOWN:
                continue
            text = repr(round(number / 10.0 ** _PREFIXES[prefix], 9))
            text = text.removesuffix(".0")
            scale = 10.0 ** _PREFIXES[prefix]
            if float(text) * scale == number and 0.1 <= abs(float(text)) < 1e4:
                return f"{text}*{name}"
    if number is None and not value.isidentifier() and not value.endswith(")"):
        value = f"({value})"
    return f"{value}{unit[1:]}" if unit.startswith("1/") else f"{value}*{unit}"


def literal(value: str) -> float | None:
    """The number that the code stands for, if it is one."""
    try:
        return float(value)
    except ValueError:
        return None


@cache
def names_in(code: str) -> frozenset[str]:
    """The variables and functions that code names, in Python or in Brian2's language."""
    return frozenset(n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name))


@cache
def elements_in(code: str) -> frozenset[str]:
    """The elements of arrays and dictionaries that code reads, as code."""
    return frozenset(
        ast.unparse(n) for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Subscript)
    )


def uses(code: str | Iterable[str], *names: str) -> bool:
    """Whether code, or some of several texts, uses one of these names."""
    texts = [code] if isinstance(code, str) else code
    return any(not names_in(text).isdisjoint(names) for text in texts)


def units_in(text: str) -> list[str]:
    """The units in the code that have to be imported."""
    return sorted(names_in(text) & UNITS, key=str.lower)

"""A component's equations and statements in Brian2's language, and the values that they need.

Every name is resolved here: a variable, an index within the block, a parameter of the other side,
or a value from outside, which is then either a variable of the model or in its namespace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from ..check.symbols import Component, Scope, Symbol
from ..check.values import value
from ..dataclass import dataclass
from ..ir import Every, Parameter
from ..language import ast
from ..language.builtins import CONSTANTS, DISTRIBUTIONS, FUNCTIONS
from ..language.draws import arguments_of, distribution_of
from ..language.numeric import quantity
from ..language.units import resolve
from .equations import flags_of
from .expressions import SHORT_UNITS, WORD, Brian2Printer, in_double, times_unit
from .values import Values, used_names

# Brian2 passes some statements through sympy, which prints numbers with this many digits.
SYMPY_DIGITS = 15


@dataclass
class Needs:
    """What connections need from their layers: parameters that differ between blocks,
    `lastspike`."""

    parameters: dict[str, set[str]] = field(default_factory=dict)
    lastspike: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Gates:
    """Switches of a connection that has phases: factors of 1 or 0 on what they control."""

    learning: str = ""  # factor of changes of the weight
    sending: str = ""  # factor of what reaches the layers


class ModelCode:
    """`own`: the component's variables by their names in the model; `sizes`: the size of each layer
    by the names of its index and of its size; `fixed`: names that print as the text given; `taken`:
    names that mean something else to Brian2 here.

    Names that are made here contain `__`, which no name in a spec does.
    """

    def __init__(
        self,
        values: Values,
        component: Component,
        scope: Scope,
        own: Mapping[str, str],
        sizes: Mapping[str, int],
        fixed: Mapping[str, str],
        taken: set[str],
        element: str,
        needs: Needs,
    ):
        self.values, self.component, self.scope = values, component, scope
        self.own, self.sizes, self.taken = own, sizes, taken
        self.fixed = {**{name: in_layer(name, size) for name, size in sizes.items()}, **fixed}
        self.element, self.needs = element, needs
        self.one: set[str] = set()  # variables with one value per layer, as are their draws
        self.externals: dict[str, Parameter] = {}
        self.draws = 0
        self.functions: set[str] = set()  # makes the functions that the code calls

    # Names

    def show(self, expr: ast.Expr, locals: Iterable[str] = (), **instead: str) -> str:
        return ModelPrinter(self, set(locals), instead).show(expr)

    def name(self, name: str) -> str:
        if name in self.fixed:
            return self.fixed[name]
        if name in self.own:
            return self.own[name]
        symbol = self.scope.get(name)
        if symbol is None:
            return self.unit_or_noise(name)
        if symbol.side:
            return self.other_side(symbol)
        if symbol.kind == "builtin":
            if name == "lastspike":
                self.needs.lastspike.add(self.component.name)
            if name in CONSTANTS and (name in self.taken or is_truth(name)):
                return repr(CONSTANTS[name])
            return name
        return self.external(name, symbol)

    def is_unit(self, name: str) -> bool:
        return not any(name in known for known in (self.fixed, self.own, self.scope))

    def unit_or_noise(self, name: str) -> str:
        if name in SHORT_UNITS or name == "xi" or name.startswith("xi_"):
            return name
        dim, factor = resolve([(name, 1)])
        return f"({times_unit(repr(factor), dim.unit_name())})"

    def other_side(self, symbol: Symbol) -> str:
        side = self.component.pre if symbol.side == "pre" else self.component.post
        assert side is not None
        if symbol.name == "lastspike":
            self.needs.lastspike.add(side.name)
        if symbol.equation is not None and is_inlined(symbol.equation):
            return self.inlined(symbol, side)
        if symbol.kind != "parameter":
            return f"{symbol.name}_{symbol.side}"
        if self.values.symbol_varies(side.parameters[symbol.name], side):
            self.needs.parameters.setdefault(side.name, set()).add(symbol.name)
            return f"{symbol.name}_{symbol.side}"
        return self.external(f"{side.name}__{symbol.name}", side.parameters[symbol.name])

    def inlined(self, symbol: Symbol, side: Component) -> str:
        """The definition of a variable that a layer computes, written out. Brian2 would look up its
        names here, where they may be missing or mean something else."""
        assert symbol.equation is not None and symbol.equation.rhs is not None
        end = symbol.side
        there, outside = side.as_side(end), self.values.symbols.globals
        here = {"i": self.fixed["i" if end == "pre" else "j"], "N": self.fixed[f"N_{end}"]}
        for name in used_names([symbol.equation.rhs]) - set(here):
            found = outside.get(name)
            if f"{name}_{end}" in there:
                here[name] = self.other_side(there[f"{name}_{end}"])
            elif found is not None and found.kind != "builtin":
                mine = self.scope.get(name) is found
                here[name] = self.external(name if mine else f"{side.name}__{name}", found)
            elif found is not None:
                own = name in self.taken or is_truth(name)
                here[name] = repr(CONSTANTS[name]) if own else name
            elif name not in ("t", "dt"):
                here[name] = self.unit_or_noise(name)
        return f"({self.show(symbol.equation.rhs, **here)})"

    def external(self, name: str, symbol: Symbol) -> str:
        """A value from outside, under a name that means nothing else here."""
        values, component = self.values, self.component
        code, shown = values.reference(symbol, component), self.free(name)
        while shown in self.externals and self.externals[shown].code != code:
            shown = self.free(f"{shown}__value")
        self.externals[shown] = Parameter(
            name=shown,
            code=code,
            varies=values.symbol_varies(symbol, component),
            unit=values.unit(symbol),
        )
        return shown

    def free(self, name: str) -> str:
        while name in self.taken:
            name = f"syn__{name}" if self.component.kind == "connection" else f"{name}__value"
        return name

    @property
    def varying(self) -> tuple[Parameter, ...]:
        return tuple(p for _, p in sorted(self.externals.items()) if p.varies)

    @property
    def namespace(self) -> tuple[Parameter, ...]:
        return tuple(p for _, p in sorted(self.externals.items()) if not p.varies)

    # Draws

    def draw(self, call: ast.Call, arguments: Mapping[str, str]) -> str:
        """A draw in code: a function only of the stream's key, the step and the element."""
        distribution = distribution_of(call)
        self.draws += 1
        self.functions.add("draw_functions")
        table = self.values.table
        many = table.replicates > 1 or table.first_replicate > 0
        shared = self.component.scope == "shared"
        copies = "x.replicate_of_copy" if shared else "x.replicate_of_block"
        key = (self.component.name, f"draw {self.draws}")
        names = ", ".join(map(repr, key))
        if call.independent:
            code = f"draw_keys(x, {names}, {copies}, row)"
        else:
            code = f"draw_keys(x, {names}, {copies})" if many else f"draw_key({names}, 0)"
        # A Brian2 object and the objects that it connects share one namespace.
        name = f"{self.component.name}__draw_{self.draws}"
        varies = many or call.independent
        self.externals[name] = Parameter(name=name, code=code, varies=varies, unit="1", key=key)
        place = f"{name}, t_in_timesteps, {self.element}"
        base = f"draw__{distribution.base}({place})"
        texts = [f"({arguments[a]})" for a in distribution.arguments]
        if call.func.id == "binomial":
            return f"draw__binomial({place}, {arguments['n']}, {arguments['p']})"
        if call.func.id == "bernoulli":  # Brian2 cannot multiply a condition
            return f"int({base} < {texts[0]})"
        text = distribution.transform.format(*texts, u=base).replace("np.", "")
        if distribution.maker:
            self.functions.add(distribution.maker)
            name = distribution.quantile
            text = text.replace(f"{name}(", f"quantile__{name.removesuffix('_quantile')}(")
        return f"int({text})" if distribution.result == "integer" else f"({text})"

    def in_double(self, function: str, text: str) -> str:
        """A call of a function whose result is a double, however large."""
        self.functions.add("functions_in_double")
        return in_double(function, text)

    def largest(self, name: str) -> float:
        """The largest magnitude of a whole number, as far as it is known: for an index or a size
        from the layer, for a constant from its value."""
        if name in self.sizes:
            return self.sizes[name]
        symbol = self.scope.get(name)
        if symbol is None or symbol.kind not in ("constant", "parameter") or symbol.side:
            return WORD
        known = value(symbol.value, self.values.constants)
        varies = self.values.symbol_varies(symbol, self.component)
        return WORD if known is None or varies or symbol.by_preset else abs(known)

    def literal(self, value: float, unit: str) -> str:
        """A number with more digits than sympy would print, passed as an external value."""
        start = f"{self.component.name}__number_"
        name = f"{start}{len([n for n in self.externals if n.startswith(start)])}"
        self.externals[name] = Parameter(name=name, code=repr(value), varies=False, unit=unit)
        return name

    # Statements

    def statements(
        self,
        body: Iterable[ast.Statement],
        bounds: Mapping[str, ast.Bounds] | None = None,
        deliver: Callable[[set[str]], list[str]] = lambda locals: [],
        weight: str | None = None,
        gates: Gates | None = None,
    ) -> list[str]:
        """Lines of code. Bounded variables are clipped when they are assigned. `deliver` gives the
        lines of a delivery, which may use the block's locals."""
        gates, bounds = gates or Gates(), bounds or {}
        locals: set[str] = set()
        lines: list[str] = []
        body = list(body)
        for number, statement in enumerate(body):
            if isinstance(statement, ast.Deliver):
                lines += deliver(locals)
                continue
            assert isinstance(statement, ast.Update)
            name = statement.target.id
            each, self.element = self.element, "0" if name in self.one else self.element
            printer = ModelPrinter(self, locals, {})
            text = printer.show(statement.value)
            if self.is_whole(name) and printer.is_double(statement.value):
                text = f"int({text})"
            self.element = each
            if name not in self.scope and name not in self.own:
                locals.add(name)
            if statement.op == "=" and isinstance(statement.value, ast.Name):
                if changes_later(statement.value.id, body[number + 1 :]):
                    text = self.copied(statement.value, text, statement.value.id in locals)
            target = self.free(name) if name in locals else self.name(name)
            gate = gates.learning if name == weight else ""
            if target.endswith(("_pre", "_post")):
                gate = gates.sending
            lines.append(assignment(target, statement.op, text, gate, self.ends(bounds.get(name))))
        return lines

    def is_whole(self, name: str) -> bool:
        """Whether Brian2 holds a variable as a whole number of 32 bits."""
        symbol = self.scope.get(name)
        return symbol is not None and symbol.type is not None and symbol.type.kind == "integer"

    def copied(self, expr: ast.Expr, text: str, local: bool) -> str:
        """A copy of a value. A bare name is the same array on numpy, and would change with it.
        Brian2 simplifies `x + 0` and `x*1` to `x`; measured, a clip makes a copy."""
        known = self.values.checked.types.get(id(expr))
        if known is not None and known.kind == "boolean":
            return f"int({text}) > 0"
        if known is not None and known.kind == "integer" and local:
            return self.in_double("", text)
        if known is not None and known.kind == "integer":
            return f"clip({text}, -2147483647, 2147483647)"
        infinite = times_unit("inf", known.dim.unit_name() if known else "1")
        return f"clip({text}, -{infinite}, {infinite})"

    def ends(self, bounds: ast.Bounds | None) -> tuple[str, str] | None:
        return None if bounds is None else (self.show(bounds.low), self.show(bounds.high))

    def clipped(self, name: str, equations: Iterable[ast.Equation]) -> list[Every]:
        """Bounds of differential equations hold after each integration step."""
        lines = tuple(
            assignment(self.name(e.name.id), "=", self.name(e.name.id), ends=self.ends(e.bounds))
            for e in equations
            if e.kind == "ode" and e.bounds is not None
        )
        return (
            [Every(name=name, period="DT", statements=lines, when="groups", order=1)]
            if lines
            else []
        )


def in_layer(name: str, size: int) -> str:
    """An index `i` or `j` within one block of a layer, or its size."""
    return f"({name} % {size})" if name in ("i", "j") else str(size)


def is_truth(name: str) -> bool:
    """`true` or `false`."""
    return isinstance(CONSTANTS.get(name), bool)


def is_inlined(equation: ast.Equation) -> bool:
    """Whether it is computed wherever it is read; `constant over dt` is computed once per step."""
    return equation.kind == "subexpression" and "constant over dt" not in flags_of(equation)


def changes_later(name: str, rest: Iterable[ast.Statement]) -> bool:
    """Whether statements assign a name, or deliver into a variable that may be the same."""
    return any(
        s.target.id == name if isinstance(s, ast.Update) else name.endswith("_post") for s in rest
    )


def assignment(
    target: str, op: str, value: str, gate: str = "", ends: tuple[str, str] | None = None
) -> str:
    """One statement; with a gate of 0 the target keeps its value."""
    if ends is None and op in ("+=", "-=") and gate:
        return f"{target} {op} {gate}*({value})"
    if ends is None and not gate:
        return f"{target} {op} {value}"
    if op != "=":
        value = f"{target} {op[0]} {value if value.isidentifier() else f'({value})'}"
    if ends is not None:
        value = f"clip({value}, {ends[0]}, {ends[1]})"
    if gate:
        value = f"{gate}*({value}) + (1 - {gate})*{target}"
    return f"{target} = {value}"


class ModelPrinter(Brian2Printer):
    """Prints with the names of a model; locals belong to the block."""

    def __init__(self, model: ModelCode, locals: set[str], instead: Mapping[str, str]):
        super().__init__({}, model.values.checked.types)
        self.model, self.locals, self.instead = model, locals, instead

    def name(self, expr: ast.Name) -> str:
        if expr.id in self.instead:
            return self.instead[expr.id]
        if expr.id in self.locals:
            return self.model.free(expr.id)
        return self.model.name(expr.id)

    def in_double(self, function: str, text: str) -> str:
        return self.model.in_double(function, text)

    def largest_of_name(self, name: str) -> float:
        known = name not in self.instead and name not in self.locals
        return self.model.largest(name) if known else WORD

    def is_unit(self, name: str) -> bool:
        return name not in self.instead and name not in self.locals and self.model.is_unit(name)

    def leaf(self, expr: ast.Expr) -> tuple[str, int]:
        if isinstance(expr, ast.Call) and expr.func.id in DISTRIBUTIONS:
            arguments = {n: self.show(a) for n, a in arguments_of(expr).items()}
            return self.model.draw(expr, arguments), 9
        if isinstance(expr, ast.Number) and digits(expr.value) > SYMPY_DIGITS:
            return self.model.literal(float(expr.value), "1"), 9
        if isinstance(expr, ast.Quantity) and digits(expr.number) > SYMPY_DIGITS:
            unit = resolve((f.name, f.exponent) for f in expr.unit.factors)[0].unit_name()
            return self.model.literal(quantity(expr), unit), 9
        if isinstance(expr, ast.Call) and FUNCTIONS[expr.func.id].maker:
            self.model.functions.add(FUNCTIONS[expr.func.id].maker)
        return super().leaf(expr)


def digits(value: float) -> int:
    """Decimal digits that a number needs."""
    return len(repr(value).partition("e")[0].replace(".", "").strip("-0"))

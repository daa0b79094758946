"""Who is who: the components of a spec, their parameters and variables, and what a name means.

Built once from the syntax tree, read by every check and by lowering. Building it reports names
that are declared twice or refer to nothing; it goes on, so that later checks find more.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from .. import ast
from ..builtins import CONSTANTS
from ..diagnostics import Diagnostic
from ..units import NONE, SECOND, Dim, resolve


@dataclass(frozen=True)
class Type:
    """What an expression's value is: its dimension, and `float`, `integer` or `boolean`."""

    dim: Dim = NONE
    kind: str = "float"


FLOAT, INTEGER, BOOLEAN = Type(), Type(NONE, "integer"), Type(NONE, "boolean")
TIME = Type(SECOND)


@dataclass(frozen=True)
class Symbol:
    """What a name stands for.

    kind: "constant", "parameter", "variable" (a state variable or subexpression), "column" (a free
    column of the sweep), "builtin" (`t`, `dt`, `i`, `j`, `N_pre`, `pi`, ...), "local".
    """

    name: str
    kind: str
    node: ast.Node | None = None  # where it is declared
    value: ast.Expr | None = None  # a constant's or a parameter's expression
    type: Type | None = None  # where it is known from the declaration
    equation: ast.Equation | None = None
    side: str = ""  # "pre" or "post" for a variable of that side's layer
    owner: str = ""  # the component that has it


Scope = Mapping[str, Symbol]


@dataclass
class Component:
    """A layer or a connection, with everything that it has by name."""

    name: str
    kind: str  # "layer" or "connection"
    node: ast.Layer | ast.Connect
    scope: str  # "block" or "shared"
    parameters: dict[str, Symbol] = field(default_factory=dict)
    variables: dict[str, Symbol] = field(default_factory=dict)
    neuron: ast.Neuron | None = None
    rule: ast.Rule | None = None
    pre: Component | None = None
    post: Component | None = None
    _as_side: dict[str, dict[str, Symbol]] = field(default_factory=dict, repr=False)

    def as_side(self, side: str) -> dict[str, Symbol]:
        """What a connection sees of this layer: `v_pre` or `v_post` -> symbol."""
        if side not in self._as_side:
            self._as_side[side] = {
                f"{name}_{side}": replace(symbol, side=side, owner=self.name)
                for name, symbol in {**self.parameters, **self.variables}.items()
            }
        return self._as_side[side]

    @property
    def equations(self) -> tuple[ast.Equation, ...]:
        model = self.neuron or self.rule
        return model.equations if model else ()

    def _delivered(self) -> Iterator[ast.Expr]:
        """What the rule delivers, then what the connection says instead."""
        for handler in self.rule.handlers if self.rule else ():
            for statement in handler.body:
                if isinstance(statement, ast.Deliver) and statement.value is not None:
                    yield statement.value
        if isinstance(self.node, ast.Connect):
            for delivery in self.node.delivery:
                if delivery.value is not None and not delivery.continuously:
                    yield delivery.value

    @property
    def weight(self) -> str | None:
        """The weight's name: the variable of the rule that is delivered, else the first
        declared; `w` for `weight:`."""
        if self.rule:
            names = [e.name.id for e in self.rule.equations]
            for value in self._delivered():
                for name in (n.id for n in ast.walk(value) if isinstance(n, ast.Name)):
                    if name in names:
                        return name
            return names[0] if names else None
        if isinstance(self.node, ast.Connect) and self.node.weight is not None:
            return "w"
        return None


@dataclass
class Symbols:
    """All names of a spec."""

    spec: ast.Spec
    constants: dict[str, Symbol]
    components: dict[str, Component]  # layers and connections, in order of declaration
    neurons: dict[str, ast.Neuron]
    rules: dict[str, ast.Rule]
    sounds: dict[str, ast.Sound]
    filterbanks: dict[str, ast.Filterbank]
    columns: dict[str, Column]  # every column of the sweep, by its name in the results
    diagnostics: list[Diagnostic]
    files_read: set[str] = field(default_factory=set)  # files of the sweep whose heads are known
    _globals: dict[str, Symbol] | None = field(default=None, repr=False)
    _owners: dict[str, list[str]] | None = field(default=None, repr=False)

    @property
    def layers(self) -> list[Component]:
        return [c for c in self.components.values() if c.kind == "layer"]

    @property
    def connections(self) -> list[Component]:
        return [c for c in self.components.values() if c.kind == "connection"]

    def owners(self, name: str) -> list[str]:
        """The components that have a parameter of this name, in order of declaration."""
        if self._owners is None:
            self._owners = {}
            for component in self.components.values():
                for parameter in component.parameters:
                    self._owners.setdefault(parameter, []).append(component.name)
        return self._owners.get(name, [])

    @property
    def globals(self) -> dict[str, Symbol]:
        """Names that hold everywhere: builtin constants, constants, free columns."""
        if self._globals is None:
            found = dict(NUMBERS)
            found.update(self.constants)
            for column in self.columns.values():
                if column.target is None:
                    found[column.name] = Symbol(column.name, "column", column.node)
            self._globals = found
        return self._globals

    # Scopes are chains of tables, the nearest first: building one costs nothing, however many
    # constants there are.

    def value_scope(self, component: Component | None) -> Scope:
        """Names in the values of a component's parameters and clauses."""
        return ChainMap(component.parameters if component else {}, self.globals)

    def neuron_scope(self, layer: Component) -> Scope:
        """Names in a neuron's equations, conditions and statements, and in its initial values."""
        return ChainMap(layer.variables, layer.parameters, _NEURON_BUILTINS, self.globals)

    def rate_scope(self, layer: Component) -> Scope:
        """Names in an input layer's rate."""
        return ChainMap(layer.parameters, _RATE_BUILTINS, self.globals)

    def pattern_scope(self, connection: Component) -> Scope:
        """Names in a pattern's `p`, `where`, and in delays and initial values of synapses."""
        return ChainMap(connection.parameters, *_sides(connection), _PAIR_BUILTINS, self.globals)

    def synapse_scope(self, connection: Component) -> Scope:
        """Names in a rule's and a connection's statements, equations and delivery."""
        return ChainMap(
            connection.variables, connection.parameters, *_sides(connection),
            _SYNAPSE_BUILTINS, self.globals,
        )  # fmt: skip


def _builtin(*names: str, kind: Type) -> dict[str, Symbol]:
    return {n: Symbol(n, "builtin", type=kind) for n in names}


NUMBERS = {n: Symbol(n, "builtin", type=FLOAT) for n in CONSTANTS}  # pi, e, inf
_NEURON_BUILTINS = {
    **_builtin("i", "N", kind=INTEGER),
    **_builtin("t", "dt", "lastspike", kind=TIME),
}
_RATE_BUILTINS = {**_builtin("i", "N", kind=INTEGER), **_builtin("t", "dt", kind=TIME)}
_PAIR_BUILTINS = _builtin("i", "j", "N_pre", "N_post", kind=INTEGER)
_SYNAPSE_BUILTINS = {**_PAIR_BUILTINS, **_builtin("t", "dt", kind=TIME)}


def _sides(connection: Component) -> list[dict[str, Symbol]]:
    return [
        layer.as_side(side)
        for side, layer in (("pre", connection.pre), ("post", connection.post))
        if layer
    ]


@dataclass(frozen=True)
class Column:
    """A column of the sweep. `name` is its name in the results; `target` is what it sets:
    ("feedforward", "Apre"), ("", "tau_syn") for a constant, None for a free column."""

    name: str
    path: ast.Path
    target: tuple[str, str] | None
    node: ast.Node


# Fixed columns of the results: a column of the sweep is called otherwise (`feed.delay`).
RESULT_COLUMNS = (
    "block", "replicate", "status", "connection", "layer", "variable", "pre", "post", "neuron",
    "t", "value", "phase", "delay", "w_initial", "w",
)  # fmt: skip


def unit_type(unit: ast.Unit) -> Type | None:
    """The type that an equation's unit declares, or None for an unknown unit (reported by the
    dimension check)."""
    if [f.name for f in unit.factors] == ["integer"]:
        return INTEGER
    if [f.name for f in unit.factors] == ["boolean"]:
        return BOOLEAN
    try:
        return Type(resolve((f.name, f.exponent) for f in unit.factors)[0])
    except KeyError:
        return None

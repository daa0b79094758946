"""What each name refers to: the components of a spec, their parameters and variables.

Built once from the syntax tree, then read by every check and by lowering. Building reports names
that are declared twice or refer to nothing, and goes on, so that later checks find more.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import field, replace
from typing import NamedTuple

from ..dataclass import dataclass
from ..language import ast
from ..language.builtins import CONSTANTS, layer_measures, weight_measures
from ..language.units import NONE, SECOND, Dim, resolve


class Type(NamedTuple):
    """The type of an expression's value: its dimension, and `float`, `integer` or `boolean`."""

    dim: Dim = NONE
    kind: str = "float"


FLOAT, INTEGER, BOOLEAN = Type(), Type(NONE, "integer"), Type(NONE, "boolean")
TIME = Type(SECOND)


@dataclass(frozen=True)
class Symbol:
    """What a name stands for.

    kind: "constant", "parameter", "variable" (a state variable or subexpression), "port" (a value
    port of a rule), "column" (a free column of the sweep), "measure", "builtin" (`t`, `dt`,
    `i`, `j`, `N_pre`, `pi`, ...), "local".
    """

    name: str
    kind: str
    node: ast.Node | None = None  # where it is declared
    value: ast.Expr | None = None  # the expression of a constant or a parameter
    type: Type | None = None  # if the declaration tells it
    equation: ast.Equation | None = None
    side: str = ""  # "pre" or "post" for a variable of that side's layer
    owner: str = ""  # the component that it belongs to
    # For a parameter whose connection's preset is a column of the sweep: its value under each
    # preset, if a preset gives it and the rule's use does not.
    by_preset: tuple[tuple[str, ast.Expr], ...] = ()


Scope = Mapping[str, Symbol]


@dataclass
class Component:
    """A layer or a connection, with everything that it has, by name."""

    name: str
    kind: str  # "layer" or "connection"
    node: ast.Layer | ast.Connect
    scope: str  # "block" or "shared"
    parameters: dict[str, Symbol] = field(default_factory=dict)
    variables: dict[str, Symbol] = field(default_factory=dict)
    neuron: ast.Neuron | None = None
    rule: ast.Rule | None = None  # all rules of `plasticity:`, joined into one
    rules: tuple[ast.Rule, ...] = ()  # each as declared
    bindings: dict[str, ast.Binding] = field(default_factory=dict)  # by port
    post_variables: dict[str, Symbol] = field(default_factory=dict)  # of `post equations:`
    pre: Component | None = None
    post: Component | None = None
    # Parameters that differ between its elements: constant variables (elements.py).
    each: dict[str, ast.Assign] = field(default_factory=dict)
    _as_side: dict[str, dict[str, Symbol]] = field(default_factory=dict, repr=False)

    def as_side(self, side: str) -> dict[str, Symbol]:
        """What a connection sees of this layer: `v_pre` or `v_post` -> symbol."""
        if side not in self._as_side:
            self._as_side[side] = {
                f"{name}_{side}": replace(symbol, side=side, owner=self.name)
                for name, symbol in {**self.parameters, **self.variables, **self._spiking}.items()
            }
        return self._as_side[side]

    @property
    def couples(self) -> bool:
        """Whether blocks influence one another through this connection. Not if its target is an
        input layer, which is not affected by what arrives."""
        if self.pre is None or self.post is None or not isinstance(self.post.node, ast.Layer):
            return False
        up = self.pre.scope == "block" and self.post.scope == "shared"
        return up and self.post.node.source is None

    @property
    def initial(self) -> dict[str, ast.Assign]:
        """The initial value of each variable that has one; the component's own values take
        precedence over its model's."""
        model = self.neuron or self.rule
        given = [a for a in model.initial if a.name.id in self.variables] if model else []
        return {a.name.id: a for a in (*self.each.values(), *given, *self.node.initial)}

    @property
    def first_values(self) -> dict[str, ast.Expr]:
        return {name: assign.value for name, assign in self.initial.items()}

    @property
    def _spiking(self) -> dict[str, Symbol]:
        if self.neuron is None or self.neuron.threshold is None:
            return {}
        return {"lastspike": _NEURON_BUILTINS["lastspike"]}

    def model_of(self, parameter: ast.Assign) -> ast.Neuron | ast.Rule:
        """The neuron or rule that declares a parameter."""
        models = [self.neuron] if self.neuron else self.rules
        return next(m for m in models if any(p is parameter for p in m.parameters))

    def declare(self, rule: ast.Rule) -> None:
        """Declare the variables of a rule, of its synapses and of their targets."""
        for equations, table in (
            (rule.equations, self.variables),
            (rule.post_equations, self.post_variables),
        ):
            for equation in equations:
                table.setdefault(equation.name.id, variable(equation, self.name))

    @property
    def required(self) -> dict[str, Symbol]:
        """What the rule requires of the target layer, by its name there."""
        found = {}
        for item in self.rule.requires if self.rule else ():
            there = self.post.variables.get(item.name.id) if self.post else None
            found[item.name.id] = Symbol(
                item.name.id,
                "variable",
                item,
                type=unit_type(item.unit),
                equation=there.equation if there else None,
                owner=self.post.name if self.post else self.name,
            )
        return found

    @property
    def value_ports(self) -> dict[str, Symbol]:
        return {
            p.name.id: Symbol(p.name.id, "port", p, type=unit_type(p.unit), owner=self.name)
            for p in (self.rule.ports if self.rule else ())
            if p.unit is not None
        }

    @property
    def unsure(self) -> bool:
        """Whether its neuron or one of its rules does not exist (an error that is already
        reported)."""
        if isinstance(self.node, ast.Layer):
            return self.node.neuron is not None and self.neuron is None
        return bool(self.node.plasticity) and self.rule is None

    def swept_by_preset(self, name: str) -> bool:
        symbol = self.parameters.get(name)
        return symbol is not None and bool(symbol.by_preset)

    @property
    def equations(self) -> tuple[ast.Equation, ...]:
        model = self.neuron or self.rule
        return model.equations if model else ()

    def _delivered(self) -> Iterator[ast.Expr]:
        """What the rule delivers, and then what the connection delivers instead."""
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
        """The weight's name: the rule's variable that is delivered (preferably `w`), else the first
        declared; `w` for `weight:`."""
        if self.rule:
            names = [e.name.id for e in self.rule.equations]
            used = [n.id for v in self._delivered() for n in ast.below(v, ast.Name)]
            delivered = list(dict.fromkeys(name for name in used if name in names))
            if "w" in delivered:
                return "w"
            # A product of several variables, as in a short-term plasticity rule, is not a weight.
            return next(iter(delivered or names), None) if len(delivered) < 2 else None
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
    rules: MutableMapping[str, ast.Rule]
    sounds: dict[str, ast.Sound]
    filterbanks: dict[str, ast.Filterbank]
    columns: dict[str, Column]  # every column of the sweep, by its name in the results
    measures: dict[str, Symbol] = field(default_factory=dict)  # in order of dependency
    files_read: set[str] = field(default_factory=set)  # files of the sweep whose headers are known
    _globals: dict[str, Symbol] | None = field(default=None, repr=False)
    _owners: dict[str, list[str]] | None = field(default=None, repr=False)

    @property
    def layers(self) -> list[Component]:
        return [c for c in self.components.values() if c.kind == "layer"]

    @property
    def connections(self) -> list[Component]:
        return [c for c in self.components.values() if c.kind == "connection"]

    def adding(self, layer: Component, name: str) -> list[Component]:
        """The connections whose rule adds a variable with this name to the layer's neurons."""
        return [c for c in self.connections if c.post is layer and name in c.post_variables]

    @property
    def measured_of(self) -> dict[str, str]:
        """The component of each column of `blocks` that can be measured, by the column's name in
        lower case. Whatever a spec records, a name has one meaning."""
        return {
            f"{c.name}_{end}".lower(): c.name
            for c in self.components.values()
            for end in measures_of(c)
        }

    def owners(self, name: str) -> list[str]:
        """The components that have a parameter with this name, in order of declaration."""
        if self._owners is None:
            self._owners = {}
            for component in self.components.values():
                for parameter in component.parameters:
                    self._owners.setdefault(parameter, []).append(component.name)
        return self._owners.get(name, [])

    @property
    def globals(self) -> dict[str, Symbol]:
        """Names that are known everywhere: builtin constants, constants, free columns."""
        if self._globals is None:
            found = dict(NUMBERS)
            found.update(self.constants)
            for column in self.columns.values():
                if column.target is None:
                    found[column.name] = Symbol(column.name, "column", column.node)
            self._globals = found
        return self._globals

    # Scopes are chains of tables, the nearest first. Building one takes no time, even with many
    # constants.

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
        """Names in a pattern's `p` and `where`."""
        return ChainMap(connection.parameters, *_sides(connection), _PAIR_BUILTINS, self.globals)

    def first_scope(self, connection: Component) -> Scope:
        """Names in delays and initial values of synapses. Initial values may also use the
        variables."""
        maps = self.weight_scope(connection).maps  # type: ignore[attr-defined]
        return ChainMap(connection.variables, *maps)

    def weight_scope(self, connection: Component) -> Scope:
        """Names in `weight:`, including the parameters of each synapse, and the numbers of
        synapses."""
        each = {name: connection.variables[name] for name in connection.each} | COUNTS
        return ChainMap(each, *self.pattern_scope(connection).maps)  # type: ignore[attr-defined]

    def degree_scope(self, connection: Component) -> Scope:
        """Names in the number of partners of a pattern: `fixed_indegree(k)`."""
        return ChainMap(connection.parameters, _SIZES, self.globals)

    def synapse_scope(self, connection: Component) -> ChainMap[str, Symbol]:
        """Names in a rule's and a connection's statements, equations and delivery."""
        own = {**_of_post(connection.required), **_of_post(connection.post_variables)}
        return ChainMap(
            connection.variables,
            connection.parameters,
            connection.value_ports,
            own,
            *_sides(connection),
            _SYNAPSE_BUILTINS,
            self.globals,
        )

    def port_scope(self, connection: Component, port: str) -> Scope:
        """Names in `on PORT:`; the spike port is the number of its spikes in this step."""
        spikes = {port: Symbol(port, "builtin", type=INTEGER)}
        return ChainMap(spikes, *self.synapse_scope(connection).maps)

    def post_scope(self, connection: Component) -> Scope:
        """Names in a rule's `post equations:` and `post reset:`, which become part of the
        target."""
        return ChainMap(
            connection.post_variables,
            connection.required,
            connection.parameters,
            connection.value_ports,
            _NEURON_BUILTINS,
            self.globals,
        )


def _builtin(*names: str, kind: Type) -> dict[str, Symbol]:
    return {n: Symbol(n, "builtin", type=kind) for n in names}


NUMBERS = {  # pi, e, inf; true, false
    n: Symbol(n, "builtin", type=BOOLEAN if isinstance(v, bool) else FLOAT)
    for n, v in CONSTANTS.items()
}
_NEURON_BUILTINS = {
    **_builtin("i", "N", kind=INTEGER),
    **_builtin("t", "dt", "lastspike", kind=TIME),
}
_RATE_BUILTINS = {**_builtin("i", "N", kind=INTEGER), **_builtin("t", "dt", kind=TIME)}
_SIZES = _builtin("N_pre", "N_post", kind=INTEGER)
_PAIR_BUILTINS = {**_builtin("i", "j", kind=INTEGER), **_SIZES}
# The numbers of synapses that a synapse's target and source have, within its connection and block,
# and its own number among the synapses of its pair.
COUNTS = _builtin("N_incoming", "N_outgoing", "synapse_number", kind=INTEGER)
_SYNAPSE_BUILTINS = {**_PAIR_BUILTINS, **COUNTS, **_builtin("t", "dt", kind=TIME)}


def _of_post(symbols: Mapping[str, Symbol]) -> dict[str, Symbol]:
    return {f"{name}_post": replace(symbol, side="post") for name, symbol in symbols.items()}


def variable(equation: ast.Equation, owner: str) -> Symbol:
    name, type_ = equation.name.id, unit_type(equation.unit)
    return Symbol(name, "variable", equation, equation.rhs, type_, equation, owner=owner)


def _sides(connection: Component) -> list[dict[str, Symbol]]:
    return [
        layer.as_side(side)
        for side, layer in (("pre", connection.pre), ("post", connection.post))
        if layer
    ]


def measures_of(component: Component) -> list[str]:
    """The possible endings of the names of a component's measures."""
    if component.kind == "connection":
        return weight_measures(bounded=True, recorded=True) if component.weight else []
    neuron = component.neuron
    spiking = neuron is None or neuron.threshold is not None
    return layer_measures(recorded=True, several=True, hears=True) if spiking else []


@dataclass(frozen=True)
class Column:
    """A column of the sweep. `name` is its name in the results; `target` is what it sets:
    ("feedforward", "Apre"), ("", "tau_syn") for a constant, None for a free column."""

    name: str
    path: ast.Path
    target: tuple[str, str] | None
    node: ast.Node

    @property
    def of_presets(self) -> bool:
        """Whether its values are names of presets rather than numbers."""
        return self.target is not None and bool(self.target[0]) and self.target[1] == "preset"


@ast.found_once
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

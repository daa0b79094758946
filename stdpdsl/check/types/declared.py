"""Types of constants, parameters and sweep columns, which are declared by a value.

Each type is inferred on first use, so the order of declarations does not matter.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from ...language import ast
from ...language.units import HERTZ, SECOND
from ..order import dependency_order, names_in
from ..symbols import FLOAT, INTEGER, NUMBERS, Column, Component, Symbol, Symbols, Type, variable
from .context import Context
from .expectations import owner_key
from .infer import Inference
from .messages import describe, example_unit
from .sweep_names import SweepNames

_ATTRIBUTES = {"delay": Type(SECOND), "p": FLOAT, "k": INTEGER, "rate": Type(HERTZ)}


class Declared:
    """Gives an Inference the declared types."""

    def __init__(self, inference: Inference, open_columns: bool = False):
        self.inference = inference
        self.symbols: Symbols = inference.symbols
        self.reporter = inference.reporter
        self.known: dict[tuple[str, str], Type | None] = {}
        self.busy: set[tuple[str, str]] = set()
        self.models: dict[str, Component] = {}
        self.contexts: dict[str, Context] = {}
        self.sweep_names = SweepNames(self.symbols, self.reporter)
        self.open_columns = open_columns  # a file of the sweep is not read yet
        inference.declared_type = self.type_of
        inference.correct = self.correct

    def check(self) -> None:
        """Constants, defaults of every model, values at every use, columns; reports cycles."""
        self.cycles({n: s.value for n, s in self.symbols.constants.items()}, "constant")
        # Sort by dependency first, because chains of constants may be longer than Python's stack.
        for name in self.constant_order:
            self.type_of(self.symbols.constants[name])
        for component in [*self.models.values(), *self.symbols.components.values()]:
            for symbol in component.parameters.values():
                self.type_of(symbol)
            for name in component.each:
                self.type_of(component.variables[name])
        for column in self.symbols.columns.values():
            self.column(column)

    def cycles(self, values: Mapping[str, ast.Expr | None], what: str) -> None:
        uses = {
            name: [n.id for n in names_in(value) if n.id in values] if value else []
            for name, value in values.items()
        }
        order, cycles = dependency_order(uses)
        given = {name: value for name, value in values.items() if value is not None}
        for cycle in cycles:
            self.reporter.cycle(
                cycle, given, alone="give it a value that does not depend on itself"
            )
            for name in cycle:
                owner = "<constant>" if what == "constant" else what
                self.known[owner, name] = None
        if what == "constant":
            self.constant_order = order

    # Lookup

    def type_of(self, symbol: Symbol) -> Type | None:
        key = owner_key(symbol)
        if key in self.known:
            return self.known[key]
        if key in self.busy:
            return None
        self.busy.add(key)
        found = self.compute(symbol)
        self.busy.discard(key)
        self.known.setdefault(key, found)
        return self.known[key]

    def correct(self, symbol: Symbol, right: Type) -> None:
        self.known[owner_key(symbol)] = right

    def compute(self, symbol: Symbol) -> Type | None:
        if symbol.kind == "constant" and symbol.value is not None:
            scope = ChainMap(self.symbols.constants, NUMBERS)
            return self.inference.infer(symbol.value, Context(scope, "the constants"))
        if symbol.kind == "column":
            column = self.symbols.columns.get(symbol.name)
            return self.column(column) if column else None
        if symbol.kind == "parameter":
            if symbol.side:
                owner = self.symbols.components.get(symbol.owner)
                return self.type_of(owner.parameters[symbol.name]) if owner else None
            return self.parameter(symbol)
        if symbol.kind == "variable" and symbol.equation is None and symbol.value is not None:
            if isinstance(symbol.node, ast.Assign):
                return self.of_each(symbol)
            return self.plain_weight(symbol)
        return None

    # Parameters

    def model(self, node: ast.Neuron | ast.Rule) -> Component:
        """A placeholder component with the defaults of a neuron or rule."""
        name = f"<{node.name.id}>"
        if name not in self.models:
            kind = "layer" if isinstance(node, ast.Neuron) else "connection"
            component = Component(name, kind, node, "block")  # type: ignore[arg-type]
            if isinstance(node, ast.Neuron):
                component.neuron = node
                for equation in node.equations:
                    component.variables.setdefault(equation.name.id, variable(equation, name))
            else:
                component.rule = node
                component.declare(node)
            for item in node.parameters:
                component.parameters.setdefault(
                    item.name.id,
                    Symbol(item.name.id, "parameter", item, item.value, owner=name),
                )
            self.models[name] = component
            self.cycles({n: s.value for n, s in component.parameters.items()}, name)
        return self.models[name]

    def parameter(self, symbol: Symbol) -> Type | None:
        if symbol.owner in self.models:
            model = self.models[symbol.owner]
            assert symbol.value is not None
            node = model.neuron or model.rule
            assert node is not None
            return self.inference.infer(symbol.value, self.context(model, node))
        component = self.symbols.components[symbol.owner]
        assert isinstance(symbol.node, ast.Assign) and symbol.value is not None
        node = component.model_of(symbol.node)
        default = self.type_of(self.model(node).parameters[symbol.name])
        values = [symbol.value, *(value for _, value in symbol.by_preset)]
        values = [value for value in values if value is not symbol.node.value]
        if not values:
            return default
        if (component.name, "") not in self.known:
            self.known[component.name, ""] = None
            self.cycles({n: s.value for n, s in component.parameters.items()}, component.name)
        # A draw, or values from a file, are allowed here only if a sweep column replaces them.
        context = self.context(component)
        also = (symbol.node.value, f"`{node.name.id}` declares it so")
        for value in values:
            found = self.inference.expect(
                value, context, as_float(default), f"`{symbol.name}`", also
            )
            default = narrow(default, found)
        return default

    def context(self, owner: Component, model: ast.Neuron | ast.Rule | None = None) -> Context:
        """The context of the values of a model's parameters, or of those that are given where it
        is used."""
        if owner.name not in self.contexts:
            self.contexts[owner.name] = Context(
                self.symbols.value_scope(owner),
                f"`{model.name.id if model else owner.name}`",
                draws=model is None,
                data=model is None,
                open_names=self.open_columns,
            )
        return self.contexts[owner.name]

    def of_each(self, symbol: Symbol) -> Type | None:
        """Checks a parameter that differs between neurons or synapses: it must have the unit of
        its default.
        """
        component = self.symbols.components[symbol.owner]
        assert isinstance(symbol.node, ast.Assign) and symbol.value is not None
        node = component.model_of(symbol.node)
        default = as_float(self.type_of(self.model(node).parameters[symbol.name]))
        if symbol.value is not symbol.node.value:
            scope = (
                self.symbols.neuron_scope
                if component.kind == "layer"
                else self.symbols.weight_scope
            )(component)
            context = Context(
                scope, f"`{component.name}`", draws=True, data=True, open_names=self.open_columns
            )
            also = (symbol.node.value, f"`{node.name.id}` declares it so")
            self.inference.expect(symbol.value, context, default, f"`{symbol.name}`", also)
        return default

    def plain_weight(self, symbol: Symbol) -> Type | None:
        """`weight: 0.5 nS` declares `w`."""
        component = self.symbols.components[symbol.owner]
        assert symbol.value is not None
        context = Context(
            self.symbols.weight_scope(component),
            f"`{component.name}`",
            draws=True,
            data=True,
            open_names=self.open_columns,
        )
        found = self.inference.infer(symbol.value, context)
        if found is None or not self.inference.is_number(symbol.value, found, "a weight"):
            return None
        return Type(found.dim)

    def presets(self, rule: ast.Rule) -> None:
        """Checks the values of a rule's presets against its parameters."""
        model = self.model(rule)
        seen: dict[str, ast.Node] = {}
        for preset in rule.presets:
            what = f"the preset `{preset.name.id}`"
            self.reporter.once(seen, preset.name.id, preset.name, what, first="the first one")
            given: dict[str, ast.Node] = {}
            for item in preset.values:
                name = item.name.id
                self.reporter.once(given, name, item.name, f"`{name}`", first="the first one")
                symbol = model.parameters.get(name)
                if symbol is None:
                    self.reporter.error(
                        "NAME003",
                        item.name,
                        f"`{rule.name.id}` has no parameter `{name}`",
                        help=self.reporter.suggest(name, model.parameters, "its parameters"),
                    )
                    continue
                assert isinstance(symbol.node, ast.Assign)
                context = Context(self.symbols.value_scope(model), f"`{rule.name.id}`")
                self.inference.expect(
                    item.value,
                    context,
                    as_float(self.type_of(symbol)),
                    f"`{name}`",
                    (symbol.node.value, "its default"),
                )

    # Columns

    def column(self, column: Column) -> Type | None:
        """The type of a column's values. It is checked against the parameter that the column
        sets.
        """
        key = ("<column>", column.name)
        if key in self.known:
            return self.known[key]
        self.known[key] = None  # a derived column that uses itself has no type
        target = self.target_type(column)
        found = self.column_values(column, target)
        if isinstance(column.node, ast.FromFile):
            found = target
        self.known[key] = found
        return found

    def column_values(self, column: Column, target: Type | None) -> Type | None:
        node, path = column.node, column.path
        what = f"`{path.dotted}`"
        if column.of_presets:
            return None  # names; see experiment.py
        want = as_float(target)
        if isinstance(node, ast.Axis):
            if id(node) in self.sweep_names.derived:
                context = Context(
                    self.sweep_names.scope(column), "`derive`", open_names=self.open_columns
                )
                self.sweep_names.ambiguous(node.value, column)
            else:
                scope = ChainMap(self.symbols.constants, NUMBERS)
                draws = id(node) in self.sweep_names.random_axes
                context = Context(scope, "the sweep", draws=draws, lists=not draws)
            return self.inference.expect(node.value, context, want, what)
        if isinstance(node, ast.Header):
            return self.header(node, want, what)
        return None

    def header(self, node: ast.Header, want: Type | None, what: str) -> Type | None:
        cells = self.sweep_names.cells.get(id(node), [])
        scope = ChainMap(self.symbols.constants, NUMBERS)
        context = Context(scope, "the sweep")
        unit = self.inference.unit(node.unit) if node.unit is not None else None
        if node.unit is not None and unit is None:
            return None
        found: Type | None = None
        whole = True
        for cell in cells:
            kind = self.inference.infer(cell, context)
            if kind is None:
                return None
            if unit is not None and kind.dim.is_none and kind.kind in ("integer", "float"):
                whole = whole and kind.kind == "integer" and unit == FLOAT
                kind = unit
            else:
                whole = whole and kind.kind == "integer"
            expected = want or found or unit
            if expected is not None and not self.inference.fits(
                cell, kind, as_float(expected) or expected, what
            ):
                return None
            found = found or kind
        if found is None:  # the cells are in a file
            found = unit or FLOAT
            if want is not None and not self.head_fits(node, found, want, what):
                return None
        if found is not None and found.kind in ("integer", "float"):
            return found._replace(kind="integer" if whole else "float")
        return found

    def head_fits(self, node: ast.Header, found: Type, want: Type, what: str) -> bool:
        if found.dim == want.dim:
            return True
        self.reporter.error(
            "UNIT002",
            node.unit or node.path,
            f"{what}: expected {describe(want)}, found {describe(found)}",
            help=f"give the column's head its unit: `{node.path.dotted} [{example_unit(want.dim)}]`"
            if node.unit is None
            else "",
        )
        return False

    def target_type(self, column: Column) -> Type | None:
        if column.target is None:
            return None
        owner, name = column.target
        if not owner:
            symbol = self.symbols.constants.get(name)
            return self.type_of(symbol) if symbol else None
        component = self.symbols.components.get(owner)
        if component is None:
            return None
        if name in component.parameters:
            return self.type_of(component.parameters[name])
        if name == "weight" and "w" in component.variables:
            return self.inference.type_of(component.variables["w"])
        return _ATTRIBUTES.get(name)


def as_float(wanted: Type | None) -> Type | None:
    """A parameter with a whole number as its default, such as `wmax = 1`, takes any number."""
    return wanted._replace(kind="float") if wanted and wanted.kind == "integer" else wanted


def narrow(default: Type | None, found: Type | None) -> Type | None:
    """The type of two values: integer only if both are integers."""
    if default is None or found is None:
        return default or found
    return as_float(default) if found.kind == "float" else default

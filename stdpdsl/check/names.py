"""Names that may not be used, or that hide another."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ..language import ast
from ..language.builtins import CONSTANTS, DISTRIBUTIONS, FUNCTIONS, LISTS
from ..language.columns import TAKEN
from ..language.reserved import MOST_LETTERS, RESERVED, is_macro, is_part
from .report import Reporter
from .symbols import Column, Component, Symbols

_OWN = {
    "N": "is the number of neurons of a layer",
    "i": "counts neurons",
    "j": "counts the neurons of the target layer",
    "t": "is the time",
    "dt": "is the time step",
    "lastspike": "is the time of a neuron's last spike",
    "not_refractory": "is what Brian2 notes of each neuron",
    "N_pre": "is the size of the source layer",
    "N_post": "is the size of the target layer",
    "int": "is a function",
}


# Reasons in reserved.py that do not apply to the generated scripts (which access every value by
# name in `variables`), or that apply only to variables of differential equations.
_ATTRIBUTE = "an attribute of Brian2's groups"
_SYMPY = "a name of sympy"


@lru_cache(maxsize=10_000)
def reason(name: str, solved: bool = False) -> str | None:
    """Why a constant, parameter, variable, column or local cannot have a name, or None. `solved`:
    the name is in a `d.../dt`, where Brian2 passes it to sympy."""
    if name in _OWN:
        return _OWN[name]
    if name in ("pre", "post"):
        return "is a side"
    if name == "preset":
        return "is what a sweep calls the presets of a rule"
    if name.startswith("_"):
        return "starts with an underscore, as names inside Brian2 do"
    if name.endswith("_"):
        return "ends with an underscore, as a value without its unit does in Brian2"
    if name.endswith(("_pre", "_post")):
        return "ends like a name of the other side's variables"
    if name == "xi" or name.startswith("xi_"):
        return "is noise"
    if name in FUNCTIONS or name in DISTRIBUTIONS or name in LISTS:
        return "is a function"
    if name in CONSTANTS:
        return "is a number"
    if keyword.iskeyword(name):
        return "is a word of Python"
    taken = RESERVED.get(name, "")
    if taken.startswith(_SYMPY):
        # Measured: `I` is solved correctly, `E` starts at 2.718, the others raise an error.
        if solved and name != "I":
            return "means something else to sympy, which solves the equations"
    elif taken and taken != _ATTRIBUTE:
        return f"is {taken}"
    return "is a macro of C" if is_macro(name) else None


def reason_of_object(name: str) -> str | None:
    """Why a layer, connection, event, phase or measure cannot have a name, or None."""
    if keyword.iskeyword(name):
        return "is a word of Python"
    if name.startswith("_"):
        return "starts with an underscore"
    return None


class Names:
    def __init__(self, symbols: Symbols, reporter: Reporter):
        self.symbols = symbols
        self.reporter = reporter

    def check(self) -> None:
        for name, what in self.declared():
            why = reason(name.id, solved=what == "a solved variable")
            what = what.replace("solved ", "")
            if why is not None:
                self.reporter.error(
                    "NAME008",
                    name,
                    f"{what} cannot be called `{name.id}`, which {why}",
                    help="give it another name",
                )
        for name in self.objects():
            why = reason_of_object(name.id)
            if why is not None:
                self.reporter.error(
                    "NAME008",
                    name,
                    f"nothing can be called `{name.id}`, which {why}",
                    help="give it another name",
                )
        self.spelling()
        self.components()
        self.events()
        self.shadowing()
        self.columns()
        self.states()

    def spelling(self) -> None:
        """Names become parts of file names, and `__` joins those that the compiler makes."""
        seen = set()
        spec = self.symbols.spec
        parts = (spec.model, *spec.declarations)
        written = (name for part in parts if part for name in ast.below(part, ast.Ident))
        of_files = (name for c in self.symbols.columns.values() for name in c.path.parts)
        for node in (*written, *of_files):
            if node.id not in seen:
                seen.add(node.id)
                if len(node.id) > MOST_LETTERS:
                    self.reporter.error(
                        "NAME008",
                        node,
                        f"this name has {len(node.id)} characters, and files are"
                        f" named after it: it can have {MOST_LETTERS}",
                        help="shorten it",
                    )
                elif "__" in node.id.strip("_"):
                    self.reporter.error(
                        "NAME008",
                        node,
                        f"`{node.id}` holds `__`, which only names of the compiler may",
                        help=f"write `{re.sub('_+', '_', node.id)}`",
                    )

    def components(self) -> None:
        """Layers and connections share the namespace of columns and of Brian2's objects."""
        names: dict[str, ast.Ident] = {}
        for component in self.symbols.components.values():
            name = component.node.name
            first = names.setdefault(name.id.lower(), name)
            if first.id != name.id:
                self.reporter.error(
                    "NAME026",
                    name,
                    f"`{name.id}` and `{first.id}` differ in case only, and so"
                    " would columns of the results",
                    labels=((first, "declared here"),),
                    help="give one of them another name",
                )
            if name.id == "constants":
                self.reporter.error(
                    "NAME008",
                    name,
                    "nothing can be called `constants`, which all constants are part of",
                    help="give it another name",
                )
        by_id = {name.id: name for name in names.values()}
        for name in names.values():
            starts = (name.id[: end.start()] for end in re.finditer("_", name.id))
            owners = (by_id[s] for s in starts if s in by_id and is_part(name.id, s))
            owner = next(owners, None)
            if owner is not None:
                self.reporter.error(
                    "NAME008",
                    name,
                    f"`{name.id}` is what Brian2 calls a part of `{owner.id}`",
                    labels=((owner, "declared here"),),
                    help="give it another name",
                )

    def events(self) -> None:
        for neuron in self.symbols.neurons.values():
            for event in neuron.events:
                if event.name.id == "spike":
                    self.reporter.error(
                        "NAME008",
                        event.name,
                        "an event cannot be called `spike`, which is what"
                        " the threshold brings about",
                        help="give it another name",
                    )

    def declared(self) -> Iterator[tuple[ast.Ident, str]]:
        """Check every name that holds a value."""
        for symbol in self.symbols.constants.values():
            if isinstance(symbol.node, ast.Assign):
                yield symbol.node.name, "a constant"
        for model in self.models():
            for parameter in model.parameters:
                yield parameter.name, "a parameter"
            for equation in _equations(model):
                yield equation.name, "a solved variable" if equation.kind == "ode" else "a variable"
            for port in model.ports if isinstance(model, ast.Rule) else ():
                yield port.name, "a port"
        for column in self.symbols.columns.values():
            if column.target is None:
                yield column.path.parts[-1], "a column"

    def models(self) -> list[ast.Neuron | ast.Rule]:
        return [*self.symbols.neurons.values(), *self.symbols.spec.of(ast.Rule)]

    def objects(self) -> Iterator[ast.Ident]:
        for component in self.symbols.components.values():
            yield component.node.name
        for neuron in self.symbols.neurons.values():
            for event in neuron.events:
                yield event.name
        for run in self.symbols.spec.of(ast.Run):
            for phase in run.phases:
                yield phase.name

        for measures in self.symbols.spec.of(ast.Measures):
            for item in measures.items:
                yield item.name

    def shadowing(self) -> None:
        constants = self.symbols.constants
        for model in self.models():
            items: list[ast.Assign | ast.Equation | ast.Port]
            items = [*model.parameters, *_equations(model)]
            items += model.ports if isinstance(model, ast.Rule) else ()
            for item in items:
                hidden = constants.get(item.name.id)
                if hidden is not None and isinstance(hidden.node, ast.Assign):
                    what = {ast.Assign: "parameter", ast.Port: "port"}.get(type(item), "variable")
                    self.reporter.warn(
                        "NAME009",
                        item.name,
                        f"the {what} `{item.name.id}` of"
                        f" `{model.name.id}` hides the constant of that name",
                        labels=((hidden.node.name, "the constant"),),
                        help="give one of them another name",
                    )

    def columns(self) -> None:
        for column in self.symbols.columns.values():
            last = column.path.parts[-1]
            constant = self.symbols.constants.get(last.id)
            dotted = column.target is not None and column.target[0] != ""
            if constant is not None and dotted and isinstance(constant.node, ast.Assign):
                self.reporter.error(
                    "NAME010",
                    column.path,
                    f"`{column.path.dotted}` shares its name with a"
                    " constant that it does not sweep",
                    labels=((constant.node.name, "the constant"),),
                    help="give one of them another name",
                )
        taken: dict[str, Column] = {}
        measured = self.symbols.measured_of if self.symbols.columns else {}
        for column in self.symbols.columns.values():
            self.column(column, taken, measured)

    def column(self, column: Column, taken: dict[str, Column], measured: Mapping[str, str]) -> None:
        """Check that a column's name is unique in each table."""
        name = column.name.lower()
        first = taken.setdefault(name, column)
        owner = measured.get(name)
        why, help = "", "give this column another name"
        labels: tuple[tuple[ast.Node, str], ...] = ()
        if name in TAKEN:
            why = f"`{column.name}` is a column that every result has"
        elif owner is not None:
            why = f"`{column.name}` is what a measure of `{owner}` is called"
        elif first is not column:
            why = f"the columns `{first.name}` and `{column.name}` differ in case only"
            help, labels = "give one of them another name", ((first.path, "the first"),)
        if why:
            self.reporter.error("NAME014", column.path, why, help=help, labels=labels)

    def states(self) -> None:
        """A rule's states become columns of the table of weights, beside the sweep's columns."""
        columns = {c.name: c for c in self.symbols.columns.values()}
        for component in self.symbols.connections:
            if component.unsure:
                continue
            for symbol in component.variables.values():
                if symbol.equation is None:
                    continue
                self.state(symbol.equation.name, component, columns)

    def state(self, name: ast.Ident, component: Component, columns: dict) -> None:
        weight = component.weight
        if reason(name.id) is not None:  # told already
            return
        if name.id in TAKEN and (name.id != "w" or weight != "w"):
            self.reporter.error(
                "NAME014",
                name,
                f"`{name.id}` is a column that the table of weights has",
                help="give this variable another name"
                if name.id != "w" or weight is None
                else f"the weight is `{weight}`: declare `w` first, or give this one another name",
            )
        elif name.id in columns:
            self.reporter.error(
                "NAME014",
                name,
                f"`{name.id}` is a column of the sweep and a variable of `{component.name}`",
                labels=((columns[name.id].path, "the column"),),
                help="give one of them another name",
            )


def _equations(model: ast.Neuron | ast.Rule) -> tuple[ast.Equation, ...]:
    post = model.post_equations if isinstance(model, ast.Rule) else ()
    return (*model.equations, *post)

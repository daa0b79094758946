"""What a column of the sweep sets: a parameter, an attribute, a constant, or nothing."""

from __future__ import annotations

from dataclasses import replace

from ..language import ast
from ..language.columns import column_names
from ..language.diagnostics import did_you_mean
from .report import Reporter
from .symbols import Column, Component, Symbols

# Attributes of a connection or layer, besides its parameters, that a column may set, and what a
# component must have for each.
CONNECTION_ATTRIBUTES = {
    "delay": "",
    "weight": "a `weight:`",
    "preset": "a `plasticity:` whose rule has presets",
    "p": "`pattern: random(p = ...)`",
    "k": "`pattern: fixed_indegree(k)` or `fixed_outdegree(k)`",
}

LAYER_ATTRIBUTES = {"rate": "an input with a rate: `poisson: 15 Hz` or `regular: 20 Hz`"}


def attributes(component: Component) -> list[str]:
    """The attributes that this component has."""
    node = component.node
    if isinstance(node, ast.Layer):
        rated = isinstance(node.source, ast.PoissonInput | ast.RegularInput)
        return ["rate"] if rated else []
    kind = node.pattern.kind.id if node.pattern else ""
    has = {
        "delay": True,
        "weight": node.weight is not None,
        "preset": component.rule is not None and bool(component.rule.presets),
        "p": kind in ("random", "symmetric"),
        "k": kind in ("fixed_indegree", "fixed_outdegree"),
    }
    return [name for name, there in has.items() if there]


class Columns:
    """Adds the columns of a sweep to the symbols."""

    def __init__(self, symbols: Symbols, reporter: Reporter):
        self.symbols, self.reporter = symbols, reporter

    def of_spec(self) -> None:
        """Add the columns in the spec itself; those in file headers are added later."""
        for sweep in self.symbols.spec.of(ast.Sweep):
            self.sweep(sweep)
        for search in self.symbols.spec.of(ast.Search)[:1]:
            self.add([(axis.path, axis) for axis in search.over])
        self.scopes_of_swept_inputs()

    def sweep(self, sweep: ast.Sweep) -> None:
        paths: list[tuple[ast.Path, ast.Node]] = []
        for part in sweep.parts:
            if isinstance(part, ast.Table):
                paths += [(header.path, header) for header in part.headers]
            elif isinstance(part, ast.Grid | ast.Zip | ast.RandomSamples):
                paths += [(axis.path, axis) for axis in part.axes]
        paths += [(axis.path, axis) for axis in sweep.derive]
        self.add(paths)

    def add(self, paths: list[tuple[ast.Path, ast.Node]]) -> None:
        """Also called with the headers of files, once these are known."""
        columns = list(self.symbols.columns.values())
        for path, node in paths:
            columns.append(Column(path.dotted, path, self.target(path), node))
        names = column_names([dotted(c) for c in columns], self.symbols.measured_of)
        taken: dict[str, Column] = {}
        keys: dict[object, Column] = {}
        for column in columns:
            key = column.target or column.path.dotted
            before = keys.get(key)
            if before is not None:
                self.reporter.error(
                    "SWEEP002",
                    column.path,
                    f"`{column.path.dotted}` is swept twice",
                    labels=((before.path, "swept here first"),),
                    help="keep one of them",
                )
                continue
            keys[key] = column
            self.means_one(column)
            name = names[dotted(column)]
            taken[name] = Column(name, column.path, column.target, column.node)
        self.symbols.columns.clear()
        self.symbols.columns.update(taken)
        self.symbols._globals = None
        for column in taken.values():
            if column.of_presets and column.target:
                self.sweep_preset(self.symbols.components.get(column.target[0]))

    def means_one(self, column: Column) -> None:
        """Report whether a column's name means both a parameter and an attribute."""
        owner, name = column.target or ("", "")
        component = self.symbols.components.get(owner)
        if component and name in component.parameters and name in attributes(component):
            self.reporter.error(
                "SWEEP003",
                column.path,
                f"`{owner}.{name}` could be the rule's parameter or the connection's own `{name}`",
                help="give the parameter another name",
            )

    def sweep_preset(self, component: Component | None) -> None:
        """The values of the parameters under each preset."""
        if component is None or component.rule is None or not component.rule.presets:
            return
        assert isinstance(component.node, ast.Connect)
        given = {a.name.id for use in component.node.plasticity for a in use.arguments}
        values = {p.name.id: {v.name.id: v.value for v in p.values} for p in component.rule.presets}
        for name, symbol in component.parameters.items():
            if name in given or not any(name in of_preset for of_preset in values.values()):
                continue
            assert isinstance(symbol.node, ast.Assign)
            default = symbol.node.value
            by_preset = tuple((p, found.get(name, default)) for p, found in values.items())
            component.parameters[name] = replace(symbol, by_preset=by_preset)

    def target(self, path: ast.Path) -> tuple[str, str] | None:
        """What a column sets. An unknown name is a free column."""
        symbols = self.symbols
        names = [part.id for part in path.parts]
        if len(names) == 1:
            name = names[0]
            owners = symbols.owners(name)
            if name in symbols.constants:
                return ("", name)
            if name == "preset" and not owners:
                owners = [c.name for c in symbols.connections if "preset" in attributes(c)]
            if len(owners) > 1:
                listed = ", ".join(f"`{owner}.{name}`" for owner in owners)
                self.reporter.error(
                    "SWEEP003",
                    path,
                    f"`{name}` is a parameter of {len(owners)} components",
                    help=f"say which one: {listed}",
                )
                return (owners[0], name)
            return (owners[0], name) if owners else None
        component = symbols.components.get(names[0])
        if component is None or len(names) > 2:
            self.reporter.unknown(
                path.parts[0], names[0], "layer or connection", symbols.components
            )
            return (names[0], names[-1])
        possible = LAYER_ATTRIBUTES if component.kind == "layer" else CONNECTION_ATTRIBUTES
        there = attributes(component)
        if component.unsure:
            return (names[0], names[1])
        if names[1] not in component.parameters and names[1] not in there:
            candidates = [*component.parameters, *there]
            listed = f"it has: {', '.join(f'`{c}`' for c in candidates)}" if candidates else ""
            missing = names[1] in possible
            self.reporter.error(
                "SWEEP004",
                path.parts[1],
                f"`{names[0]}` has no {'' if missing else 'parameter '}`{names[1]}` to sweep",
                help="its size cannot be swept"
                if names[1] == "size"
                else f"it needs {possible[names[1]]}"
                if missing
                else did_you_mean(names[1], candidates) or listed,
            )
        return (names[0], names[1])

    def scopes_of_swept_inputs(self) -> None:
        """An input layer whose rate uses a swept value has an independent copy in each block."""
        symbols = self.symbols
        swept = {c.name for c in symbols.columns.values() if c.target is None}
        swept |= {c.target[1] for c in symbols.columns.values() if c.target and not c.target[0]}
        for component in symbols.layers:
            node = component.node
            if not isinstance(node, ast.Layer) or node.source is None or node.scope is not None:
                continue
            own = any(c.target == (component.name, "rate") for c in symbols.columns.values())
            if own or uses(symbols, node.source, swept):
                component.scope = "block"
        for component in symbols.connections:
            component.scope = scope_between(component.pre, component.post)


def dotted(column: Column) -> str:
    """The full name of what a column sets: `feedforward.Apre`, or `tau_syn` for a constant."""
    return ".".join(column.target).lstrip(".") if column.target else column.path.dotted


def scope_between(pre: Component | None, post: Component | None) -> str:
    """Synapses exist once if both layers do and the target can be affected by them. Nothing is
    delivered to an input layer, so synapses onto it may be per block."""
    felt = post is not None and isinstance(post.node, ast.Layer) and post.node.source is None
    shared = all(side.scope == "shared" for side in (pre, post) if side)
    return "shared" if shared and felt else "block"


def uses(symbols: Symbols, node: ast.Node, names: set[str]) -> bool:
    """Whether a node uses one of the names, also through constants."""
    seen: set[str] = set()
    stack = [node]
    while stack:
        for name in ast.below(stack.pop(), ast.Name):
            if name.id not in seen:
                seen.add(name.id)
                if name.id in names:
                    return True
                constant = symbols.constants.get(name.id)
                if constant and constant.value:
                    stack.append(constant.value)
    return False

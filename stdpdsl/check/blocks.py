"""Isolation: nothing but its own row influences a block.

What is shared drives every block in the same way. It cannot receive input from a block, nor differ
between blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..language import ast
from .order import dependency_order, names_in
from .report import Reporter
from .symbols import Column, Component, Symbols
from .turns import target_of


class Blocks:
    def __init__(self, symbols: Symbols, reporter: Reporter):
        self.symbols = symbols
        self.reporter = reporter
        self.varying = self.varying_names()

    def check(self) -> None:
        for component in self.symbols.connections:
            self.connection(component)
        for column in self.symbols.columns.values():
            self.column(column)
        self.constants_of_shared()
        self.uniform()

    # Connections

    def connection(self, component: Component) -> None:
        node, pre, post = component.node, component.pre, component.post
        assert isinstance(node, ast.Connect)
        if pre is None or post is None:
            return
        upwards = component.couples
        if upwards and not node.across_blocks:
            self.reporter.error(
                "BLOCK001",
                node.post,
                f"`{pre.name}` has a copy in every block, `{post.name}` is"
                " shared: through it the blocks would influence one another",
                labels=((_scope_spot(pre), "one copy per block"), (_scope_spot(post), "shared")),
                help=f"give `{post.name}` a copy per block (`scope: block`), or say `across"
                " blocks` in this connection if the coupling is intended",
            )
        elif upwards:
            reached = self.reached_from(post)
            listed = ", ".join(f"`{n}`" for n in reached[:6])
            more = f" and {len(reached) - 6} more" if len(reached) > 6 else ""
            self.reporter.warn(
                "BLOCK002",
                node.post,
                f"the blocks are not independent: all of them drive `{post.name}`",
                help=f"depending on every block: {listed}{more}; a block alone will differ",
            )
            self.adds(component, post)
        elif node.across_blocks:
            self.reporter.error(
                "CLAUSE003",
                node.post,
                f"`{node.name.id}` crosses no blocks",
                help="leave out `across blocks`, which is for block -> shared",
            )
        for side, layer in (("pre", pre), ("post", post)):
            if upwards and side == "post":
                continue  # told above
            if layer.scope == "shared" and component.scope == "block" and not node.across_blocks:
                self.writes(component, side, layer)

    def writes(self, component: Component, side: str, layer: Component) -> None:
        """Statements of a connection with a copy per block that change a shared layer."""
        node = component.node
        assert isinstance(node, ast.Connect)
        rule = component.rule
        bodies: list[ast.Handler | ast.Every] = [*(rule.handlers if rule else ()), *node.handlers]
        bodies += node.every
        variables = layer.as_side(side)
        for handler in bodies:
            for statement in handler.body:
                if isinstance(statement, ast.Update) and statement.target.id in variables:
                    self.reporter.error(
                        "BLOCK004",
                        statement.target,
                        f"each block of `{component.name}` would change `{layer.name}`, which"
                        " is shared",
                        labels=((_scope_spot(layer), "shared"),),
                        help=f"give `{layer.name}` a copy per block: `scope: block`",
                    )

    def adds(self, component: Component, layer: Component) -> None:
        """`post equations:` that differ between blocks, in a layer that exists once."""
        rule = component.rule
        own = {
            c.target[1]
            for c in self.symbols.columns.values()
            if c.target and c.target[0] == component.name
        }
        differs = own & {*component.parameters, "preset"} or (rule and self.varying_in([rule]))
        if rule is not None and rule.post_equations and differs:
            self.reporter.error(
                "BLOCK004",
                rule.post_equations[0],
                f"each block of `{component.name}` would add"
                f" this to `{layer.name}`, which is shared",
                labels=((_scope_spot(layer), "shared"),),
                help=f"give `{layer.name}` a copy per block: `scope: block`",
            )

    def reached_from(self, layer: Component) -> list[str]:
        """Everything downstream of a layer, in order of declaration."""
        after: dict[str, list[str]] = {}
        for c in self.symbols.connections:
            if c.pre and c.post:
                for name in (c.pre.name, *(b.layer.id for b in c.bindings.values())):
                    after.setdefault(name, []).extend((c.name, c.post.name))
        seen, stack = {layer.name}, [layer.name]
        while stack:
            for name in after.get(stack.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    stack.append(name)
        return [n for n in self.symbols.components if n in seen]

    # What is swept

    def column(self, column: Column) -> None:
        if column.target is None or not column.target[0]:
            return
        component = self.symbols.components.get(column.target[0])
        if component is None or component.scope != "shared":
            return
        parameter = column.path.parts[-1].id
        self.reporter.error(
            "BLOCK003",
            column.path,
            f"`{parameter}` of `{component.name}` is the same for all"
            " blocks, so it cannot be swept",
            labels=((_scope_spot(component), "shared"),),
            help=_fix(component),
        )

    def varying_names(self) -> dict[str, str]:
        """Free columns and constants whose value differs between blocks -> the column's name."""
        varying = {c.name: c.name for c in self.symbols.columns.values() if c.target is None}
        for column in self.symbols.columns.values():
            if column.target and not column.target[0]:
                varying[column.target[1]] = column.name
        if not varying:
            return {}
        constants = {n: s.value for n, s in self.symbols.constants.items() if s.value}
        uses = {n: [x.id for x in names_in(v) if x.id in constants] for n, v in constants.items()}
        for name in dependency_order(uses)[0]:
            source = next((varying[u] for u in uses[name] if u in varying), None)
            if source is not None:
                varying.setdefault(name, source)
        return varying

    def constants_of_shared(self) -> None:
        """Report a swept constant or a free column that something shared uses."""
        if not self.varying:
            return
        found: dict[str, list[tuple[ast.Node, Component | str]]] = {}
        for component in self.symbols.components.values():
            if component.scope == "shared":
                own = {*component.parameters, *component.variables}
                for name in self.varying_in(_nodes(component)):
                    if name.id not in own:
                        found.setdefault(self.varying[name.id], []).append((name, component))
        for component, node in self.settings():
            if component.scope == "shared":
                for name in self.varying_in([node.value]):
                    found.setdefault(self.varying[name.id], []).append((name, component))
        heard: list[ast.Sound | ast.Filterbank] = [*self.symbols.sounds.values()]
        heard += self.symbols.filterbanks.values()
        for declaration in heard:
            what = f"`{declaration.name.id}`"
            for name in self.varying_in([declaration]):
                found.setdefault(self.varying[name.id], []).append((name, what))
        for column_name, uses in found.items():
            column = self.symbols.columns[column_name]
            owners = list(
                dict.fromkeys(f"`{o.name}`" if isinstance(o, Component) else o for _, o in uses)
            )
            fixes = [_fix(o) for _, o in uses if isinstance(o, Component)]
            self.reporter.error(
                "BLOCK003",
                column.path,
                f"`{column.path.dotted}` cannot be swept:"
                f" {', '.join(owners)} uses it and is the same for all blocks",
                labels=[(node, "used here") for node, _ in uses[:5]],
                help=fixes[0] if fixes else "a sound is heard by all blocks alike",
            )

    def settings(self) -> Iterator[tuple[Component, ast.SetValue]]:
        """`set COMPONENT.PARAMETER = VALUE` of the phases."""
        for run in self.symbols.spec.of(ast.Run):
            for node in (m for phase in run.phases for m in phase.modifiers):
                if isinstance(node, ast.SetValue):
                    target = target_of(self.symbols, node.path)
                    if target is not None:
                        yield target[0], node

    def varying_in(self, nodes: Iterable[ast.Node]) -> list[ast.Name]:
        return [n for node in nodes for n in names_in(node) if n.id in self.varying]

    def uniform(self) -> None:
        """Sizes, time steps, durations and periods must be the same in the whole run."""
        spec = self.symbols.spec
        spots: list[tuple[ast.Node | None, str]] = []
        for layer in spec.of(ast.Layer):
            spots.append((layer.size, "the size of a layer"))
            spots += [(d.every, "the interval of a table's rows") for d in layer.tables]
        for run in spec.of(ast.Run):
            spots += [(run.dt, "`dt`"), (run.seed, "the seed"), (run.duration, "the duration")]
            spots += [(p.duration, "the duration of a phase") for p in run.phases]
            spots += [
                (part.count, "how often phases are repeated")
                for part in run.stretches
                if isinstance(part, ast.Repeated)
            ]
        for record in spec.of(ast.Record):
            for i in record.items:
                if isinstance(i, ast.RecordState):
                    spots.append((i.every, "a recording's interval"))
                spots += [(end, "a recording's time") for end in (i.window.start, i.window.stop)]
        for modifier in (m for r in spec.of(ast.Run) for p in r.phases for m in p.modifiers):
            if isinstance(modifier, ast.Until):
                spots.append((modifier.every, "the time between two checks"))
        for node in (*spec.of(ast.Neuron), *spec.of(ast.Connect)):
            spots += [(e.period, "the period of `every`") for e in node.every]
        for connect in spec.of(ast.Connect):
            if connect.pattern is not None:
                spots.append((connect.pattern.several, "the number of synapses of a pair"))
            for part in (connect.pre_part, connect.post_part):
                ends = (part.start, part.stop) if part is not None else ()
                spots += [
                    (end, "a slice")
                    for end in ends
                    if end is not None
                    and all(name.id in self.symbols.constants for name in names_in(end))
                ]
        for expr, what in spots:
            for name in self.varying_in([expr] if expr is not None else []):
                column = self.symbols.columns[self.varying[name.id]]
                self.reporter.error(
                    "BLOCK005",
                    name,
                    f"{what} is the same in every block, and `{name.id}` is swept",
                    labels=((column.path, "swept here"),),
                    help="make it a constant of its own that is not swept",
                )
        self.periods()

    def periods(self) -> None:
        """`every DT:` with a swept parameter."""
        swept = {c.target for c in self.symbols.columns.values() if c.target and c.target[0]}
        if not swept:
            return
        for component in self.symbols.components.values():
            model = component.neuron
            items = model.every if model else getattr(component.node, "every", ())
            for item in items:
                for name in names_in(item.period):
                    if (component.name, name.id) in swept:
                        self.reporter.error(
                            "BLOCK005",
                            name,
                            "the period of `every` is the same in every block,"
                            f" and `{component.name}.{name.id}` is swept",
                            help="write the period as a number",
                        )


def _scope_spot(component: Component) -> ast.Node:
    node = component.node
    return node.scope if isinstance(node, ast.Layer) and node.scope else node.name


def _nodes(component: Component) -> list[ast.Node]:
    """The nodes in which a component uses names: its own clauses and its model, without the
    sizes."""
    model = component.neuron or component.rule
    node = component.node
    parts: list[ast.Node] = [model] if model else []
    parts += [child for child in ast.children(node) if child is not getattr(node, "size", None)]
    return parts


def _fix(component: Component) -> str:
    if component.kind == "layer":
        return f"give `{component.name}` a copy per block: `scope: block`"
    node = component.node
    assert isinstance(node, ast.Connect)
    return (
        f"`{component.name}` joins shared layers; give `{node.pre.id}` and `{node.post.id}` a copy"
        " per block: `scope: block`"
    )

"""From the checked tree to the experiment: the only crossing.

What cannot be carried out yet is refused here, with its place: nothing is read and ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from . import ast
from .brian2.expressions import Brian2Printer, NumpyPrinter
from .builtins import DISTRIBUTIONS
from .builtins_audio import FILTERS, SOUNDS
from .check import Checked
from .check.symbols import Component, Symbol, unit_type
from .check.traces import degree, event_driven
from .check.values import constant_values
from .diagnostics import CompileError, Diagnostic
from .ir import Audio, Connection, Experiment, Initial, Layer, Monitor, Parameter, Trace
from .numeric import evaluate
from .sweep import SweepTable


class Lowering:
    def __init__(self, checked: Checked, table: SweepTable):
        self.checked, self.table = checked, table
        self.symbols = checked.symbols
        self.constants = constant_values(self.symbols, unswept=False)
        self.problems: list[Diagnostic] = []
        self.by_target = {
            column.target: column.name for column in self.symbols.columns.values() if column.target
        }

    def later(self, node: ast.Node, what: str) -> None:
        self.problems.append(
            Diagnostic("SYN030", node.span, f"{what} cannot be compiled yet",
                       help="this version checks it but does not run it; leave it out")
        )  # fmt: skip

    # Values

    def unit(self, symbol: Symbol) -> str:
        known = self.checked.type_of(symbol)
        return known.dim.unit_name() if known else "1"

    def varies(self, expr: ast.Expr | None, component: Component | None) -> bool:
        if expr is None:
            return False
        scope = self.symbols.value_scope(component)
        for node in ast.walk(expr):
            if isinstance(node, ast.Name) and node.id in scope:
                if self.symbol_varies(scope[node.id], component):
                    return True
        return False

    def symbol_varies(self, symbol: Symbol, component: Component | None) -> bool:
        if symbol.kind == "column" or ("", symbol.name) in self.by_target:
            return True
        if symbol.kind == "parameter":
            owner = self.symbols.components[symbol.owner]
            if (owner.name, symbol.name) in self.by_target:
                return True
            return self.varies(symbol.value, owner)
        return symbol.kind == "constant" and self.varies(symbol.value, None)

    def code(
        self, expr: ast.Expr, component: Component | None, extra: dict[str, str] | None = None,
        index: str = "",
    ) -> str:  # fmt: skip
        """Python code of an expression; with an `index`, one value per element."""
        names = {}
        for name, symbol in self.symbols.value_scope(component).items():
            if symbol.kind == "builtin":
                continue
            text = self.reference(symbol)
            if index and self.symbol_varies(symbol, component):
                text = f"at({text}, {index})"
            names[name] = text
        return NumpyPrinter({**names, **(extra or {})}).show(expr)

    def reference(self, symbol: Symbol) -> str:
        if symbol.kind == "column":
            return f"row[{symbol.name!r}]"
        if symbol.kind == "constant":
            return f"p.constants.{symbol.name}"
        return f"p.{symbol.owner}.{symbol.name}"

    def parameters(self, component: Component | None) -> tuple[Parameter, ...]:
        """In an order in which each uses only those before it."""
        table = component.parameters if component else self.symbols.constants
        owner = component.name if component else ""
        done: dict[str, Parameter] = {}

        def visit(name: str) -> None:
            if name in done:
                return
            symbol = table[name]
            column = self.by_target.get((owner, name))
            if column is None and symbol.value is not None:
                for node in ast.walk(symbol.value):
                    if isinstance(node, ast.Name) and node.id in table:
                        visit(node.id)
                code = self.code(symbol.value, component)
            else:
                code = f"row[{column!r}]"
            done[name] = Parameter(
                name, code, self.symbol_varies(symbol, component), self.unit(symbol)
            )

        for name in table:
            visit(name)
        return tuple(done.values())

    def initial(
        self, name: str, expr: ast.Expr, component: Component, unit: str, index: str,
        extra: dict[str, str], bounds: ast.Bounds | None = None,
    ) -> Initial:  # fmt: skip
        draws: list[tuple[str, str, str]] = []

        def value(node: ast.Expr) -> str:
            if isinstance(node, ast.Call) and node.func.id in DISTRIBUTIONS:
                if node.independent:
                    self.later(node, "`independent per block`")
                distribution = DISTRIBUTIONS[node.func.id]
                given = dict(zip(distribution.arguments, node.args, strict=False))
                given.update({k.name.id: k.value for k in node.kwargs})
                placeholder = f"u{len(draws)}"
                key = f"({component.name!r}, {name!r})"
                if draws:
                    key = f"({component.name!r}, {name!r}, {len(draws)})"
                draws.append((placeholder, distribution.base, key))
                arguments = [f"({value(given[a])})" for a in distribution.arguments]
                return distribution.transform.format(*arguments, u=placeholder)
            if any(isinstance(n, ast.Call) and n.func.id in DISTRIBUTIONS for n in ast.walk(node)):
                if isinstance(node, ast.Binary):
                    return f"({value(node.left)}) {node.op} ({value(node.right)})"
                if isinstance(node, ast.Unary):
                    return f"{node.op}({value(node.operand)})"
                self.later(node, "a draw inside a function")
                return "0.0"
            return self.code(node, component, extra, index)

        code = value(expr)
        low = self.code(bounds.low, component, extra, index) if bounds else None
        high = self.code(bounds.high, component, extra, index) if bounds else None
        return Initial(name, code, unit, tuple(draws), low, high)

    # Brian2 text

    def used(self, nodes: Iterable[ast.Node | None]) -> set[str]:
        return {
            n.id
            for node in nodes
            if node is not None
            for n in ast.walk(node)
            if isinstance(n, ast.Name)
        }

    def split(
        self, names: set[str], component: Component, variables: set[str], rename: dict[str, str]
    ) -> tuple[tuple[Parameter, ...], tuple[Parameter, ...]]:
        """External names of a component's code: those that vary, and the constant ones."""
        scope = self.symbols.value_scope(component)
        varying: list[Parameter] = []
        fixed: list[Parameter] = []
        for name in sorted(names - variables):
            symbol = scope.get(name)
            if symbol is None or symbol.kind == "builtin":
                continue
            varies = self.symbol_varies(symbol, component)
            parameter = Parameter(
                rename.get(name, name), self.reference(symbol), varies, self.unit(symbol)
            )
            (varying if varies else fixed).append(parameter)
        return tuple(varying), tuple(fixed)

    def equation(self, e: ast.Equation, show: Callable[[ast.Expr], str], name: str) -> str:
        kind = [f.name for f in e.unit.factors]
        known = unit_type(e.unit)
        assert known is not None  # the check has refused unknown units
        unit = kind[0] if kind in (["integer"], ["boolean"]) else known.dim.unit_name()
        flags = [" ".join(w.id for w in words) for words in e.flags]
        tail = f" ({', '.join(flags)})" if flags else ""
        if e.kind == "ode":
            assert e.rhs is not None
            return f"d{name}/dt = {show(e.rhs)} : {unit}{tail}"
        if e.kind == "subexpression":
            assert e.rhs is not None
            return f"{name} = {show(e.rhs)} : {unit}{tail}"
        return f"{name} : {unit}{tail}"

    def statements(
        self, body: Iterable[ast.Statement], show: Callable[[ast.Expr], str],
        names: dict[str, str], bounds: dict[str, tuple[str, str]], deliver: list[str],
    ) -> list[str]:  # fmt: skip
        lines: list[str] = []
        for statement in body:
            if isinstance(statement, ast.Deliver):
                lines += deliver
            elif isinstance(statement, ast.Update):
                for n in ast.walk(statement.value):
                    if isinstance(n, ast.Call) and n.func.id in DISTRIBUTIONS:
                        self.later(n, "a draw in a statement")
                target = names.get(statement.target.id, statement.target.id)
                value = show(statement.value)
                if statement.target.id in bounds:
                    low, high = bounds[statement.target.id]
                    if statement.op != "=":
                        value = f"{target} {statement.op[0]} ({value})"
                    lines.append(f"{target} = clip({value}, {low}, {high})")
                else:
                    # A copy: on some targets a bare name would be the same variable.
                    copy = " + 0" if isinstance(statement.value, ast.Name) else ""
                    plain = statement.op == "=" and copy and self.is_local(statement, names)
                    lines.append(f"{target} {statement.op} {value}{copy if plain else ''}")
            else:
                self.later(statement, "`normalise`")
        return lines

    def is_local(self, statement: ast.Update, names: dict[str, str]) -> bool:
        return statement.target.id not in names and not statement.target.id.endswith(
            ("_pre", "_post")
        )

    # Layers

    def size(self, layer: Component) -> int:
        node = layer.node
        assert isinstance(node, ast.Layer)
        if node.size is None:
            return 1
        return int(evaluate(node.size, self.constants))

    def layer(self, layer: Component) -> Layer:
        node = layer.node
        assert isinstance(node, ast.Layer)
        size, shared = self.size(layer), layer.scope == "shared"
        copies = "replicate_of_copy" if shared else "replicate_of_block"
        if node.source is not None:
            spikes = self.source(layer, node.source, size, copies)
            return Layer(layer.name, size, shared, "spikes", spikes=spikes)
        neuron = layer.neuron
        assert neuron is not None
        for items, what in (
            (neuron.events, "a custom event"), (neuron.handlers, "`on EVENT`"),
            (neuron.every, "`every` in a neuron"),
        ):  # fmt: skip
            for item in items:
                self.later(item, what)
        if isinstance(neuron.threshold, ast.Call) and neuron.threshold.func.id == "poisson":
            self.later(neuron.threshold, "`threshold: poisson`")
        if node.drive and not shared:
            self.later(node.drive[0], "a driven layer with `scope: block`")
        variables = {e.name.id for e in neuron.equations}
        names = {"i": f"(i % {size})", "N": str(size)}
        show = Brian2Printer(names, self.checked.types).show
        parts = [
            *neuron.equations, neuron.threshold, neuron.refractory,
            *(s.value for s in neuron.reset if isinstance(s, ast.Update)),
        ]  # fmt: skip
        varying, fixed = self.split(self.used(parts), layer, variables, {})
        if node.drive and varying:
            self.later(node, "a driven layer whose parameters are swept")
        bounds = {
            e.name.id: (show(e.bounds.low), show(e.bounds.high))
            for e in neuron.equations
            if e.bounds
        }
        for e in neuron.equations:
            if e.bounds and e.kind == "ode":
                self.later(e, "bounds of a neuron's differential equation")
        odes = [e for e in neuron.equations if e.kind == "ode"]
        model = [self.equation(e, show, e.name.id) for e in neuron.equations]
        model += [f"{p.name} : {p.unit} (constant)" for p in varying]
        own_names = {v: v for v in variables}
        initial = {a.name.id: a for a in (*neuron.initial, *node.initial)}
        copy_index = "copy"
        extra = {"i": "i", "N": repr(size), **{n: f"values[{n!r}]" for n in initial}}
        return Layer(
            layer.name, size, shared, "driven" if node.drive else "neurons",
            model=tuple(model), odes=tuple(e.name.id for e in odes), varying=varying,
            namespace=fixed,
            threshold=show(neuron.threshold) if neuron.threshold else None,
            reset="\n".join(self.statements(neuron.reset, show, own_names, bounds, [])) or None,
            refractory=show(neuron.refractory) if neuron.refractory else None,
            method=self.method(neuron.method, odes),
            initial=tuple(
                self.initial(n, a.value, layer, self.unit(layer.variables[n]), copy_index, extra)
                for n, a in initial.items()
            ),
            drive=tuple((d.variable.id, d.filterbank.id) for d in node.drive),
        )  # fmt: skip

    def source(self, layer: Component, source: ast.Input, size: int, copies: str) -> str:
        key = f"({layer.name!r}, 'spikes')"
        match source:
            case ast.PoissonInput():
                column = self.by_target.get((layer.name, "rate"))
                if column is not None:
                    return f"poisson_steps({key}, {copies}, {size}, row[{column!r}], steps, DT)"
                if self.used([source.rate]) & {"t", "i"}:
                    code = self.code(source.rate, layer, {"t": "t", "i": "i"}, "copy")
                    return (
                        f"thinned_steps({key}, {copies}, {size},"
                        f" lambda t, i, copy: {code}, steps, DT)"
                    )
                rate = self.code(source.rate, layer)
                return f"poisson_steps({key}, {copies}, {size}, {rate}, steps, DT)"
            case ast.RegularInput():
                rate = self.code(source.rate, layer)
                start = self.code(source.start, layer) if source.start else "0.0"
                stop = self.code(source.stop, layer) if source.stop else "np.inf"
                return f"regular_steps({copies}, {size}, {rate}, {start}, {stop}, steps, DT)"
            case ast.SpikesList():
                neurons = ", ".join(self.code(n, None) for n, _ in source.items)
                times = ", ".join(self.code(t, None) for _, t in source.items)
                return f"listed_steps({copies}, {size}, [{neurons}], [{times}], steps, DT)"
        self.later(source, "an input from a file")
        return ""

    def method(self, given: ast.Ident | None, odes: list[ast.Equation]) -> str | None:
        if given:
            return given.id
        if not odes:
            return None
        names = {e.name.id for e in odes}
        linear = all(e.rhs is not None and degree(e.rhs, names) is not None for e in odes)
        noisy = any("xi" in n for n in self.used([e.rhs for e in odes]))
        return "exact" if linear and not noisy else "euler"

    # Connections

    def connection(self, c: Component, index: int, count: int) -> Connection:
        node = c.node
        assert isinstance(node, ast.Connect) and c.pre and c.post and node.pattern
        for part, what in (
            (node.dendritic_delay, "a dendritic delay"),
            (node.every[0] if node.every else None, "`every` in a connection"),
            (node.delivery[0] if node.delivery and node.delivery[0].continuously else None,
             "`deliver continuously`"),
            (node if node.across_blocks else None, "`across blocks`"),
            (c.rule.presets[0] if c.rule and c.rule.presets else None, "a preset"),
            (c.rule.ports[0] if c.rule and c.rule.ports else None, "a port"),
            (c.rule.post_equations[0] if c.rule and c.rule.post_equations else None,
             "`post equations`"),
        ):  # fmt: skip
            if part is not None:
                self.later(part, what)
        if c.scope == "shared" and self.table.replicates > 1:
            self.later(node, "a shared connection with replicates")
        n_pre, n_post = self.size(c.pre), self.size(c.post)
        index_names = {
            "i": f"(i % {n_pre})", "j": f"(j % {n_post})", "N_pre": str(n_pre), "N_post": str(n_post),  # noqa: E501
        }  # fmt: skip
        equations = c.rule.equations if c.rule else ()
        handlers = [*(c.rule.handlers if c.rule else ()), *node.handlers]
        taken = {n for side in (c.pre, c.post) for n in (*side.variables, *side.parameters)}
        variables = {e.name.id for e in equations} | set(c.variables)
        rename = {n: f"syn_{n}" for n in (*c.parameters, *variables) if n in taken}
        own = {n: rename.get(n, n) for n in variables}
        names = {**index_names, **rename}
        show = Brian2Printer(names, self.checked.types).show
        parts: list[ast.Node | None] = [*equations, *(d.value for d in node.delivery)]
        parts += [s.value for h in handlers for s in h.body if hasattr(s, "value")]
        used = self.used(parts) | ({c.weight} if c.weight else set())
        for name in used:
            if name.endswith(("_pre", "_post")):
                side = c.pre if name.endswith("_pre") else c.post
                if name.rsplit("_", 1)[0] in side.parameters:
                    self.later(node, f"the parameter `{name}` of the other side")
        varying, fixed = self.split(used, c, variables, rename)
        bounds = {
            e.name.id: (show(e.bounds.low), show(e.bounds.high)) for e in equations if e.bounds
        }
        event, traces, model = set(), [], []
        for e in equations:
            if e.kind == "ode" and self.event_driven(e, c, variables):
                event.add(e.name.id)
        for e in equations:
            line = self.equation(e, show, own[e.name.id])
            if e.name.id in event:
                line += " (event-driven)"
                traces.append(self.trace(e, c))
                model.append(line)
                model.append(self.trace_now(e, c, names, own[e.name.id]))
                continue
            if e.kind == "ode":
                line += " (clock-driven)"
                if e.bounds:
                    self.later(e, "bounds of a differential equation")
            model.append(line)
        if node.weight is not None:
            weight_unit = self.expression_unit(node.weight)
            model.append(f"{own['w']} : {weight_unit} (constant)")
        delivery: list[str] = []
        default = [s.value for h in handlers for s in h.body if isinstance(s, ast.Deliver)]
        for d in node.delivery:
            value = d.value or next((v for v in default if v is not None), None)
            text = show(value) if value is not None else own.get("w", "w")
            delivery.append(f"{d.target.id}_post += {text}")
        pre: list[str] = []
        post: list[str] = []
        if not c.rule and delivery:
            pre += delivery
        for handler in handlers:
            if handler.after is not None:
                self.later(handler, "`after`")
            if handler.trigger.id not in ("pre", "post"):
                self.later(handler, f"`on {handler.trigger.id}`")
            lines = self.statements(handler.body, show, own, bounds, delivery)
            (pre if handler.trigger.id == "pre" else post).extend(lines)
        clock = [e for e in equations if e.kind == "ode" and e.name.id not in event]
        method = self.method(c.rule.method if c.rule else None, clock)
        orders = (index, count + index)
        if node.ties and node.ties.id == "post":
            orders = (orders[1], orders[0])
        pair = {"i": "edges.i", "j": "edges.j", "N_pre": repr(n_pre), "N_post": repr(n_post)}
        by_name = {e.name.id: e for e in equations}
        initial = []
        weight_column = self.by_target.get((c.name, "weight"))
        if node.weight is not None:
            if weight_column:
                unit = self.expression_unit(node.weight)
                initial.append(Initial(own["w"], f"row[{weight_column!r}][edges.block]", unit))
            else:
                initial.append(self.initial(
                    own["w"], node.weight, c, self.expression_unit(node.weight), "edges.block", pair
                ))  # fmt: skip
        for assign in node.initial:
            found = by_name.get(assign.name.id)
            initial.append(self.initial(
                own[assign.name.id], assign.value, c, self.unit(c.variables[assign.name.id]),
                "edges.block", pair, found.bounds if found else None,
            ))  # fmt: skip
        delay = None
        delay_column = self.by_target.get((c.name, "delay"))
        if delay_column:
            delay = Initial("delay", f"row[{delay_column!r}][edges.block]", "second")
        elif node.axonal_delay is not None:
            delay = self.initial("delay", node.axonal_delay, c, "second", "edges.block", pair)
        choose, draws = self.pattern(c, node.pattern, n_pre, n_post)
        stored = [own[e.name.id] for e in equations if e.kind != "subexpression"]
        if node.weight is not None:
            stored.append(own["w"])
        weight = own.get(c.weight) if c.weight else None
        weight_bounds = None
        if c.weight in by_name and by_name[c.weight].bounds:
            b = by_name[c.weight].bounds
            assert b is not None
            weight_bounds = (
                self.code(b.low, c, pair, "edges.block"),
                self.code(b.high, c, pair, "edges.block"),
            )
        return Connection(
            c.name, c.pre.name, c.post.name, choose, draws, tuple(model), varying, fixed,
            tuple(pre), tuple(post), orders, method, tuple(initial), delay, weight, tuple(stored),
            tuple(traces), weight_bounds,
        )  # fmt: skip

    def expression_unit(self, expr: ast.Expr) -> str:
        node = expr
        while isinstance(node, ast.Call) and node.func.id in DISTRIBUTIONS and node.args:
            node = node.args[-1]
        known = self.checked.types.get(id(expr)) or self.checked.types.get(id(node))
        return known.dim.unit_name() if known else "1"

    def event_driven(self, e: ast.Equation, c: Component, variables: set[str]) -> bool:
        """Exact event by event: linear in itself, everything else constant between events."""
        return event_driven(e, c, self.symbols)

    def trace(self, e: ast.Equation, c: Component) -> Trace:
        assert e.rhs is not None
        name = e.name.id

        def rate(value: str) -> str:
            return self.code(e.rhs, c, {name: value}, "edges.block")  # type: ignore[arg-type]

        return Trace(name, f"relaxed(values, {rate('0.0')}, {rate('1.0')}, age)")

    def trace_now(self, e: ast.Equation, c: Component, names: dict[str, str], own: str) -> str:
        """The trace at the time at which it is read, for monitors."""
        assert e.rhs is not None
        still = Brian2Printer({**names, e.name.id: "0"}, self.checked.types).show(e.rhs)
        slope = Brian2Printer({**names, e.name.id: "1"}, self.checked.types).show(e.rhs)
        slope = f"(({slope}) - ({still}))"
        line = (
            f"{own}_now = ({own} + ({still})/{slope})*exp({slope}*(t - lastupdate))"
            f" - ({still})/{slope}"
        )
        if isinstance(e.rhs, ast.Binary) and degree_of_constant(e.rhs, e.name.id):
            plain = Brian2Printer({**names, e.name.id: "1"}, self.checked.types).show(e.rhs)
            line = f"{own}_now = {own}*exp(({plain})*(t - lastupdate))"
        symbol = c.variables[e.name.id]
        return f"{line} : {self.unit(symbol)}"

    def pattern(
        self, c: Component, pattern: ast.Pattern, n_pre: int, n_post: int
    ) -> tuple[str, str]:
        if pattern.independent:
            self.later(pattern, "`independent per block`")
        extra = {"i": "i", "j": "j", "N_pre": repr(n_pre), "N_post": repr(n_post)}
        for expr in (pattern.argument, pattern.where):
            if expr is not None and any(
                n.endswith(("_pre", "_post")) and n not in extra for n in self.used([expr])
            ):
                self.later(expr, "a pattern over the layers' variables")
                return "True", ""
        key = f"({c.name!r}, 'pattern')"
        code, draws = "True", ""
        kind = pattern.kind.id
        column = self.by_target.get((c.name, "p")) or self.by_target.get((c.name, "k"))
        if column:
            argument = f"row[{column!r}][block]"
        elif pattern.argument is not None:
            argument = self.code(pattern.argument, c, extra, "block")
        else:
            argument = ""
        match kind:
            case "one_to_one":
                code = "i == j"
            case "random":
                code, draws = f"u.ravel() < {argument}", key
            case "fixed_indegree":
                code, draws = f"lowest(u, {argument}, axis=0)", key
            case "fixed_outdegree":
                code, draws = f"lowest(u, {argument}, axis=1)", key
            case "pairs":
                self.later(pattern, "`pairs from`")
        if pattern.where is not None:
            condition = self.code(pattern.where, c, extra, "block")
            code = condition if code == "True" else f"np.logical_and({code}, {condition})"
        return code, draws

    # Sounds

    def audio(self) -> tuple[tuple[Audio, ...], tuple[Audio, ...]]:
        sounds = []
        for sound in self.symbols.sounds.values():
            assert sound.stimuli is not None
            rate = self.code(sound.samplerate, None) if sound.samplerate else "44100.0"
            maker = SOUNDS[sound.stimuli.func.id]
            given = self.arguments(sound.stimuli)
            extra = {
                "rng": f"stream({sound.name.id!r}, 'stimuli', replicate)", "folder": "data",
                "samplerate": "samplerate",
            }  # fmt: skip
            given += [f"{name}={extra[name]}" for name in maker.given]
            options = [
                f"{name}={self.code(value, None)}"
                for name, value in (
                    ("ramp", sound.ramp), ("gap", sound.gap), ("level", sound.level),
                    ("repeats", sound.repeats),
                )
                if value is not None
            ]  # fmt: skip
            if sound.order and sound.order.id == "shuffled":
                options.append("order='shuffled'")
                options.append(f"rng=stream({sound.name.id!r}, 'order', replicate)")
            sounds.append(Audio(sound.name.id, (
                f"samplerate = {rate}",
                f"stimuli, labels = {maker.name}({', '.join(given)})",
                "return (*sequence(stimuli, labels, samplerate=samplerate"
                + "".join(f", {o}" for o in options) + "), samplerate)",
            )))  # fmt: skip
        banks = []
        for bank in self.symbols.filterbanks.values():
            assert bank.sound is not None
            filters = []
            for call in bank.filters:
                items = ", ".join(self.dictionary(call))
                filters.append(f"({call.func.id}, {{{items}}})")
            output = (
                f"lambda x: {self.code(bank.output, None, {'x': 'x'})}" if bank.output else "None"
            )
            banks.append(Audio(bank.name.id, (
                f"samples, _, samplerate = sounds[{bank.sound.id!r}, replicate]",
                f"return filterbank(samples, samplerate, [{', '.join(filters)}], {output})",
            ), bank.sound.id))  # fmt: skip
        return tuple(sounds), tuple(banks)

    def arguments(self, call: ast.Call) -> list[str]:
        return [self.code(a, None) for a in call.args] + [
            f"{k.name.id}={self.word(k.value)}" for k in call.kwargs
        ]

    def word(self, value: ast.Expr) -> str:
        if isinstance(value, ast.Name) and value.id not in self.symbols.globals:
            return repr(value.id)
        return self.code(value, None)

    def dictionary(self, call: ast.Call) -> list[str]:
        names = [p.name for p in FILTERS[call.func.id].parameters]
        items = [f"{n!r}: {self.word(a)}" for n, a in zip(names, call.args, strict=False)]
        return items + [f"{k.name.id!r}: {self.word(k.value)}" for k in call.kwargs]

    # The whole

    def sweep_lines(self) -> list[str]:
        table = self.table
        lines: list[str] = []
        if table.parts:
            lines.append("row = product(")
            for part in table.parts:
                lines.append(f"    {self.sweep_part(part)},")
            lines.append(")")
        else:
            lines.append("row = {}")

        def names_for(used: dict[str, Any]) -> dict[str, str]:
            names = {n.rsplit(".", 1)[-1]: f"row[{n!r}]" for n in table.columns}
            return {**names, **{n: repr(v) for n, v in used.items()}}

        for name, axis, used in table.derive:
            code = NumpyPrinter(names_for(used)).show(axis.value)
            lines.append(f"row[{name!r}] = {code} + np.zeros({self.rows_before(table)})")
        if table.where is not None:
            code = NumpyPrinter(names_for(table.where_values)).show(table.where)
            lines.append(f"row = where(row, {code})")
        if "replicate" in table.columns:
            lines.append(f"row = replicates(row, {table.replicates})")
        order = ", ".join(repr(n) for n in table.columns)
        lines.append(f"return {{name: row[name] for name in ({order}{',' if order else ''})}}")
        return lines

    def rows_before(self, table: SweepTable) -> int:
        rows = 1
        for part in table.parts:
            rows *= len(next(iter(part.columns.values())))
        return rows

    def sweep_part(self, part: Any) -> str:
        items = []
        random = isinstance(part.source, ast.RandomSamples)
        for name, values in part.columns.items():
            expr = part.axes.get(name)
            if expr is None or random:
                code = "[" + ", ".join(repr(float(v)) for v in values) + "]"
            else:
                code = NumpyPrinter({n: repr(v) for n, v in self.constants.items()}).show(expr)
            items.append(f"{name!r}: {code}")
        return "{" + ", ".join(items) + "}"

    def monitors(self) -> tuple[tuple[str, ...], tuple[Monitor, ...]]:
        spikes: dict[str, None] = {}
        states = []
        for record in self.symbols.spec.of(ast.Record):
            for item in record.items:
                if isinstance(item, ast.RecordSpikes):
                    spikes.update({layer.id: None for layer in item.layers})
                    continue
                component = self.symbols.components[item.component.id]
                variables = []
                for variable in item.variables:
                    e = next((e for e in component.equations if e.name.id == variable.id), None)
                    name = variable.id
                    if component.kind == "connection":
                        sides = (component.pre, component.post)
                        if any(s and name in (*s.variables, *s.parameters) for s in sides):
                            name = f"syn_{name}"
                    elif isinstance(component.node, ast.Layer) and component.node.drive:
                        self.later(variable, "recording a state of a layer at the sound's rate")
                    if e and component.kind == "connection" and e.kind == "ode":
                        if self.event_driven(e, component, set(component.variables)):
                            name = f"{name}_now"
                    variables.append((variable.id, name))
                blocks = None
                if item.blocks is not None:
                    blocks = tuple(int(evaluate(b, self.constants)) for b in item.blocks)
                    if any(not 0 <= b < self.table.rows for b in blocks):
                        self.problems.append(Diagnostic(
                            "NAME001", item.span,
                            f"there is no such block; the sweep has"
                            f" {self.table.rows}, from 0 to {self.table.rows - 1}",
                        ))  # fmt: skip
                every = float(evaluate(item.every, self.constants))
                states.append(
                    Monitor(
                        component.name, component.kind == "layer", tuple(variables), every, blocks
                    )
                )
        return tuple(spikes), tuple(states)

    def experiment(self) -> Experiment:
        symbols, spec = self.symbols, self.symbols.spec
        run: ast.Run = spec.of(ast.Run)[0]
        if run.phases:
            self.later(run.phases[0], "`phases`")
        duration = "0.0"
        if run.duration is not None:
            if isinstance(run.duration, ast.Name) and run.duration.id in symbols.sounds:
                duration = f"sound_length({run.duration.id!r}, sounds)"
            else:
                duration = self.code(run.duration, None)
        sounds, banks = self.audio()
        layers = tuple(self.layer(x) for x in symbols.layers)
        count = len(symbols.connections)
        connections = tuple(self.connection(c, k, count) for k, c in enumerate(symbols.connections))
        for component, layer in zip(symbols.layers, layers, strict=True):
            # One stage has one rate.
            heard = {next(b.sound for b in banks if b.name == name) for _, name in layer.drive}
            if len({next(s.code[0] for s in sounds if s.name == name) for name in heard}) > 1:
                self.later(component.node, "a layer driven by sounds of several sample rates")
        for c in connections:
            post = next(x for x in layers if x.name == c.post)
            if post.kind != "neurons":
                self.later(symbols.components[c.name].node, "a connection onto a replayed layer")
        spikes, monitors = self.monitors()
        if self.problems:
            raise CompileError([*self.checked.diagnostics, *self.problems])
        units = {}
        for column in symbols.columns.values():
            if column.target and column.target[0] in symbols.components:
                symbol = symbols.components[column.target[0]].parameters.get(column.target[1])
                units[column.name] = self.unit(symbol) if symbol else "1"
            elif column.target:
                units[column.name] = self.unit(symbols.constants[column.target[1]])
        return Experiment(
            model=spec.model.id if spec.model else "model", doc=spec.doc.text if spec.doc else "",
            seed=self.table.seed, dt=float(evaluate(run.dt, self.constants)) if run.dt else 1e-4,
            duration=duration, sweep=tuple(self.sweep_lines()), columns=tuple(self.table.columns),
            units=units, rows=self.table.rows, replicates=self.table.replicates,
            constants=self.parameters(None),
            parameters=tuple((c.name, self.parameters(c)) for c in symbols.components.values()),
            sounds=sounds, filterbanks=banks,
            layers=layers, connections=connections, spikes_of=spikes, monitors=monitors,
        )  # fmt: skip


def degree_of_constant(expr: ast.Expr, name: str) -> bool:
    """Whether the expression is `c*x` or `x/c`: a product with no constant term."""
    match expr:
        case ast.Name():
            return expr.id == name
        case ast.Unary():
            return degree_of_constant(expr.operand, name)
        case ast.Binary(op="*"):
            return degree_of_constant(expr.left, name) or degree_of_constant(expr.right, name)
        case ast.Binary(op="/"):
            return degree_of_constant(expr.left, name)
    return False


def lower(checked: Checked, table: SweepTable) -> Experiment:
    """The experiment of a spec that has passed all checks."""
    return Lowering(checked, table).experiment()

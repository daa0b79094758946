"""The tables that papers use to describe a network, after Nordlie, Gewaltig & Plesser (2009),
doi:10.1371/journal.pcbi.1000456, in Markdown or in LaTeX."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..check import Checked
from ..check.symbols import Component
from ..check.values import constant_values
from ..check.values import value as number_of
from ..language import ast
from ..language.builtins import PATTERNS
from ..language.printer import print_node
from ..language.printer.expressions import print_expr, print_unit
from ..library import catalogue
from .formulae import equation, formula, identifier, statement
from .table_formats import Cell, Code, Line, Math, Table


def describe(checked: Checked, blocks: int = 1) -> list[Table]:
    """The tables for a spec without errors, with this number of blocks."""
    spec, symbols = checked.spec, checked.symbols
    layers, connections = symbols.layers, symbols.connections
    neurons = list({id(c.neuron): c.neuron for c in layers if c.neuron}.values())
    rules = list({id(r): r for c in connections for r in c.rules}.values())
    inputs = [c for c in layers if c.neuron is None]
    found = [
        _summary(checked, blocks),
        Table(
            "Populations",
            ("name", "elements", "size", "copies"),
            tuple(_population(c, constant_values(symbols)) for c in layers),
        ),
        Table(
            "Connectivity",
            ("name", "source", "target", "pattern"),
            tuple(_connection(c) for c in connections),
        ),
        *(_neuron(n) for n in neurons),
        *(_rule(r) for r in rules),
        *_inputs(inputs, symbols.sounds, symbols.filterbanks),
        *_sweep(checked),
        *_measurements(spec),
        *_simulation(spec),
    ]
    return [table for table in found if table.rows]


def _row(name: str, *lines: Line) -> tuple[Cell, ...]:
    return (name,), tuple(lines)


def _summary(checked: Checked, blocks: int) -> Table:
    symbols = checked.symbols
    layers = symbols.layers
    kinds = [_words(c) for c in symbols.connections]
    neurons = sorted({c.neuron.name.id for c in layers if c.neuron})
    rules = sorted({r.name.id for c in symbols.connections for r in c.rules})
    inputs = sorted({_source(c)[0] for c in layers if c.neuron is None})
    recorded = [print_node(i) for r in checked.spec.of(ast.Record) for i in r.items]
    rows = [
        _row("Populations", f"{len(layers)}: {', '.join(c.name for c in layers)}"),
        _row("Topology", "none"),
        _row("Connectivity", *dict.fromkeys(kinds)),
        _row("Neuron model", ", ".join(neurons) or "none"),
        _row("Synapse model", *dict.fromkeys(_effect(c) for c in symbols.connections)),
        _row("Plasticity", ", ".join(rules) or "none"),
        _row("Input", ", ".join(inputs) or "none"),
        _row("Measurements", *(Code(text) for text in recorded)),
    ]
    if blocks > 1:
        rows.append(_row("Copies", f"{blocks}, which differ in the parameters of the sweep"))
    return Table("Model summary", (), tuple(r for r in rows if r[1]))


def _population(component: Component, constants: Mapping[str, float]) -> tuple[Cell, ...]:
    node = component.node
    assert isinstance(node, ast.Layer)
    size: Cell = (Math(formula(node.size)),) if node.size is not None else ("",)
    number = number_of(node.size, constants)
    if number is not None and not isinstance(node.size, ast.Number):
        size = (*size, f"= {number:.0f}")
    kind = component.neuron.name.id if component.neuron else _source(component)[0]
    copies = "one per block" if component.scope == "block" else "one"
    given = tuple(_assigned(a) for a in node.arguments)
    return (component.name,), (kind, *given), size, (copies,)


def _words(component: Component) -> str:
    node = component.node
    assert isinstance(node, ast.Connect)
    kind = node.pattern.kind.id if node.pattern else "all_to_all"
    return {
        "all_to_all": "all-to-all",
        "one_to_one": "one-to-one",
        "random": "pairwise Bernoulli",
        "symmetric": "pairwise Bernoulli, both ways",
        "fixed_indegree": "random, fixed in-degree",
        "fixed_outdegree": "random, fixed out-degree",
        "pairs": "given pairs",
    }.get(kind, kind)


def _effect(component: Component) -> str:
    node = component.node
    assert isinstance(node, ast.Connect)
    if any(d.continuously for d in node.delivery):
        return "continuous"
    return "a jump of a variable of the target at each spike"


def _connection(component: Component) -> tuple[Cell, ...]:
    node = component.node
    assert isinstance(node, ast.Connect)
    lines: list[Line] = [_words(component)]
    pattern = node.pattern
    if pattern is not None and pattern.argument is not None:
        letter = PATTERNS.get(pattern.kind.id) or "k"
        lines.append(Math(f"{letter} = {formula(pattern.argument)}"))
    if pattern is not None and pattern.several is not None:
        lines.append(Math(f"n = {formula(pattern.several)}"))
    if pattern is not None and pattern.where is not None:
        lines.append(Math(f"\\mathrm{{where}}\\; {formula(pattern.where)}"))
    if node.across_blocks:
        lines.append("also between blocks")
    if node.weight is not None:
        lines.append(Math(f"w = {formula(node.weight)}"))
    for assign in component.initial.values():
        if component.kind == "connection":
            lines.append(_assigned(assign, at_start=True))
    for delay, word in ((node.axonal_delay, "delay"), (node.dendritic_delay, "dendritic delay")):
        if delay is not None:
            lines.append(Math(f"\\mathrm{{{word.replace(' ', '~')}}} = {formula(delay)}"))
    for delivery in node.delivery:
        target = identifier(delivery.target.id)
        value = formula(delivery.value) if delivery.value is not None else "w"
        sign = (
            f"{target} = \\sum {value}"
            if delivery.continuously
            else f"{target} \\leftarrow {target} + {value}"
        )
        lines.append(Math(sign))
    for use in node.plasticity:
        given = ", ".join(print_node(a) for a in use.arguments)
        preset = f".{use.preset.id}" if use.preset else ""
        lines.append(Code(f"{use.rule.id}{preset}({given})" if given else use.rule.id + preset))
    for handler in node.handlers:
        lines += [f"at each {_trigger(handler)}:", *(Math(statement(s)) for s in handler.body)]
    for every in node.every:
        lines.append(f"every {print_expr(every.period)}:")
        lines += [Math(statement(s)) for s in every.body]
    return (component.name,), (node.pre.id,), (node.post.id,), tuple(lines)


def _trigger(handler: ast.Handler) -> str:
    names = {"pre": "presynaptic spike", "post": "postsynaptic spike"}
    late = f", {print_expr(handler.after)} later" if handler.after is not None else ""
    if handler.side is not None:
        end = "source" if handler.side.id == "pre" else "target"
        return f"event {handler.trigger.id} of the {end}{late}"
    return names.get(handler.trigger.id, f"event {handler.trigger.id}") + late


def _assigned(assign: ast.Assign, at_start: bool = False) -> Line:
    """`tau_m = 20 ms`; values from a file as written."""
    if any(isinstance(node, ast.DataExpr) for node in ast.walk(assign.value)):
        return Code(print_node(assign))
    name = identifier(assign.name.id) + ("(0)" if at_start else "")
    return Math(f"{name} = {formula(assign.value)}")


def _lines_of(equations: tuple[ast.Equation, ...]) -> list[Line]:
    lines: list[Line] = []
    for item in equations:
        if item.rhs is None:
            continue
        text = equation(item)
        if item.bounds is not None:
            low, high = formula(item.bounds.low), formula(item.bounds.high)
            text += f", \\quad {low} \\leq {identifier(item.name.id)} \\leq {high}"
        lines.append(Math(text))
        if any("refractory" in word.id for flag in item.flags for word in flag):
            lines.append("(unless refractory)")
    return lines


def _neuron(node: ast.Neuron) -> Table:
    rows = [_row("Dynamics", *_lines_of(node.equations))]
    if isinstance(node.threshold, ast.Call) and node.threshold.func.id == "poisson":
        rate = Math(formula(node.threshold.args[0]))
        rows.append(_row("Spiking", "at random, with the rate", rate))
    elif node.threshold is not None:
        rows.append(
            _row(
                "Spiking",
                Math(f"\\mathrm{{if}}\\; {formula(node.threshold)}:"),
                *(Math(statement(s)) for s in node.reset),
            )
        )
    if node.refractory is not None:
        rows.append(_row("Refractory", Math(formula(node.refractory))))
    for event in node.events:
        rows.append(_row(f"Event {event.name.id}", Math(formula(event.condition))))
    for handler in node.handlers:
        rows.append(
            _row(f"At each {_trigger(handler)}", *(Math(statement(s)) for s in handler.body))
        )
    for every in node.every:
        rows.append(
            _row(f"Every {print_expr(every.period)}", *(Math(statement(s)) for s in every.body))
        )
    rows.append(_row("Initial values", *(_assigned(a) for a in node.initial)))
    rows.append(_row("Parameters", *(_assigned(a) for a in node.parameters)))
    return Table(f"Neuron model: {node.name.id}", (), tuple(r for r in rows if r[1]))


def _rule(node: ast.Rule) -> Table:
    about = catalogue.entry(node)
    rows = [_row("Title", about.title)] if about.title else []
    if about.paper:
        dois = ", ".join(f"doi:{doi}" for doi in about.dois)
        rows.append(_row("Source", f"{about.paper}; {dois}" if dois else about.paper))
    unbounded = [e for e in node.equations if e.rhs is None and e.bounds is not None]
    bounds: list[Line] = [
        Math(
            f"{formula(e.bounds.low)} \\leq {identifier(e.name.id)} \\leq {formula(e.bounds.high)}"
        )
        for e in unbounded
        if e.bounds is not None
    ]
    rows.append(_row("Each synapse", *bounds, *_lines_of(node.equations)))
    rows.append(_row("Each target neuron", *_lines_of(node.post_equations)))
    rows.append(_row("Since the last event", *(Math(statement(s)) for s in node.advance)))
    for handler in node.handlers:
        rows.append(
            _row(f"At each {_trigger(handler)}", *(Math(statement(s)) for s in handler.body))
        )
    rows.append(_row("At each spike of the target", *(Math(statement(s)) for s in node.post_reset)))
    rows.append(_row("Initial values", *(_assigned(a) for a in node.initial)))
    rows.append(_row("Parameters", *(_assigned(a) for a in node.parameters)))
    return Table(f"Plasticity: {node.name.id}", (), tuple(r for r in rows if r[1]))


def _source(component: Component) -> tuple[str, Cell]:
    """What an input layer is, and its values."""
    source = component.node.source if isinstance(component.node, ast.Layer) else None
    match source:
        case ast.PoissonInput():
            return "Poisson spikes", (Math(f"\\mathrm{{rate}} = {formula(source.rate)}"),)
        case ast.RegularInput():
            lines: list[Line] = [Math(f"\\mathrm{{rate}} = {formula(source.rate)}")]
            if source.start is not None:
                lines.append(Math(f"\\mathrm{{from}}\\; {formula(source.start)}"))
            if source.stop is not None:
                lines.append(Math(f"\\mathrm{{to}}\\; {formula(source.stop)}"))
            return "regular spikes", tuple(lines)
        case ast.SpikesList():
            return "given spikes", (f"{len(source.items)} spikes",)
        case ast.SpikesFile():
            return "given spikes", (Code(source.path.value),)
        case ast.RatesFile() | ast.RatesOfResults():
            return "given rates", tuple(Code(node.path.value) for node in source.sources)
    return "none", ()


def _inputs(
    inputs: list[Component], sounds: dict[str, ast.Sound], banks: dict[str, ast.Filterbank]
) -> Iterator[Table]:
    rows = [((c.name,), (_source(c)[0],), _source(c)[1]) for c in inputs]
    for kind, nodes in (("sound", sounds), ("filterbank", banks)):
        for name, node in nodes.items():
            lines = [line.strip() for line in print_node(node).split("\n")[1:]]
            rows.append(((name,), (kind,), tuple(Code(line) for line in lines)))
    yield Table("Input", ("name", "type", "description"), tuple(rows))


def _sweep(checked: Checked) -> Iterator[Table]:
    rows: list[tuple[Cell, ...]] = []
    for sweep in checked.spec.of(ast.Sweep):
        for part in sweep.parts:
            word = type(part).__name__.lower().replace("randomsamples", "random")
            for axis in getattr(part, "axes", ()):
                rows.append(((axis.path.dotted,), (word,), (Math(formula(axis.value)),)))
            if isinstance(part, ast.Table):
                for k, head in enumerate(part.headers):
                    tail = f" {print_unit(head.unit)}" if head.unit else ""
                    cells = ", ".join(print_expr(row[k]) for row in part.rows)
                    rows.append(((head.path.dotted,), ("table",), (Code(f"{cells}{tail}"),)))
            if isinstance(part, ast.FromFile):
                rows.append((("",), ("file",), (Code(part.path.value),)))
        for axis in sweep.derive:
            rows.append(((axis.path.dotted,), ("derived",), (Math(formula(axis.value)),)))
    for search in checked.spec.of(ast.Search):
        for axis in search.over:
            rows.append(((axis.path.dotted,), ("searched",), (Math(formula(axis.value)),)))
        for goal in search.objectives:
            rows.append((("",), (goal.direction,), (Math(formula(goal.value)),)))
        for condition in search.constraints:
            rows.append((("",), ("subject to",), (Math(formula(condition)),)))
        if search.compare is not None:
            error = search.compare
            beside = f"\\mathrm{{beside}}\\; {identifier(error.observed.id)}"
            rows.append((("",), ("compared",), (Math(formula(error.value)), Math(beside))))
    yield Table("Parameters that vary", ("parameter", "how", "values"), tuple(rows))


def _measurements(spec: ast.Spec) -> Iterator[Table]:
    recorded = [print_node(item) for r in spec.of(ast.Record) for item in r.items]
    rows = [_row("Recorded", *map(Code, recorded))] if recorded else []
    rows += [
        _row(
            item.name.id + (f" of {item.component.id}" if item.component else ""),
            Math(formula(item.value)),
        )
        for m in spec.of(ast.Measures)
        for item in m.items
    ]
    yield Table("Measurements", (), tuple(rows))


def _simulation(spec: ast.Spec) -> Iterator[Table]:
    from .. import __version__

    rows = []
    for run in spec.of(ast.Run):
        for word, value in (("Duration", run.duration), ("Time step", run.dt), ("Seed", run.seed)):
            if value is not None:
                rows.append(_row(word, Math(formula(value))))
        for part in run.stretches:
            repeated = isinstance(part, ast.Repeated)
            words = f", repeated {print_expr(part.count)} times" if repeated else ""
            for phase in part.phases if repeated else (part,):
                rows.append(_row(f"Phase {phase.name.id}{words}", Code(print_node(phase))))
    rows.append(_row("Software", f"stdpdsl {__version__}, Brian2"))
    yield Table("Simulation", (), tuple(rows))

"""What Brian2's targets would silently compute differently.

Measured with Brian2 2.9.0 on numpy and C++ standalone (tests/run/brian2_facts.py). numpy runs one
statement for all synapses, then the next statement; compiled targets run all statements for one
synapse, then for the next synapse. If several synapses change one variable of a neuron, the two
orders may give different results. Brian2 detects many such cases and then makes numpy loop too;
those that it does not detect are refused here. Code that numpy runs in the script itself (sweeps,
patterns, initial values) is the same for all targets, so it is not restricted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ...language import ast
from ...language.printer.expressions import print_expr
from ..kept import Checks
from ..order import names_in
from ..report import Reporter
from ..symbols import Component, Scope, Symbols
from ..types.infer import Inference

_KIND = {"=": "set", "+=": "added to", "-=": "added to", "*=": "scaled", "/=": "scaled"}


def check_hazards(
    symbols: Symbols, inference: Inference, reporter: Reporter, checks: Checks
) -> None:
    for component in symbols.connections:
        check = partial(_all_orders, component, symbols, reporter)
        checks.step("hazards", component, check)
    for expr in _run_by_brian2(symbols):
        for node in ast.below(expr, ast.Binary):
            if node.op in ("%", "//"):
                _remainder(node, inference, reporter)


def _all_orders(component: Component, symbols: Symbols, reporter: Reporter) -> None:
    assert isinstance(component.node, ast.Connect)
    pattern = component.node.pattern
    if pattern is not None and pattern.kind.id == "one_to_one":
        return  # with one synapse per neuron there is only one order
    scope = symbols.synapse_scope(component)
    for body in _bodies(component):
        _orders(body, component, scope, reporter)


def _bodies(component: Component) -> Iterator[tuple[ast.Statement, ...]]:
    """Blocks of statements that run once per synapse."""
    for holder in (component.rule, component.node):
        for part in (*getattr(holder, "handlers", ()), *getattr(holder, "every", ())):
            yield part.body


def _run_by_brian2(symbols: Symbols) -> Iterator[ast.Node]:
    """Everything that becomes Brian2 code: models, and what connections do at events."""
    for model in (*symbols.spec.of(ast.Neuron), *symbols.spec.of(ast.Rule)):
        yield from (e.rhs for e in model.equations if e.rhs is not None)
        yield from model.handlers
        if isinstance(model, ast.Neuron):
            yield from (x for x in (model.threshold, model.refractory) if x is not None)
            yield from (*model.reset, *model.every, *model.events)
    for connect in symbols.spec.of(ast.Connect):
        yield from (*connect.handlers, *connect.every, *connect.delivery)


def _orders(
    body: tuple[ast.Statement, ...], component: Component, scope: Scope, reporter: Reporter
) -> None:
    """Report a neuron's variable that is changed in two ways, or read after it was changed."""
    changed: dict[str, tuple[str, ast.Statement]] = {}  # the last change of each variable
    for statement in body:
        for name, op, value in _changes(statement, component):
            for read in names_in(value) if value is not None else ():
                kind, earlier = changed.get(read.id, ("set", statement))
                # Brian2 detects `v_post = ... v_post ...`, and a value that is set before.
                if kind != "set" and not (op == "=" and read.id == name):
                    _read_later(read, earlier, reporter)
            symbol = scope.get(name)
            if symbol is None or not symbol.side:
                continue
            kind, earlier = changed.get(name, (_KIND[op], statement))
            if op != "=" and kind != _KIND[op]:
                _two_ways(name, earlier, statement, reporter)
            changed[name] = _KIND[op], statement


def _changes(
    statement: ast.Statement, component: Component
) -> Iterator[tuple[str, str, ast.Expr | None]]:
    """Name, operator and value. A delivery is added to its target."""
    if isinstance(statement, ast.Update):
        yield statement.target.id, statement.op, statement.value
    elif isinstance(statement, ast.Deliver) and isinstance(component.node, ast.Connect):
        for delivery in component.node.delivery:
            if not delivery.continuously:
                yield f"{delivery.target.id}_post", "+=", delivery.value or statement.value


def _two_ways(name: str, earlier: ast.Statement, later: ast.Statement, reporter: Reporter) -> None:
    help = "put both into one statement"
    if isinstance(earlier, ast.Update) and isinstance(later, ast.Update):
        value = earlier.value
        if earlier.op != "=":
            value = _applied(earlier, ast.Name(name, span=earlier.target.span))
        help = f"write one statement: `{name} = {print_expr(_applied(later, value))}`"
    ops = [_KIND[s.op] if isinstance(s, ast.Update) else "added to" for s in (earlier, later)]
    reporter.error(
        "TARGET001",
        _spot(later),
        f"`{name}` is first {ops[0]}, then {ops[1]}: with several spikes"
        " in one step, the targets of Brian2 would differ",
        f"{ops[1]} here",
        labels=((_spot(earlier), f"{ops[0]} here"),),
        help=help,
    )


def _applied(statement: ast.Update, to: ast.Expr) -> ast.Expr:
    """`x += a` as `x + a`."""
    return ast.Binary(statement.op[0], to, statement.value, span=statement.span)


def _read_later(read: ast.Name, earlier: ast.Statement, reporter: Reporter) -> None:
    delivers = isinstance(earlier, ast.Deliver)
    reporter.error(
        "TARGET001",
        read,
        f"`{read.id}` is read after it was changed: with several spikes in one"
        " step, the targets of Brian2 would differ",
        labels=((_spot(earlier), "changed here"),),
        help="move `deliver` below this statement"
        if delivers
        else "read it above, before it changes",
    )


def _spot(statement: ast.Statement) -> ast.Node:
    return statement.target if isinstance(statement, ast.Update) else statement


def _remainder(node: ast.Binary, inference: Inference, reporter: Reporter) -> None:
    """numpy rounds 1.0 % 0.1 to 0.1, C++ to 0."""
    kinds = [inference.types.get(id(side)) for side in (node.left, node.right)]
    if not any(kind is not None and kind.kind == "float" for kind in kinds):
        return
    x, y = node.left, node.right
    quotient = ast.Binary("/", x, y, span=node.span)
    whole: ast.Expr = ast.Call(ast.Ident("floor", span=node.span), (quotient,), span=node.span)
    if node.op == "%":
        multiple = ast.Binary("*", y, whole, span=node.span)
        whole = ast.Binary("-", x, multiple, span=node.span)
    reporter.error(
        "TARGET002",
        node,
        f"the targets of Brian2 round `{node.op}` of fractions differently",
        help=f"write `{print_expr(whole)}`; whole numbers may take `{node.op}`",
    )

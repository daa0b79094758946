"""Checks blocks of statements: targets, local variables, units, and where a statement is
allowed.
"""

from __future__ import annotations

from ...dataclass import dataclass
from ...language import ast
from ...language.source import Span
from ...language.units import NONE
from ..names import reason
from ..order import names_in
from ..symbols import FLOAT, Component, Scope, Symbol, Type
from .context import Context
from .infer import Inference
from .messages import READ_TOO_EARLY, describe


@dataclass(frozen=True)
class Place:
    """The owner of a block, and what the block may contain besides updates."""

    component: Component
    deliver: bool = False
    normalise: bool = False
    draws: bool = True  # random draws in assignments


def check_block(
    inference: Inference, body: tuple[ast.Statement, ...], context: Context, place: Place
) -> list[tuple[ast.Deliver, Type | None]]:
    """Checks one block; returns what its `deliver` statements deliver by default."""
    new = locals_of(body, context)
    known: dict[str, Type | None] = {}
    read: set[str] = set()
    delivered: list[tuple[ast.Deliver, Type | None]] = []
    for statement in body:
        later = frozenset(n for n in new if n not in known)
        here = context.but(locals=known, later=later, draws=False)
        if isinstance(statement, ast.Update):
            read.update(n.id for n in names_in(statement.value))
            update(inference, statement, here.but(draws=place.draws), known)
        elif isinstance(statement, ast.Deliver):
            if not place.deliver:
                misplaced(inference, statement, "deliver", "in `on pre:` of a rule")
            value = statement.value
            if value is not None:
                read.update(n.id for n in names_in(value))
            delivered.append((statement, inference.infer(value, here) if value else None))
        elif isinstance(statement, ast.Normalise):
            if not place.normalise:
                misplaced(inference, statement, "normalise", "in `every` of a connection")
            else:
                normalise(inference, statement, here, place.component)
    for name, node in new.items():
        side = next((s for s in ("post", "pre") if f"{name}_{s}" in context.scope), "")
        if name not in read and side:
            inference.reporter.error(
                "NAME016",
                node,
                f"`{name}` is a new local variable that is never read",
                help=f"the variable of the {side} layer is `{name}_{side}`",
            )
        elif name not in read:
            inference.reporter.warn(
                "NAME016",
                node,
                f"`{name}` is assigned and never read",
                help=unread_help(inference, name, context),
            )
    return delivered


def locals_of(body: tuple[ast.Statement, ...], context: Context) -> dict[str, ast.Ident]:
    """Undeclared names on the left of `=`."""
    found: dict[str, ast.Ident] = {}
    for statement in body:
        if isinstance(statement, ast.Update) and statement.op == "=":
            name = statement.target.id
            if name not in context.scope and not name.endswith(("_pre", "_post")):
                found.setdefault(name, statement.target)
    return found


def unread_help(inference: Inference, name: str, context: Context) -> str:
    variables = [n for n, s in context.scope.items() if s.kind == "variable"]
    near = inference.reporter.suggest(name, variables, "")
    return near if near.startswith("did") else "read it on a line below, or leave it out"


def update(
    inference: Inference, statement: ast.Update, context: Context, known: dict[str, Type | None]
) -> None:
    target, op = statement.target, statement.op
    backwards(inference, statement)
    symbol = context.scope.get(target.id)
    if symbol is None:
        local(inference, statement, context, known)
        return
    if not assignable(inference, target, symbol):
        inference.infer(statement.value, context)
        return
    wanted = inference.type_of(symbol)
    operation(inference, statement, context, wanted)
    if op == "=" and is_shared(symbol):
        shared_reads(inference, statement, context.scope)


def backwards(inference: Inference, statement: ast.Update) -> None:
    """Warns about `w =- x`, which sets `w`, in place of `w -= x`. `v =-70 mV` counts as a
    matter of style.
    """
    value = statement.value
    while isinstance(value, ast.Binary):  # the sign may stand before a sum
        value = value.left
    if statement.op != "=" or not isinstance(value, ast.Unary) or value.op not in "+-":
        return
    text = value.span.source.text
    start = value.span.start
    if text[start - 1] == "=" and text[start - 2].isspace() and text[start + 1].isspace():
        inference.reporter.warn(
            "RUN013",
            Span(value.span.source, start - 1, start + 1),
            f"`={value.op}` sets `{statement.target.id}` to a new value and does not change"
            " it by an amount",
            help=f"write `{value.op}=`, or `= {value.op}` if that is intended",
        )


def local(
    inference: Inference, statement: ast.Update, context: Context, known: dict[str, Type | None]
) -> None:
    name = statement.target.id
    if name.endswith(("_pre", "_post")):
        if not context.sides_unknown:
            base, _, side = name.rpartition("_")
            inference.no_side_variable(statement.target, base, side, context)
        inference.infer(statement.value, context)
        return
    if statement.op == "=":
        if name in known:
            inference.expect(statement.value, context, known[name], f"`{name}`")
        else:
            found = inference.infer(statement.value, context)
            known[name] = found
            why = reason(name)
            if why is not None:
                inference.reporter.error(
                    "NAME008",
                    statement.target,
                    f"a local variable cannot be named `{name}`, which {why}",
                    help="give it another name",
                )
        return
    if name in known:
        operation(inference, statement, context, known[name])
        return
    inference.infer(statement.value, context)
    if name in context.later:
        inference.reporter.error(
            "NAME005",
            statement.target,
            f"`{name}` is read before it is assigned",
            help=READ_TOO_EARLY,
        )
        return
    here = [n for n, s in context.scope.items() if s.kind == "variable"]
    inference.reporter.error(
        "NAME006",
        statement.target,
        f"`{name} {statement.op}` changes a name that is not declared in {context.where}",
        help=context.hints.get(name) or inference.reporter.suggest(name, here, "its variables"),
    )


def operation(
    inference: Inference, statement: ast.Update, context: Context, wanted: Type | None
) -> None:
    """The value's unit against the target's."""
    name, op = statement.target.id, statement.op
    if op in ("=", "+=", "-="):
        if op != "=" and wanted is not None and wanted.kind == "boolean":
            inference.infer(statement.value, context)
            inference.reporter.error(
                "TYPE003",
                statement.target,
                f"`{op}` needs a number, but `{name}` is a condition",
                help="assign it with `=`",
            )
            return
        inference.expect(
            statement.value,
            context,
            wanted,
            f"`{name}`",
            (statement.target, describe(wanted)) if wanted else None,
        )
        return
    whole = wanted is not None and wanted.kind == "integer"
    factor = Type(NONE, "integer") if whole and op == "*=" else FLOAT
    inference.expect(statement.value, context, factor, f"the factor of `{name} {op}`")
    if whole and op == "/=":
        inference.reporter.error(
            "TYPE004",
            statement.target,
            f"`{name}` is a whole number, but `/=` may give a fraction",
            help=f"write `{name} = {name} // ...`",
        )


def assignable(inference: Inference, target: ast.Ident, symbol: Symbol) -> bool:
    """Only state variables can be assigned."""
    labels: tuple[tuple[ast.Node, str], ...] = ()
    help = ""
    if symbol.kind == "variable" and isinstance(symbol.node, ast.Assign):
        what = "is a parameter and cannot be assigned"
        labels = ((symbol.node.name, "declared here"),)
        help = f"declare a variable under `equations:`, such as `{symbol.name}_now : 1`"
    elif symbol.kind == "variable":
        equation = symbol.equation
        if equation is None or equation.kind != "subexpression":
            if equation is not None and ("constant",) in flag_words(equation):
                what, help = "is declared constant", "leave out `(constant)` where it is declared"
                labels = ((equation.name, "declared here"),)
            else:
                return True
        else:
            what = "is computed from other variables and cannot be assigned"
            labels = ((equation.name, "its expression"),)
            help = "assign the variables from which it is computed"
    elif symbol.kind == "builtin":
        what = "cannot be assigned"
    else:
        named = "a column of the sweep" if symbol.kind == "column" else f"a {symbol.kind}"
        what = f"is {named} and cannot be assigned"
        if symbol.kind == "parameter":
            help = f"declare a variable under `equations:`, such as `{symbol.name}_now : 1`"
        if isinstance(symbol.node, ast.Assign):
            labels = ((symbol.node.name, "declared here"),)
    inference.reporter.error("NAME007", target, f"`{target.id}` {what}", help=help, labels=labels)
    return False


def flag_words(equation: ast.Equation) -> set[tuple[str, ...]]:
    return {tuple(word.id for word in flag) for flag in equation.flags}


def is_shared(symbol: Symbol) -> bool:
    return symbol.equation is not None and ("shared",) in flag_words(symbol.equation)


def shared_reads(inference: Inference, statement: ast.Update, scope: Scope) -> None:
    """A value per layer cannot be computed from values that differ between neurons."""
    for name in names_in(statement.value):
        symbol = scope.get(name.id)
        if symbol is None:
            continue
        varies = (symbol.kind == "variable" and not is_shared(symbol)) or (
            symbol.kind == "builtin" and symbol.name in ("i", "j", "lastspike")
        )
        if varies:
            inference.reporter.error(
                "TYPE014",
                name,
                f"`{statement.target.id}` is one value for the layer, but `{name.id}` has one"
                " per neuron",
                help=f"leave out `(shared)` where `{statement.target.id}` is declared",
            )


def misplaced(inference: Inference, node: ast.Node, word: str, place: str) -> None:
    inference.reporter.error(
        "TYPE010", node, f"`{word}` is not allowed here", help=f"it is allowed {place}"
    )


def normalise(
    inference: Inference, statement: ast.Normalise, context: Context, component: Component
) -> None:
    name = statement.variable.id
    symbol = component.variables.get(name)
    if symbol is None and component.unsure:
        return
    if symbol is None:
        inference.reporter.error(
            "NAME011",
            statement.variable,
            f"`{component.name}` has no variable `{name}`",
            help=inference.reporter.suggest(name, component.variables, "it has")
            or "normalising needs `weight:` or `plasticity:`",
        )
    elif assignable(inference, statement.variable, symbol):
        inference.expect(
            statement.total,
            context,
            inference.type_of(symbol),
            f"the sum of `{name}`",
        )
        for used in names_in(statement.total):
            known = context.scope.get(used.id)
            if known is not None and (known.kind in ("variable", "port") or known.side):
                inference.reporter.error(
                    "TYPE014",
                    used,
                    f"the sum is one number per neuron, but `{used.id}`"
                    " differs between synapses, or changes during the run",
                    help="write a number, a constant or a parameter that all synapses share",
                )
    if statement.side.id not in ("pre", "post"):
        inference.reporter.error(
            "NAME015",
            statement.side,
            f"there is no side `{statement.side.id}`",
            help="write `per post` or `per pre`",
        )

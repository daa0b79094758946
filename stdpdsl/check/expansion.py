"""Names that stand for other names: how deep the chain is, and how long a formula becomes.

Later passes recurse along such chains, and Brian2 writes computed variables out at each use. Each
of them may double the formula, so a few lines could need more memory than there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..language import ast
from .order import dependency_order, names_in
from .report import Reporter
from .symbols import Symbols

MAX_NESTING = 200  # operations, with every name written out
MAX_TERMS = 10_000  # names and numbers in a formula, likewise
_LINK = 3  # calls that each name adds to those of its operations
_HELP = "store a part of it in a variable of its own, or write it more simply"

Definitions = Mapping[str, ast.Expr]


def check_expansion(symbols: Symbols, reporter: Reporter) -> None:
    """Errors for what later passes could not handle."""
    spec = symbols.spec
    components = symbols.components.values()
    models = {id(m): m for c in components for m in (c.neuron, *c.rules) if m is not None}
    models |= {id(m): m for m in (*spec.of(ast.Neuron), *spec.of(ast.Rule))}
    found = [problem for model in models.values() for problem in _of_model(model)]
    for component in components:
        given = {n: s.value for n, s in component.parameters.items()}
        found += _problems({n: v for n, v in given.items() if v is not None})
    for sweep in spec.of(ast.Sweep):
        found += _problems({a.path.parts[-1].id: a.value for a in sweep.derive})
    for expr, message in found:
        reporter.error("COST007", expr, message, help=_HELP)


@ast.found_once
def _of_model(model: ast.Neuron | ast.Rule) -> tuple[tuple[ast.Expr, str], ...]:
    parameters = {a.name.id: a.value for a in model.parameters}
    return (*_problems(parameters), *_problems(_formulas(model), written_out=True))


def _formulas(model: ast.Neuron | ast.Rule) -> dict[str, ast.Expr]:
    """The right sides of computed variables, by name. Other equations use a differential variable
    as a value, so its right side has no name."""
    post = model.post_equations if isinstance(model, ast.Rule) else ()
    return {
        e.name.id if e.kind == "subexpression" else f"d{e.name.id}/dt": e.rhs
        for e in (*model.equations, *post)
        if e.rhs is not None
    }


def _problems(known: Definitions, written_out: bool = False) -> Iterator[tuple[ast.Expr, str]]:
    """The first definitions beyond a limit, not those that use them."""
    uses = {name: [n.id for n in names_in(expr)] for name, expr in known.items()}
    nesting: dict[str, int] = {}
    terms: dict[str, int] = {}
    for name in dependency_order(uses)[0]:
        used = [n for n in uses[name] if n in known]
        if not all(n in terms for n in used):
            continue
        deep = ast.depth(known[name]) + _LINK + max((nesting[n] for n in used), default=0)
        long = ast.leaves(known[name]) + sum(terms[n] - 1 for n in used)
        if deep > MAX_NESTING and used:
            yield known[name], f"with its names written out, `{name}` nests too deeply"
        elif long > MAX_TERMS and written_out:
            yield (
                known[name],
                f"with its names written out, `{name}` has {long:,} terms, more than {MAX_TERMS:,}",
            )
        else:
            nesting[name], terms[name] = deep, long

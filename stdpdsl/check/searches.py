"""A search or a fit: its clauses, the units of its objectives, and its axes."""

from __future__ import annotations

import math
from collections import ChainMap

from ..language import ast
from ..language.diagnostics import did_you_mean
from ..language.draws import arguments_of
from ..language.refined import METHOD, refined_of
from .measures import measured
from .search_plan import INFERENCES, METHODS, NPE, OWN_COLUMNS, plan_of, watched
from .symbols import BOOLEAN, NUMBERS, TIME, Type
from .types.context import Context
from .types.models import Models
from .values import constant_values, value

SEVERAL = ("nsga2", "tpe", "random", "sobol", "grid")
"""Methods that accept several objectives."""

REASONS = ("silent", "saturated")
"""Why `stop trials:` may end a trial. Values that are not finite always end it."""
COMPARISONS = ("<", "<=", ">", ">=")

_LEAST = {"trials": 1, "batch": 1, "seed": 0, "stop": 1}
_UNSUITED = ("bernoulli", "binomial")
_BOUNDED = ("uniform", "loguniform", "integers")


class Searches:
    """Checks the search of a spec, after its measures."""

    def __init__(self, models: Models):
        self.models, self.symbols = models, models.symbols
        self.inference, self.reporter = models.inference, models.reporter
        self.constants = constant_values(self.symbols)

    def check(self) -> None:
        spec = self.symbols.spec
        refined = refined_of(spec)
        first, *others = [*([refined] if refined else []), *spec.of(ast.Search)] or [None]
        if first is None:
            return
        for other in others:
            self.reporter.error(
                "SEARCH001",
                other,
                "a spec has one search, fit or inference",
                labels=((first, "the first"),),
                help="keep one of them",
            )
        self.clauses(first)
        self.columns()
        for axis in () if first is refined else first.over:
            self.axis(axis)
        if first is refined:
            self.grid(refined)
        else:
            self.method(first)
        self.counts(first)
        self.objectives(first)
        if first.early is not None:
            self.early(first, first.early)

    def early(self, search: ast.Search, early: ast.Early) -> None:
        """`stop trials:`"""
        seen: set[str] = set()
        for reason in early.reasons:
            if reason.id not in REASONS:
                self.reporter.error(
                    "SEARCH008",
                    reason,
                    f"trials do not end because they are `{reason.id}`",
                    help=did_you_mean(reason.id, REASONS) or "they end `silent` or `saturated`",
                )
            elif reason.id in seen:
                self.reporter.error(
                    "SEARCH008", reason, f"`{reason.id}` is given twice", help="give it once"
                )
            seen.add(reason.id)
        context = Context(ChainMap(self.symbols.constants, NUMBERS), "the constants")
        timed = self.inference.expect(early.after, context, TIME, "`after`")
        run = next(iter(self.symbols.spec.of(ast.Run)), None)
        if run is not None and run.phases:
            self.reporter.error(
                "SEARCH008",
                early,
                "trials end early only in a run without phases",
                labels=((run.phases[0], "the first phase"),),
                help="leave `stop trials:` out, or give the run a `duration:` instead of phases",
            )
        elif timed and (at := value(early.after, self.constants)) is not None:
            whole = value(run.duration, self.constants) if run and run.duration else None
            if not 0 < at < (math.inf if whole is None else whole):
                self.reporter.error(
                    "SEARCH008",
                    early.after,
                    f"this is not within the run: {at:g} s"
                    + ("" if whole is None else f" of {whole:g} s"),
                    help="take a time above 0 and below the duration of the run",
                )
        if (search.objectives or search.compare) and not watched(search, self.symbols):
            self.reporter.error(
                "SEARCH008",
                early,
                "no objective or constraint is on a layer of neurons, so none"
                " can be silent or saturated",
                help="leave `stop trials:` out, or measure a layer that has a `neuron:`",
            )

    def clauses(self, search: ast.Search) -> None:
        fit = isinstance(search, ast.Fit | ast.Infer)
        missing = [] if search.over else ["`over:`, the axes of the space"]
        if fit:
            missing += [] if search.data else ['`data: from "FILE"`']
            missing += [] if search.compare else ["`compare: FORMULA to COLUMN`"]
        elif not search.objectives:
            missing.append("`minimise:` or `maximise:`")
        if missing:
            word = type(search).__name__.lower()
            self.reporter.error(
                "SEARCH002",
                search,
                f"this {word} has no {' and no '.join(missing)}",
                help="add it" if len(missing) == 1 else "add them",
            )

    def columns(self) -> None:
        for column in self.symbols.columns.values():
            if column.name.lower() in OWN_COLUMNS:
                self.reporter.error(
                    "NAME014",
                    column.path,
                    f"`{column.name}` is a column that a search writes",
                    help="give this column another name",
                )

    def axis(self, axis: ast.Axis) -> None:
        call = axis.value
        if not isinstance(call, ast.Call):
            return  # reported when the sweep is evaluated
        if call.func.id in _UNSUITED:
            self.reporter.error(
                "SWEEP010",
                call,
                f"`{axis.path.dotted}` cannot be searched by `{call.func.id}`",
                help="search the number itself: `uniform(low, high)` or `integers(low, high)`",
            )
            return
        if call.func.id not in _BOUNDED:
            return
        given = arguments_of(call)
        ends = [value(given[n], self.constants) if n in given else None for n in ("low", "high")]
        low, high = ends
        if low is None or high is None:
            return  # reported by the units' check
        if low >= high:
            self.reporter.error(
                "SEARCH004",
                call,
                f"`{axis.path.dotted}` is searched from {low:g} to {high:g}",
                help="the lower end comes first, and is less than the upper",
            )
        elif call.func.id == "loguniform" and low <= 0:
            self.reporter.error(
                "SEARCH004",
                call,
                f"the logarithm of {low:g} does not exist",
                help="`loguniform` starts above 0; `uniform` may start anywhere",
            )

    def method(self, search: ast.Search) -> None:
        if search.difference is not None and (not search.method or search.method.id != METHOD):
            self.reporter.error(
                "SEARCH005",
                search.difference,
                "only `refine` looks at how neighbours differ",
                help="add `method: refine`, or stop by `no improvement in NUMBER trials`",
            )
        if search.method is None:
            return
        name = search.method.id
        methods = INFERENCES if isinstance(search, ast.Infer) else METHODS
        if name not in methods:
            self.reporter.error(
                "SEARCH005",
                search.method,
                f"there is no method `{name}`"
                + (" of an inference" if methods is INFERENCES else ""),
                help=did_you_mean(name, methods) or f"methods: {', '.join(methods)}",
            )
        elif len(search.objectives) > 1 and name not in SEVERAL:
            self.reporter.error(
                "SEARCH005",
                search.method,
                f"`{name}` takes one objective, and here are {len(search.objectives)}",
                help="take `nsga2`, or add the objectives up",
            )
        elif name == "cma_es" and len(search.over) == 1:
            self.reporter.error(
                "SEARCH005",
                search.method,
                "`cma_es` needs two axes or more",
                help="take `tpe`, or `grid`",
            )
        elif name == METHOD:
            self.refine(search, search.method)
        elif name == NPE and (plan := plan_of(search, self.constants)).batch == plan.trials:
            self.reporter.error(
                "SEARCH005",
                search.method,
                "`npe` draws its last batch from what the others have"
                f" taught it, and all {plan.trials} trials are one batch",
                help="take more `trials:`, or a smaller `batch:`",
            )

    def refine(self, search: ast.Search, method: ast.Ident) -> None:
        """The first batch is a grid from end to end of one or two axes."""
        axes = len(search.over)
        if axes > 2:
            self.reporter.error(
                "SEARCH005",
                method,
                f"`refine` takes one or two axes, and here are {axes}",
                help="take `sobol` or `grid`, or search fewer",
            )
            return
        plan, least = plan_of(search, self.constants), 2**axes
        if search.over and plan.batch < least:
            self.reporter.error(
                "SEARCH005",
                method,
                f"the first batch of `refine` is a grid of {least} trials at"
                f" least, and a batch is of {plan.batch}",
                help="take a larger `batch:`",
            )

    def grid(self, search: ast.Refined) -> None:
        """The sweep's own grid; points half-way between neighbours are added."""
        presets = {c.path.dotted for c in self.symbols.columns.values() if c.of_presets}
        plan = plan_of(search, self.constants)
        if not 1 <= len(search.over) <= 2:
            self.reporter.error(
                "SEARCH005",
                search.method or search,
                f"`refine:` refines a grid of one or two axes, and here are {len(search.over)}",
                help="put the others in a `table:`, `zip:` or `random:`, and they are run for each"
                " point",
            )
        elif bad := next((a for a in search.over if a.path.dotted in presets), None):
            self.reporter.error(
                "SEARCH005",
                bad,
                "nothing lies half-way between two presets",
                help="put them in a `table:`, and the others in the `grid:`",
            )
        elif len(plan.grid) < len(search.over):
            return  # reported when the sweep is evaluated
        elif short := next(
            (a for a, g in zip(search.over, plan.grid, strict=True) if len(g) < 2), None
        ):
            self.reporter.error(
                "SEARCH005",
                short,
                "an axis that is refined has two values at least",
                help="give it more, or let a constant or a parameter have this value",
            )
        elif search.trials is not None and plan.trials < math.prod(map(len, plan.grid)):
            self.reporter.error(
                "SEARCH006",
                search.trials,
                f"the grid alone has {math.prod(map(len, plan.grid)):,} points",
                help="take more trials than that",
            )

    def counts(self, search: ast.Search) -> None:
        for name, least in _LEAST.items():
            expr = getattr(search, name)
            if expr is None:
                continue
            found = value(expr, self.constants)
            whole = found is not None and float(found).is_integer() and found >= least
            if not whole:
                self.reporter.error(
                    "SEARCH006",
                    expr,
                    f"`{name}` is a whole number of at least {least}",
                    help="write the number itself, without a unit",
                )

    def objectives(self, search: ast.Search) -> None:
        known = ChainMap(self.symbols.measures, measured(self.symbols), self.symbols.globals)
        open_names = self.models.open_names
        inner = Context(known, "the measures of a block", open_names=open_names)
        context = inner.but(elements=inner)
        for objective in search.objectives:
            found = self.inference.infer(objective.value, context)
            if found is None or not self.inference.is_number(
                objective.value, found, title_of(search, objective)
            ):
                continue
            if search.difference is not None:
                self.difference(search.difference, Type(found.dim))
        if search.compare is not None:
            self.comparison(search.compare, inner)
        for constraint in search.constraints:
            self.constraint(constraint, context)

    def difference(self, limit: ast.Limit, unit: Type) -> None:
        """Check `stop: no difference above VALUE`, in the objective's unit or in percent of its
        range."""
        context = Context(ChainMap(self.symbols.constants, NUMBERS), "the constants")
        node = limit.value
        if not limit.percent:
            self.inference.expect(node, context, unit, "the difference of two neighbours")
        if (found := value(node, self.constants)) is not None and found <= 0:
            self.reporter.error(
                "SEARCH006",
                node,
                "the difference of two neighbours is above 0 or none",
                help="take a value above 0",
            )

    def comparison(self, node: ast.Comparison, context: Context) -> None:
        found = self.inference.infer(node.value, context)
        if found is None or not self.inference.is_number(node.value, found, "`compare`"):
            found = None
        for column in (node.observed, node.error):
            if column is None:
                continue
            if found is None:
                self.inference.infer(column, context)
            else:
                self.inference.expect(column, context, Type(found.dim), "the measurement")

    def constraint(self, node: ast.Expr, context: Context) -> None:
        if not self.inference.expect(node, context, BOOLEAN, "`subject to`"):
            return
        bad = next((n for n in _leaves(node) if not _compares(n)), None)
        if bad is not None:
            self.reporter.error(
                "SEARCH003",
                bad,
                "a constraint is a comparison, because the search uses by how much it is missed",
                help="compare by `<` or `>`; join comparisons by `and` or `or`",
            )


def title_of(search: ast.Search, objective: ast.Objective) -> str:
    """The clause that contains an objective."""
    word = METHOD if isinstance(search, ast.Refined) else objective.direction
    return f"`{word}`"


def _leaves(node: ast.Expr) -> list[ast.Expr]:
    if isinstance(node, ast.Binary) and node.op in ("and", "or"):
        return [*_leaves(node.left), *_leaves(node.right)]
    return [node]


def _compares(node: ast.Expr) -> bool:
    return isinstance(node, ast.Binary) and node.op in COMPARISONS

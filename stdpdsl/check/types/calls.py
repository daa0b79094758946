"""Checks calls in expressions: the number and units of arguments, and where draws and lists are
allowed.
"""

from __future__ import annotations

from ...language import ast
from ...language.builtins import (
    ACCURACY,
    DISTRIBUTIONS,
    FUNCTIONS,
    LISTS,
    LOGNORMAL_BY_MEAN,
    REDUCTIONS,
    Distribution,
    ListFunction,
)
from ...language.draws import arguments_of, distribution_of
from ...language.units import NONE
from ..report import listing
from ..symbols import BOOLEAN, FLOAT, Type
from ..values import value
from .context import Context
from .expectations import Expectations

_STREAMLESS = {"rand": "uniform(0, 1)", "randn": "normal(0, 1)", "randint": "integers(0, 10)"}


def infer_call(self: Expectations, call: ast.Call, context: Context) -> Type | None:
    name = call.func.id
    if call.independent and name not in DISTRIBUTIONS:
        self.reporter.error(
            "TYPE007",
            call,
            "`independent per block` is allowed after a random draw only",
            help=f"`{name}` is not a random draw",
        )
    if (
        name in REDUCTIONS
        and context.elements is not None
        and (name not in FUNCTIONS or len(call.args) == 1)
    ):
        return _reduction(self, call, context.elements)
    if name == ACCURACY and context.accuracy is not None:
        return context.accuracy(call)
    if name in FUNCTIONS:
        return _function(self, call, context)
    if name in DISTRIBUTIONS:
        return _draw(self, call, context)
    if name in LISTS:
        return _list(self, call, context)
    if name in _STREAMLESS:
        instead = _STREAMLESS[name]
        self.reporter.error(
            "NAME013",
            call,
            f"`{name}()` is not available, because its draws depend on the number of blocks",
            help=f"write `{instead}`"
            if context.draws
            else "for random spikes write `threshold: poisson(RATE)`; otherwise draw in an `every`"
            f" statement: `every 1 ms: x = {instead}`",
        )
        return None
    help = self.reporter.suggest(name, [*FUNCTIONS, *DISTRIBUTIONS, *LISTS], "")
    if not help.startswith("did"):
        help = listing(sorted(FUNCTIONS), "functions")
    if name == "poisson":
        help = "`poisson(RATE)` is a `threshold:` of its own, not a part of an expression"
    elif name == ACCURACY:
        help = "it is allowed in a measure of a layer, outside of `mean(...)`"
    elif name in REDUCTIONS:
        help = "it is allowed in a measure of a layer or connection, around a value of its elements"
    elif name in context.scope:
        help = f"`{name}` is not a function; for a product write `*`: `{name} * (...)`"
    self.reporter.error("NAME012", call.func, f"there is no function `{name}`", help=help)
    return None


def _function(self: Expectations, call: ast.Call, context: Context) -> Type | None:
    name = call.func.id
    function = FUNCTIONS[name]
    if call.kwargs:
        self.reporter.error(
            "TYPE006",
            call.kwargs[0].name,
            f"`{name}` takes no named arguments",
            help=f"write `{name}({', '.join('xyz'[: function.arity])})`",
        )
        return None
    if len(call.args) != function.arity:
        _count(self, call, function.arity, len(call.args))
        return None
    found = [self.infer(a, context) for a in call.args]
    types = [t for t in found if t is not None]
    if len(types) < len(found):
        return None
    if name == "int" and types[0].kind == "boolean":
        return Type(NONE, "integer")
    if not all([self.is_number(a, t, f"`{name}`") for a, t in zip(call.args, types, strict=True)]):
        return None
    if function.rule == "none":
        return _plain(self, call, types, function.result)
    if function.rule in ("same", "ratio"):
        for expr, found_type in zip(call.args[1:], types[1:], strict=True):
            if not self.fits(
                expr,
                Type(found_type.dim),
                Type(types[0].dim),
                f"an argument of `{name}`",
                (call.args[0], types[0].dim.describe()),
            ):
                return None
        if function.rule == "ratio":
            return Type(NONE, function.result)
        whole = all(t.kind == "integer" for t in types)
        return Type(types[0].dim, "integer" if whole else "float")
    if function.rule == "root":
        return Type(types[0].dim ** 0.5)
    return Type(NONE, function.result)


def _reduction(self: Expectations, call: ast.Call, elements: Context) -> Type | None:
    """`mean(w)`: one number per block from one number per synapse or neuron."""
    name = call.func.id
    if call.kwargs or len(call.args) != 1:
        _count(self, call, 1, len(call.args) + len(call.kwargs))
        return None
    if REDUCTIONS[name] == "if":
        found = self.expect(call.args[0], elements, BOOLEAN, f"what `{name}` takes")
        return None if found is None else FLOAT
    found = self.infer(call.args[0], elements)
    if found is None or not self.is_number(call.args[0], found, f"`{name}`"):
        return None
    return Type(found.dim)


def _plain(self: Expectations, call: ast.Call, types: list[Type], result: str) -> Type | None:
    for expr, found in zip(call.args, types, strict=True):
        if not found.dim.is_none:
            self.reporter.error(
                "UNIT004",
                expr,
                f"`{call.func.id}` takes a number without unit",
                found.dim.describe(),
                "divide it by a quantity of the same kind",
            )
            return None
    return Type(NONE, result)


def _count(self: Expectations, call: ast.Call, want: int, found: int) -> None:
    plural = "argument" if want == 1 else "arguments"
    self.reporter.error(
        "TYPE005",
        call,
        f"`{call.func.id}` takes {want} {plural}, found {found}",
        help=f"write `{call.func.id}({', '.join('xyz'[:want])})`" if want <= 3 else "",
    )


def bind(
    self: Expectations, call: ast.Call, names: tuple[str, ...], optional: int = 0
) -> dict[str, ast.Expr] | None:
    """The arguments by name, or None if they do not fit, which is reported."""
    signature = f"`{call.func.id}({', '.join(names)})`"
    if len(call.args) > len(names):
        _arguments(self, call, f"{len(call.args)} arguments", signature)
        return None
    given = dict(zip(names, call.args, strict=False))
    for keyword in call.kwargs:
        if keyword.name.id not in names:
            self.reporter.error(
                "TYPE006",
                keyword.name,
                f"`{call.func.id}` has no argument `{keyword.name.id}`",
                help=self.reporter.suggest(keyword.name.id, names, "its arguments"),
            )
            return None
        if keyword.name.id in given:
            self.reporter.error(
                "TYPE006",
                keyword.name,
                f"`{keyword.name.id}` is given twice",
                labels=((given[keyword.name.id], "given here first"),),
            )
            return None
        given[keyword.name.id] = keyword.value
    missing = [n for n in names if n not in given]
    if len(missing) > optional:
        _arguments(self, call, f"no `{missing[0]}`", signature)
        return None
    return given


def _arguments(self: Expectations, call: ast.Call, found: str, signature: str) -> None:
    self.reporter.error(
        "TYPE005",
        call,
        f"wrong arguments of `{call.func.id}`: found {found}"
        if found.startswith("no ")
        else f"wrong arguments of `{call.func.id}`: found {found}",
        help=f"write {signature}",
    )


def _draw(self: Expectations, call: ast.Call, context: Context) -> Type | None:
    if not context.draws:
        self.reporter.error(
            "TYPE007",
            call,
            f"`{call.func.id}` draws a random number, which is not allowed here",
            help="draws are allowed in assignments in statements, in initial values, in"
            " delays and in random axes of a sweep",
        )
        return None
    distribution = distribution_of(call)
    found = _by_letters(self, call, distribution, context.but(draws=False))
    if found is not None:
        _values_of_draw(self, call, distribution)
    return found


def _values_of_draw(self: Expectations, call: ast.Call, distribution: Distribution) -> None:
    """Reports arguments outside the distribution's domain, if their values are known."""
    name, arguments = call.func.id, arguments_of(call)
    known = {n: value(e, self.values) for n, e in arguments.items()}
    positive = {"gamma": ("shape", "scale"), "truncated_normal": ("sd",)}.get(name, ())
    if distribution is LOGNORMAL_BY_MEAN:
        positive = ("mean", "sd")
    for argument in positive:
        number = known[argument]
        zero = distribution is LOGNORMAL_BY_MEAN and argument == "sd"  # which gives the mean
        if number is not None and (number < 0 or (number == 0 and not zero)):
            self.reporter.error(
                "TYPE013",
                arguments[argument],
                f"the {argument} of a {name} draw cannot be {number:g}",
                help="it must be above 0"
                if distribution is not LOGNORMAL_BY_MEAN
                else "it must be above 0; `mu` and `sigma` are those of the logarithm",
            )
            return
    if name == "truncated_normal":
        mean, sd, low, high = (known[n] for n in distribution.arguments)
        if low is not None and high is not None and not low < high:
            self.reporter.error(
                "TYPE013",
                arguments["high"],
                "there is nothing to draw: `high` is not above `low`",
                labels=((arguments["low"], "this is `low`"),),
                help="make `low` smaller than `high`",
            )
        elif mean is None or sd is None:
            return
        elif any(
            end is not None and side * (end - mean) > 37 * sd
            for end, side in ((low, 1), (high, -1))
        ):
            far = "low" if low is not None and low > mean else "high"
            self.reporter.error(
                "TYPE013",
                arguments[far],
                "there is nothing to draw: between `low` and `high`, the probability of the"
                " normal distribution is too small for a floating-point number",
                help="the bounds must lie within 37 sd of the mean",
            )


def _list(self: Expectations, call: ast.Call, context: Context) -> Type | None:
    if not context.lists:
        self.reporter.error(
            "TYPE008",
            call,
            f"`{call.func.id}` makes a list, which is not allowed here",
            help="lists are allowed as values of a sweep's axes and in sounds",
        )
        return None
    return _by_letters(self, call, LISTS[call.func.id], context)


def _by_letters(
    self: Expectations, call: ast.Call, signature: Distribution | ListFunction, context: Context
) -> Type | None:
    """Checks arguments whose units are given by the letters of `units` (see
    builtins.ListFunction).
    """
    given = bind(self, call, signature.arguments)
    if given is None:
        return None
    first: tuple[ast.Expr, Type] | None = None
    good = True
    for name, letter in zip(signature.arguments, signature.units, strict=True):
        expr = given[name]
        what = f"`{name}` of `{call.func.id}`"
        if letter == "n":
            good &= self.expect(expr, context, Type(NONE, "integer"), what) is not None
        elif letter == "x":
            good &= self.expect(expr, context, FLOAT, what) is not None
        elif first is None:
            found = self.infer(expr, context)
            good &= found is not None and self.is_number(expr, found, what)
            first = (expr, found) if found is not None else None
        else:
            also = (first[0], first[1].dim.describe())
            good &= self.expect(expr, context, Type(first[1].dim), what, also) is not None
    if not good:
        return None
    result = signature.result if isinstance(signature, Distribution) else "float"
    return Type(first[1].dim if first else NONE, result)

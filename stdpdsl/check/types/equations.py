"""Checks equations against their declared units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...language import ast
from ...language.builtins import METHODS
from ...language.units import NONE, SECOND
from ..order import dependency_order, names_in
from ..symbols import Scope, Type, unit_type
from .context import Context
from .infer import Inference
from .messages import describe
from .statements import flag_words, is_shared
from .unit_blame import Culprit, Stated, find_culprit

_FLAGS: dict[str, set[tuple[str, ...]]] = {
    "ode": {("unless", "refractory")},
    "subexpression": {("shared",), ("constant", "over", "dt")},
    "parameter": {("shared",), ("constant",)},
}
_CHOSEN = {("event-driven",), ("event", "driven"), ("clock-driven",), ("clock", "driven")}


class Equations:
    """Checks the equations of neurons and rules."""

    def __init__(self, inference: Inference, open_names: bool):
        self.inference = inference
        self.reporter = inference.reporter
        self.symbols = inference.symbols
        self.open_names = open_names
        self.blamed: set[int] = set()  # values that were reported as having a wrong unit

    def context(self, scope: Scope, where: str, unused: bool = False) -> Context:
        return Context(scope, where, open_names=self.open_names, sides_unknown=unused)

    def equations(self, equations: tuple[ast.Equation, ...], context: Context) -> None:
        for equation in equations:
            self.equation(equation, context, equations)
        values = {e.name.id: e.rhs for e in equations if e.kind == "subexpression" and e.rhs}
        uses = {n: [x.id for x in names_in(v) if x.id in values] for n, v in values.items()}
        for cycle in dependency_order(uses)[1]:
            self.reporter.cycle(cycle, values)

    def not_shared(self, equations: tuple[ast.Equation, ...]) -> None:
        for equation in equations:
            for flag, words in zip(equation.flags, map(_words, equation.flags), strict=True):
                if "shared" in words and words in _FLAGS[equation.kind]:
                    self.reporter.error(
                        "NAME015",
                        flag[0].span.to(flag[-1].span),
                        f"a variable of a rule cannot have the flag `({' '.join(words)})`",
                        help="each synapse has its own value (under `post equations:`, each"
                        " target neuron); make a shared value a parameter",
                    )

    def equation(
        self, equation: ast.Equation, context: Context, fellows: tuple[ast.Equation, ...]
    ) -> None:
        name = equation.name.id
        declared = self.declared(equation.unit)
        flags = _FLAGS[equation.kind]
        for flag, words in zip(equation.flags, map(_words, equation.flags), strict=True):
            if words not in flags:
                self.flag(flag, words, equation)
        if equation.kind == "ode" and equation.rhs is not None:
            if declared is not None and declared.kind != "float":
                self.reporter.error(
                    "TYPE004",
                    equation.unit,
                    f"`{name}` changes continuously, so it cannot be an integer or boolean",
                    help="declare its unit, or `1` if it has none",
                )
                declared = None
            wanted = Type(declared.dim / SECOND) if declared else None
            also = (equation.unit, f"`{name}` is {describe(declared)}") if declared else None
            if declared and declared.dim.is_none:
                also = (equation.unit, f"`{name}` has no unit")
            noisy = context.but(noise=True)
            self.right_side(equation.rhs, noisy, wanted, f"`d{name}/dt`", also, fellows)
        elif equation.kind == "subexpression" and equation.rhs is not None:
            also = (equation.unit, "declared here") if declared else None
            self.right_side(equation.rhs, context, declared, f"`{name}`", also, fellows)
            if ("shared",) in flag_words(equation):
                self.shared(equation, context.scope)
        if equation.bounds is not None:
            if equation.kind == "subexpression":
                self.reporter.error(
                    "CLAUSE003",
                    equation.bounds,
                    f"`{name}` is computed, so it cannot be clipped where it is assigned",
                    help="write `clip(..., low, high)` around it",
                )
            for bound, which in ((equation.bounds.low, "lower"), (equation.bounds.high, "upper")):
                what = f"the {which} bound of `{name}`"
                also = (equation.unit, "declared here")
                self.inference.expect(bound, context, declared, what, also)

    def right_side(
        self,
        expr: ast.Expr,
        context: Context,
        want: Type | None,
        what: str,
        also: tuple[ast.Node, str] | None,
        fellows: tuple[ast.Equation, ...],
    ) -> None:
        """Infers the type. If units do not fit, reports the value that causes it, if that is
        clear.
        """

        def infer() -> None:
            self.inference.expect(expr, context, want, what, also)

        _, problems = self.reporter.apart(infer)
        culprit = None
        if want is not None and problems and all(p.code.startswith("UNIT") for p in problems):
            wrong = Stated(expr, context, want)
            culprit = find_culprit(self.inference, wrong, self.stated(context, fellows))
        if culprit is not None and culprit.found.dim * culprit.want.dim == NONE:
            # `x*tau` for `x/tau`: the operator is wrong, not the value.
            name = culprit.use.span.text
            help = f"`{name}` is {describe(culprit.found)}: swap `*` and `/` before it"
            problems, culprit = [replace(p, help=p.help or help) for p in problems], None
        if culprit is None:
            self.reporter.add(problems)
            return
        self.blame(culprit, also)
        if culprit.symbol is not None:
            infer()

    def blame(self, culprit: Culprit, also: tuple[ast.Node, str] | None) -> None:
        """Reports a value with a wrong unit once, however many equations it affects."""
        expected = describe(culprit.want)
        if culprit.symbol is not None:
            self.inference.correct(culprit.symbol, culprit.want)
            what, also = f"`{culprit.symbol.name}`", (culprit.use, f"used as {expected}")
        else:
            what = f"`{culprit.value.span.text}`"
        if id(culprit.value) not in self.blamed:
            self.blamed.add(id(culprit.value))
            self.inference.fits(culprit.value, culprit.found, culprit.want, what, also)

    def stated(self, context: Context, own: tuple[ast.Equation, ...]) -> Iterator[Stated]:
        """These equations and those of all other models, because they share the constants."""
        places = {id(own): (own, context.scope)}
        for component in self.symbols.components.values():
            layer = component.kind == "layer"
            scope = self.symbols.neuron_scope if layer else self.symbols.synapse_scope
            places.setdefault(id(component.equations), (component.equations, scope(component)))
        for equations, names in places.values():
            for equation in equations:
                if equation.rhs is None or (declared := unit_type(equation.unit)) is None:
                    continue
                ode = equation.kind == "ode"
                want = Type(declared.dim / SECOND) if ode else declared
                yield Stated(equation.rhs, context.but(scope=names, noise=ode), want)

    def declared(self, unit: ast.Unit) -> Type | None:
        """The declared type; reports unknown units."""
        names = [f.name for f in unit.factors]
        if names in (["integer"], ["boolean"]):
            return unit_type(unit)
        if "dB" in names:
            factor = next(f for f in unit.factors if f.name == "dB")
            self.reporter.error(
                "UNIT006", factor, "a variable cannot be a level in dB", help="declare it `: 1`"
            )
            return None
        return self.inference.unit(unit)

    def flag(
        self, flag: tuple[ast.Ident, ...], words: tuple[str, ...], equation: ast.Equation
    ) -> None:
        allowed = [f"`({' '.join(f)})`" for f in sorted(_FLAGS[equation.kind])]
        text = " ".join(words)
        span = flag[0].span.to(flag[-1].span)
        if words in _CHOSEN:
            help = "leave it out: the compiler uses event-driven integration whenever it is exact"
        elif words == ("summed",):
            help = "a connection sums into its target with `deliver continuously: ... to ...`"
        else:
            help = f"allowed here: {', '.join(allowed)}"
        what = {"ode": "a differential equation", "subexpression": "a computed variable"}.get(
            equation.kind, "a plain variable"
        )
        self.reporter.error("NAME015", span, f"{what} cannot have the flag `({text})`", help=help)

    def shared(self, equation: ast.Equation, scope: Scope) -> None:
        assert equation.rhs is not None
        for name in names_in(equation.rhs):
            symbol = scope.get(name.id)
            if symbol and symbol.kind == "variable" and not is_shared(symbol):
                self.reporter.error(
                    "TYPE014",
                    name,
                    f"`{equation.name.id}` is one value for the layer, but `{name.id}` has"
                    " one per neuron",
                    help="leave out `(shared)`",
                )

    def method(self, method: ast.Ident | None) -> None:
        if method is not None and method.id not in METHODS:
            self.reporter.error(
                "NAME015",
                method,
                f"there is no integrator `{method.id}`",
                help=self.reporter.suggest(method.id, METHODS, "Brian2 has"),
            )


def _words(flag: tuple[ast.Ident, ...]) -> tuple[str, ...]:
    return tuple(word.id for word in flag)

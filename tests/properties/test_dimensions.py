"""The laws of dimensions, and that inferring follows them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stdpdsl.check.report import Reporter
from stdpdsl.check.symbols import Symbol, Symbols, Type
from stdpdsl.check.types.context import Context
from stdpdsl.check.types.infer import Inference
from stdpdsl.language import ast
from stdpdsl.language.source import Source, Span
from stdpdsl.language.units import NONE, Dim, lookup, resolve

dims = st.builds(Dim, st.tuples(*[st.integers(-3, 3)] * 7))
small = st.integers(-3, 3)
SPAN = Span(Source("test", "x"), 0, 1)


@given(dims, dims, dims)
def test_products_are_an_abelian_group(a, b, c):
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * NONE == a
    assert a / a == NONE
    assert a / b == a * (NONE / b)


@given(dims, dims, small, small)
def test_powers(a, b, m, n):
    assert a**m * a**n == a ** (m + n)
    assert (a**m) ** n == a ** (m * n)
    assert (a * b) ** m == a**m * b**m
    assert (a**2) ** 0.5 == a


@given(dims)
def test_a_unit_name_says_its_dimension(a):
    """What messages and generated equations call a dimension means that dimension again."""
    above, *below = a.unit_name().split("/")
    found = NONE
    for text, sign in ((above, 1), *((factor, -1) for factor in below)):
        for factor in text.split("*") if "**" not in text else _factors(text):
            name, _, power = factor.partition("^")
            if name not in ("", "1"):
                dim = lookup(name)
                assert dim is not None, a.unit_name()
                found = found * dim[0] ** (sign * int(power or 1))
    assert found == a


def _factors(text: str) -> list[str]:
    return text.replace("**", "^").split("*")


@given(st.sampled_from(["ms", "mV", "nS", "pA", "kHz", "uF", "Mohm", "cm", "mM"]), small, small)
def test_scales_multiply(name, m, n):
    dim, scale = resolve([(name, m), (name, n)])
    whole, together = resolve([(name, m + n)])
    assert dim == whole
    assert scale == together


# Expressions over names of given dimensions

NAMES = {"a": Dim((1, 0, 0, 0, 0, 0, 0)), "b": Dim((0, 0, 1, 0, 0, 0, 0)), "c": NONE}


def name(text: str) -> ast.Name:
    return ast.Name(text, span=SPAN)


def binary(op: str, left: ast.Expr, right: ast.Expr) -> ast.Binary:
    return ast.Binary(op, left, right, span=SPAN)


expressions = st.recursive(
    st.sampled_from(sorted(NAMES)).map(name),
    lambda inner: st.builds(binary, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
    max_leaves=12,
)


def infer(expr: ast.Expr) -> tuple[Type | None, int, dict[int, Type]]:
    spec = ast.Spec(None, None, (), span=SPAN)
    reporter = Reporter()
    inference = Inference(Symbols(spec, {}, {}, {}, {}, {}, {}, {}), reporter, {}, {})
    scope = {n: Symbol(n, "variable", type=Type(d)) for n, d in NAMES.items()}
    found = inference.infer(expr, Context(scope, "the test"))
    return found, len(reporter.diagnostics), inference.types


def expected(expr: ast.Expr) -> Dim | None:
    if isinstance(expr, ast.Name):
        return NAMES[expr.id]
    assert isinstance(expr, ast.Binary)
    left, right = expected(expr.left), expected(expr.right)
    if left is None or right is None:
        return None
    if expr.op == "*":
        return left * right
    if expr.op == "/":
        return left / right
    return left if left == right else None


@given(expressions)
def test_inferred_dimensions_follow_the_laws(expr):
    found, problems, types = infer(expr)
    wanted = expected(expr)
    assert (found.dim if found else None) == wanted
    assert (problems == 0) == (wanted is not None)
    if wanted is not None:
        assert all(id(n) in types for n in ast.walk(expr) if isinstance(n, ast.Expr))


@given(expressions, expressions)
def test_a_sum_has_the_same_type_either_way_round(left, right):
    one, _, _ = infer(binary("+", left, right))
    other, _, _ = infer(binary("+", right, left))
    assert one == other


@given(expressions)
def test_a_comparison_is_a_condition(expr):
    found, _, _ = infer(binary("<", expr, expr))
    assert found is None if expected(expr) is None else found.kind == "boolean"

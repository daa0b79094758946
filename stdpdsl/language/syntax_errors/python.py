"""Habits of Python and Brian2 in an expression."""

from __future__ import annotations

import re

from ..builtins import CONSTANTS, FUNCTIONS
from ..diagnostics import Diagnostic, did_you_mean
from ..source import Span
from .failure import BLOCKS, Failure

PYTHON_WORDS = {
    "if": "a condition counts as a number in `int(condition)`, so multiply with it",
    "else": "a condition counts as a number in `int(condition)`, so multiply with it",
    "for": "an expression holds for every neuron or synapse as it is",
    "lambda": "write the formula itself",
    "is": "equality is written `==`",
    "xor": "write it with `and`, `or`, `not`",
}

_DRAWS = {
    "uniform(0, 1)": ("rand", "random", "random_sample", "uniform"),
    "normal(0, 1)": ("randn", "normal", "standard_normal", "gauss"),
    "lognormal(0, 1)": ("lognormal", "lognormvariate"),
    "exponential(1)": ("exponential", "standard_exponential", "expovariate"),
    "integers(0, 10)": ("randint", "integers", "choice"),
    "binomial(10, 0.5)": ("binomial",),
    "gamma(2, 0.5)": ("gamma", "standard_gamma", "gammavariate"),
    "truncated_normal(0, 1, -2, 2)": ("truncnorm",),
}

_CHAIN = re.compile(r"(?:\w+[.])+\w+")

_MODULE = re.compile(r"(?:np|numpy|math|random|b2|brian2|scipy)(?:[.]\w+)*?[.](\w+)")


def module(f: Failure) -> Diagnostic | None:
    """A function of NumPy's, `np.exp(x)` or `np.random.rand()`."""
    previous = f.previous
    if f.piece.kind != "." or not previous or not (f.after_value or f.after_target):
        return None
    at = previous.start
    chain = _CHAIN.match(f.source.text, at)
    named = chain and _MODULE.fullmatch(chain[0])
    if not chain or not named:
        return None
    name = named[1]
    hint = next((f"write `{ours}`" for ours, theirs in _DRAWS.items() if name in theirs), "")
    if not hint:
        near = did_you_mean(name, FUNCTIONS)
        hint = f"write `{name}(...)`" if name in FUNCTIONS else near
        hint = f"write `{name}`" if name in CONSTANTS else hint
    span = Span(f.source, at, at + len(chain[0]))
    return Diagnostic("SYN018", span, "no module stands before a name", help=hint)


def attribute(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "." or not (f.after_value or f.after_target):
        return None
    hint = "a component's own names are written plainly; the other side's end in `_pre`, `_post`"
    if f.context({*BLOCKS, "derive"}) == "derive":
        last = re.match(r"[.]\s*(\w*)", f.source.text[f.piece.start :])
        hint = f"a column is named by its last part: `{last[1] if last else 'Apre'}`"
    elif f.context({"plasticity"}):
        hint = "a port is bound with `of`, as in `reward = spikes of VTA`"
    return Diagnostic("SYN018", f.span, "an expression has no dotted names", help=hint)


def subscript(f: Failure) -> Diagnostic | None:
    if f.piece.kind != "[" or not (f.after_value or f.after_target):
        return None
    return Diagnostic(
        "SYN019",
        f.span,
        "an expression has no subscripts",
        help="it holds for each neuron or synapse; `i` and `j` are their indices",
    )


def python(f: Failure) -> Diagnostic | None:
    for piece in (f.previous, f.piece):
        if piece and piece.text in PYTHON_WORDS and (f.after_value or f.after_target):
            span = Span(f.source, piece.start, piece.end)
            return Diagnostic(
                "SYN020",
                span,
                f"there is no `{piece.text}` in the language",
                help=PYTHON_WORDS[piece.text],
            )
    return None

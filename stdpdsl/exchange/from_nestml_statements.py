"""Translates the statements of a NESTML synapse model to those of a rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..dataclass import dataclass
from ..language import ast
from ..language.ast import Expr
from ..language.diagnostics import Diagnostic
from ..language.reserved import RESERVED, reason
from ..language.source import Source
from ..language.units import NONE, SECOND, lookup
from .casts import Casts, Known, call, minus_one, number_at, times
from .nestml_tree import Assigned, Branches, Declared, Emitted, Integrated, Model, Statement

_WORDS = ("and", "or", "not", "deliver", "normalise", "spikes", "set")


@dataclass
class Body:
    """The statements of one block that have been written so far."""

    casts: Casts
    lines: list[ast.Statement]
    names: dict[str, str]  # of locals
    port: str = ""
    may_emit: bool = False
    integrated: set[str] | None = None  # in `update:`, the variables that have been integrated


class Statements:
    """Turns blocks of NESTML into the statements of a rule."""

    def __init__(self, source: Source, model: Model):
        self.source, self.model = source, model
        self.problems: list[Diagnostic] = []
        self.notes: list[str] = []
        self.renamed: dict[str, str] = {}
        self.odes = {name.id: value for name, value in model.odes}
        self.delays = {d.name.id for d in model.parameters if d.is_delay}
        self.pre, self.post, self.others = self.ports()
        self.taken: set[str] = set()
        self.as_: dict[str, str] = {}
        everything = [*model.parameters, *model.internals, *model.state, *model.inlines]
        for item in [*everything, *model.continuous]:
            self.taken.add(item.name.id)
        for item in [*everything, *model.continuous]:
            state = item in model.state or item in model.inlines
            self.as_[item.name.id] = self.free(item.name.id, state)
        for port in self.others:
            self.taken.add(port.id)
            self.as_[port.id] = self.free(port.id, False)
        self.step = self.free("elapsed", False, own=False)
        self.last = self.free("last", True, own=False)
        self.known = {d.name.id: self.knowledge(d) for d in everything if not d.is_delay}
        for item in model.continuous:
            known = self.knowledge(item, "_post")
            self.known[item.name.id] = known

    def refuse(self, node: ast.Node, message: str, help: str = "") -> None:
        self.problems.append(Diagnostic("", node.span, message, help=help))

    def refuse_at(self, node: Statement, message: str, help: str = "") -> None:
        span = node.name.span if isinstance(node, Declared) else node.span
        self.problems.append(Diagnostic("", span, message, help=help))

    # Names

    def free(self, name: str, state: bool, own: bool = True) -> str:
        """The name, or another one if Brian2 or our language reserves it."""
        if not self.is_bad(name, state) and (own or name not in self.taken):
            self.taken.add(name)
            return name
        base = name.strip("_") or "value"
        base = f"{base}_value" if self.is_bad(base, state) or base in self.taken else base
        found, number = base, 2
        while found in self.taken or self.is_bad(found, state):
            found, number = f"{base}{number}", number + 1
        self.taken.add(found)
        if own:
            self.renamed[name] = found
        return found

    @staticmethod
    def is_bad(name: str, state: bool) -> bool:
        why = reason(name)
        if why and not state and name in RESERVED and why.startswith("a name of sympy"):
            why = None
        return bool(why) or name in _WORDS or (len(name) > 1 and lookup(name) is not None)

    def knowledge(self, item: Declared, side: str = "") -> Known:
        name = self.as_[item.name.id] + side
        return Known(lambda at: ast.Name(name, span=at.span), item.dim, item.kind)

    def ports(self) -> tuple[str, str, list[ast.Ident]]:
        """The names of the pre and post ports, and of all other ports."""
        spikes = self.model.spikes
        pre = [p for p in spikes if p.id.startswith("pre")] or (spikes if len(spikes) == 1 else [])
        post = [p for p in spikes if p.id.startswith("post")]
        if len(pre) != 1 or len(post) > 1:
            at = spikes[0] if spikes else self.model.name
            self.refuse(
                at,
                "the model does not say which port receives the presynaptic spikes",
                "begin the names of the two ports with `pre` and `post`",
            )
        others = [p for p in spikes if p not in pre[:1] and p not in post[:1]]
        return pre[0].id if pre else "", post[0].id if post else "", others

    # The rule

    def casts(self, step: str = "", draws: bool = False) -> Casts:
        fixed = frozenset(self.fixed())
        return Casts(self.known, self.model.functions, self.refuse, step, draws, fixed=fixed)

    def fixed(self) -> set[str]:
        return {self.as_[d.name.id] for d in [*self.model.parameters, *self.model.internals]}

    def statements(self, body: Iterable[Statement], into: Body) -> None:
        for statement in body:
            match statement:
                case Declared():
                    self.declare(statement, into)
                case Assigned():
                    self.assign(statement, into)
                case Emitted():
                    self.emit(statement, into)
                case Integrated():
                    self.integrate(statement, into)
                case Branches():
                    self.branches(statement, into)

    def declare(self, item: Declared, into: Body) -> None:
        old = item.name.id
        if item.value is None:
            self.refuse(item.name, f"`{old}` has no value")
            return
        if _is_step(item.value) and into.casts.step and item.dim == SECOND:
            step = into.casts.step  # has a name already
            made = Known(lambda at: ast.Name(step, span=at.span), item.dim, item.kind)
            into.casts = replace(into.casts, known={**into.casts.known, old: made})
            return
        self.reads(item.value, into)
        value = into.casts.value(item.value, item.dim, item.kind)
        name = into.names.setdefault(old, self.local(old))
        made = Known(lambda at: ast.Name(name, span=at.span), item.dim, item.kind)
        into.casts = replace(into.casts, known={**into.casts.known, old: made})
        into.lines.append(update(name, "=", value))

    def local(self, name: str) -> str:
        bad = self.is_bad(name, False) or name in (self.step, self.last)
        if not bad and name not in self.taken:
            return name
        base = name.strip("_") or "value"
        found = base
        while found in self.taken or self.is_bad(found, False) or found in (self.step, self.last):
            found = f"{base}_new" if found == base else f"{found}1"
        return found

    def assign(self, item: Assigned, into: Body) -> None:
        old = item.target.id
        known = into.casts.known.get(old)
        writable = old in into.names or any(d.name.id == old for d in self.model.state)
        if known is None or not writable:
            self.refuse(item.target, f"`{old}` is not a state variable")
            return
        self.reads(item.value, into)
        self.reads(ast.Name(old, span=item.target.span), into)
        name = into.names.get(old) or self.as_[old]
        dim = known.dim if item.op in ("=", "+=", "-=") else NONE
        value = into.casts.value(item.value, dim, known.kind)
        when = into.casts.when
        if item.op == "/=" and when is not None:
            value = into.casts.finite(value, NONE)
        if when is None:
            into.lines.append(update(name, item.op, value))
        elif item.op in ("+=", "-="):
            into.lines.append(update(name, item.op, times(when, value)))
        else:
            own = ast.Name(name, span=item.span)
            one = number_at(1, own)
            kept = own if item.op == "=" else one
            if item.op == "/=":
                into.lines.append(
                    update(
                        name,
                        "/=",
                        value
                        if _guards(value)
                        else ast.Binary("+", times(when, value), minus_one(when), span=item.span),
                    )
                )
                return
            left, right = times(when, value), times(minus_one(when), kept)
            into.lines.append(update(name, item.op, ast.Binary("+", left, right, span=item.span)))

    def reads(self, value: Expr, into: Body) -> None:
        """In `update:`, a variable must be integrated before it is read, because a rule does it in
        this order.
        """
        if into.integrated is None:
            return
        for part in ast.walk(value):
            if (
                isinstance(part, ast.Name)
                and part.id in self.odes
                and part.id not in into.integrated
            ):
                self.refuse(
                    part,
                    f"`{part.id}` is read before it is integrated; a rule reads the value"
                    " after integration",
                    "write `integrate_odes()` above this line",
                )

    def emit(self, item: Emitted, into: Body) -> None:
        if not into.may_emit:
            self.refuse_at(item, "a rule delivers at presynaptic spikes only")
            return
        if any(isinstance(s, ast.Deliver) for s in into.lines):
            self.refuse_at(item, "a rule delivers only once per spike")
            return
        if not item.args:
            self.refuse_at(item, "this does not say what is delivered", "write `emit_spike(w)`")
            return
        value, _, _ = into.casts.number(item.args[0])
        when = into.casts.when
        value = value if when is None else times(when, value)
        into.lines.append(ast.Deliver(value, span=item.span))

    def integrate(self, item: Integrated, into: Body) -> None:
        if into.integrated is None or into.casts.when is not None:
            self.refuse_at(
                item,
                "a rule integrates at all times, so `integrate_odes` is allowed in `update:` only",
            )
            return
        into.integrated |= {n.id for n in item.names} or set(self.odes)

    def branches(self, item: Branches, into: Body) -> None:
        """`if`, `elif` and `else` as factors 1 and 0, all computed before the first statement takes
        effect.
        """
        outer = into.casts
        left: Expr | None = outer.when
        chosen: list[tuple[Casts, tuple[Statement, ...]]] = []
        for condition, body in item.branches:
            if condition is None:
                when, read = left, frozenset[str]()
            else:
                self.reads(condition, into)
                given = call("int", outer.condition(condition))
                name = self.chosen(into)
                value = given if left is None else times(left, given)
                into.lines.append(update(name, "=", value))
                when = ast.Name(name, span=condition.span)
                read = frozenset(n.id for n in ast.walk(given) if isinstance(n, ast.Name))
                rest = minus_one(when)
                left = rest if left is None else ast.Binary("-", left, when, span=condition.span)
            assert when is not None
            chosen.append(
                (
                    outer.within(
                        when,
                        read
                        | {
                            n.id
                            for c, _ in item.branches
                            if c is not None
                            for n in ast.walk(c)
                            if isinstance(n, ast.Name)
                        },
                    ),
                    body,
                )
            )
        for casts, body in chosen:
            names = dict(into.names)
            into.casts = casts
            self.statements(body, into)
            into.names = names  # a branch's local variables end with the branch
        into.casts = outer

    def chosen(self, into: Body) -> str:
        number = 1
        used = {s.target.id for s in into.lines if isinstance(s, ast.Update)}
        while f"case{number}" in used or f"case{number}" in self.source.text:
            number += 1
        return f"case{number}"


def update(name: str, op: str, value: Expr) -> ast.Update:
    return ast.Update(ast.Ident(name, span=value.span), op, value, span=value.span)


def _is_one(expr: Expr) -> bool:
    return isinstance(expr, ast.Number) and expr.value == 1


def _is_step(expr: Expr) -> bool:
    return isinstance(expr, ast.Call) and expr.func.id == "timestep"


def times_count(value: Expr, count: ast.Name) -> Expr:
    """`count` times `1/tau`: `count/tau`."""
    if _is_one(value):
        return count
    if isinstance(value, ast.Binary) and value.op in ("*", "/"):
        first: Expr = value
        while isinstance(first, ast.Binary) and first.op in ("*", "/"):
            first = first.left
        if _is_one(first):
            return replace(value, left=times_count(value.left, count))
    return ast.Binary("*", value, count, span=value.span)


def _guards(value: Expr) -> bool:
    return isinstance(value, ast.Binary) and value.op == "+"

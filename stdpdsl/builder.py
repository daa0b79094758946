"""Nodes from the parser's reductions: one method for each rule (or alias) of the grammars.

A method gets what stands on the right side of its rule, punctuation included: tokens (`str` with
`type`, `start_pos`, `end_pos`) and what the methods below it returned. Nothing here recurses, so
depth of nesting is only a matter of `MAX_DEPTH`, which keeps the passes that follow safe.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import Any, NamedTuple

from . import ast
from .ast import Expr, Ident, Node
from .diagnostics import Diagnostic, Label
from .source import Source, Span

MAX_DEPTH = 200  # of an expression's tree: the passes that follow recurse
LAYOUT = frozenset({"_NEWLINE", "_INDENT", "_DEDENT"})


class Group(NamedTuple):
    """An expression in parentheses: an operator's span takes them in, the expression's does not."""

    node: Expr
    span: Span


class Several(NamedTuple):
    """Several nodes for which the tree has no node of their own."""

    value: Any
    span: Span


class Clause(NamedTuple):
    """`size: 10` on its way into the field of a declaration. `title` is as in the spec."""

    field: str
    value: Any
    span: Span
    title: Span


FIELD_OF = {  # where a clause's word is not the field's name
    "poisson": "source",
    "spikes": "source",
    "regular": "source",
    "rates": "source",
    "filter": "filters",
    "then": "filters",
}
REPEATED = frozenset({"drive", "delivery", "filters"})  # clauses that may stand more than once

PATTERN_ARGUMENT = {"random": "p", "fixed_indegree": "k", "fixed_outdegree": "k"}


def _bare(item: Expr | Group) -> Expr:
    return item.node if type(item) is Group else item  # type: ignore[return-value]


def _start(item: Any) -> int:
    return item.start_pos if isinstance(item, str) else item.span.start  # type: ignore[attr-defined]


def _end(item: Any) -> int:
    return item.end_pos if isinstance(item, str) else item.span.end  # type: ignore[attr-defined]


def _of(children: list, *kinds: type) -> tuple:
    return tuple(child for child in children if isinstance(child, kinds))


def _tokens(children: list, *types: str) -> list:
    return [child for child in children if isinstance(child, str) and child.type in types]  # type: ignore[attr-defined]


def _first(children: list, *kinds: type) -> Any:
    return next((child for child in children if isinstance(child, kinds)), None)


class Builder:
    """Holds the source that is being parsed, and the problems found on the way."""

    def __init__(self) -> None:
        self.source = Source("", "")
        self.problems: list[Diagnostic] = []

    def reset(self, source: Source) -> None:
        self.source = source
        self.problems = []

    def __getattr__(self, name: str):
        # lark prefixes the aliases of an imported grammar with that grammar's name.
        if name.startswith("expressions__"):
            return getattr(self, name.removeprefix("expressions__"))
        raise AttributeError(name)

    # Places -------------------------------------------------------------------------------------

    def _span(self, children: list) -> Span:
        last = len(children) - 1
        while last and getattr(children[last], "type", None) in LAYOUT:
            last -= 1
        return Span(self.source, _start(children[0]), _end(children[last]))

    def _at(self, token: Any) -> Span:
        return Span(self.source, token.start_pos, token.end_pos)

    def _problem(self, code: str, span: Span, message: str, **more: Any) -> None:
        self.problems.append(Diagnostic(code, span, message, **more))

    def _ident(self, token: Any) -> Ident:
        return Ident(str(token), span=self._at(token))

    # Expressions --------------------------------------------------------------------------------

    def expr(self, children: list) -> Expr:
        node = _bare(children[0])
        # A tree cannot be deeper than its text is long.
        if node.span.end - node.span.start > MAX_DEPTH and _depth(node) > MAX_DEPTH:
            self._problem(
                "SYN028",
                node.span,
                f"this expression nests more than {MAX_DEPTH} operations",
                help="give its parts names of their own",
            )
            return ast.Number(0, "0", span=node.span)
        return node

    def binary(self, children: list) -> Expr:
        left, op, right = children
        span = Span(self.source, left.span.start, right.span.end)
        return ast.Binary(str(op), _bare(left), _bare(right), span=span)

    def unary(self, children: list) -> Expr:
        op, operand = children
        span = Span(self.source, op.start_pos, operand.span.end)
        return ast.Unary(str(op), _bare(operand), span=span)

    def group(self, children: list) -> Group:
        return Group(children[1], self._span(children))

    def name(self, children: list) -> ast.Name:
        return ast.Name(str(children[0]), span=self._at(children[0]))

    def number(self, children: list) -> ast.Number:
        token = children[0]
        span = self._at(token)
        return ast.Number(self._value(str(token), span), str(token), span=span)

    def quantity(self, children: list) -> ast.Quantity:
        token = children[0]
        text, unit = token.split(" ")
        number_end = token.start_pos + len(text)
        value = self._value(text, Span(self.source, token.start_pos, number_end))
        return ast.Quantity(
            float(value), self._unit(unit, number_end + 1), text, span=self._at(token)
        )

    def _value(self, text: str, span: Span) -> float | int:
        try:
            value = int(text) if text.isdigit() else float(text)
            if not math.isfinite(float(value)):
                raise OverflowError
        except OverflowError:
            self._problem("SYN023", span, f"`{_short(text)}` is too large for a number")
        except ValueError:
            hint = "a number has one decimal point at most" if text.count(".") > 1 else ""
            self._problem("SYN023", span, f"`{_short(text)}` is not a number", help=hint)
        else:
            return value
        return 0

    def call(self, children: list) -> ast.Call:
        args, kwargs = self._arguments(children[1:])
        return ast.Call(
            self._ident(children[0]),
            args,
            kwargs,
            bool(_tokens(children, "INDEPENDENT")),
            span=self._span(children),
        )

    def _arguments(self, children: list) -> tuple[tuple[Expr, ...], tuple[ast.Keyword, ...]]:
        args: list[Expr] = []
        kwargs: dict[str, ast.Keyword] = {}
        for child in children:
            if isinstance(child, ast.Keyword):
                if child.name.id in kwargs:
                    self._problem(
                        "SYN031",
                        child.name.span,
                        f"`{child.name.id}` is given twice",
                        labels=(Label(kwargs[child.name.id].name.span, "here first"),),
                    )
                kwargs[child.name.id] = child
            elif isinstance(child, Expr):
                if kwargs:
                    self._problem(
                        "SYN031",
                        child.span,
                        "an argument without a name follows one with a name",
                        help="put arguments without names first, or name this one as well",
                    )
                args.append(child)
        return tuple(args), tuple(kwargs.values())

    def keyword(self, children: list) -> ast.Keyword:
        return ast.Keyword(self._ident(children[0]), children[2], span=self._span(children))

    string_keyword = keyword

    def list(self, children: list) -> ast.ListExpr:
        unit = self._list_unit(children[-1])
        items = _of(children, Expr)
        if unit:
            for item in items:
                for inner in (item, *ast.walk(item)):
                    if isinstance(inner, ast.Quantity):
                        self._problem(
                            "SYN033",
                            inner.unit.span,
                            "this item has a unit, and so has the whole list",
                            labels=(Label(unit.span, "the list's unit"),),
                            help="write the unit once, after the list",
                        )
                        break
        return ast.ListExpr(items, unit, span=self._span(children))

    def _list_unit(self, bracket: Any) -> ast.Unit | None:
        return self._unit(bracket[2:], bracket.start_pos + 2) if len(bracket) > 1 else None

    # Units --------------------------------------------------------------------------------------

    def _unit(self, text: str, start: int) -> ast.Unit:
        """The unit inside a quantity's token: `nS/cm**2`."""
        factors = []
        sign, position = 1, 0
        while position < len(text):
            end = position
            while end < len(text) and text[end] not in "*/":
                end += 1
            name, exponent = text[position:end], 1
            if text.startswith("**", end):
                digits = end + 2
                end = digits + 1
                while end < len(text) and text[end].isdigit():
                    end += 1
                exponent = self._exponent(text[digits:end], Span(self.source, start + digits, start + end))
            span = Span(self.source, start + position, start + end)
            if text.startswith("**", end):
                self._problem("SYN034", span, "a unit has one exponent")
                break
            factors.append(ast.UnitFactor(name, sign * exponent, span=span))
            sign = -1 if text.startswith("/", end) else 1
            position = end + 1
        return ast.Unit(tuple(factors), span=Span(self.source, start, start + len(text)))

    def _exponent(self, text: str, span: Span) -> int:
        if len(text.removeprefix("-")) > 2 or not text.removeprefix("-").isdigit():
            self._problem(
                "SYN034", span, f"`{_short(text)}` is not a unit's exponent", help="a small whole number"
            )
            return 1
        return int(text)

    def unit(self, children: list) -> ast.Unit:
        """A unit of several tokens, as in `w : siemens / meter**2`."""
        factors: list[ast.UnitFactor] = []
        sign, k = 1, 0
        while k < len(children):
            token = children[k]
            after, exponent = k + 1, 1
            if after < len(children) and children[after] == "**":
                minus = children[after + 1] == "-"
                number = children[after + 1 + minus]
                exponent = self._exponent(str(number), self._at(number)) * (-1 if minus else 1)
                after += 2 + minus
            if token.type == "NAME":
                span = Span(self.source, token.start_pos, children[after - 1].end_pos)
                factors.append(ast.UnitFactor(str(token), sign * exponent, span=span))
            elif token != "1":
                self._problem(
                    "SYN034",
                    self._at(token),
                    f"`{_short(token)}` is not a unit",
                    help="what has no unit is declared with `1`",
                )
            if after < len(children):
                sign = -1 if children[after] == "/" else 1
            k = after + 1
        return ast.Unit(tuple(factors), span=self._span(children))

    # Small parts --------------------------------------------------------------------------------

    def doc(self, children: list) -> ast.Doc:
        text = children[0][3:-3].replace("\r\n", "\n")
        first, _, rest = text.partition("\n")
        text = first.strip() + "\n" + textwrap.dedent(rest)
        text = "\n".join(line.rstrip() for line in text.split("\n")).strip()
        return ast.Doc(text, span=self._span(children))

    def string(self, children: list) -> ast.StringExpr:
        return ast.StringExpr(children[0][1:-1], span=self._at(children[0]))

    def _path(self, string: ast.StringExpr) -> ast.String:
        return ast.String(string.value, span=string.span)

    def path(self, children: list) -> ast.Path:
        parts = tuple(self._ident(token) for token in _tokens(children, "NAME"))
        return ast.Path(parts, span=self._span(children))

    def assign(self, children: list) -> ast.Assign:
        return ast.Assign(self._ident(children[0]), children[2], span=self._span(children))

    def arguments(self, children: list) -> Several:
        return Several(_of(children, ast.Assign), self._span(children))

    # Clauses ------------------------------------------------------------------------------------

    def clause(self, children: list) -> Clause:
        """`WORD: value`, where the value is an expression, a name or what a rule made."""
        word, value = children[0], children[2]
        if isinstance(value, str):
            value = self._ident(value)
        span = self._span(children)
        return Clause(FIELD_OF.get(word, str(word)), value, span, self._at(word))

    def block(self, children: list) -> Clause:
        """`WORD:` and a body."""
        word = children[0]
        span = self._span(children)
        return Clause(str(word), _of(children[2:], Node), span, self._at(word))

    def _collect(self, children: list) -> dict[str, Any]:
        """The fields that a declaration's clauses fill."""
        fields: dict[str, Any] = {}
        titles: dict[str, Span] = {}
        for clause in _of(children, Clause):
            if clause.field in REPEATED:
                fields[clause.field] = (*fields.get(clause.field, ()), clause.value)
            elif clause.field in fields:
                first = titles[clause.field]
                message = f"`{clause.title.text}` is given twice"
                if first.text != clause.title.text:
                    message = f"`{clause.title.text}` stands beside `{first.text}`: only one may"
                labels = (Label(first, "the first one"),)
                self._problem("SYN026", clause.title, message, labels=labels)
            else:
                fields[clause.field] = clause.value
                titles[clause.field] = clause.title
        return fields

    # Declarations -------------------------------------------------------------------------------

    def start(self, children: list) -> ast.Spec:
        model, docs = _first(children, Ident), _of(children, ast.Doc)
        declarations = _of(children, ast.Declaration)
        if len(docs) > 1:
            self._problem(
                "SYN026",
                docs[1].span,
                "the model has a docstring already",
                labels=(Label(docs[0].span, "the first one"),),
            )
        nodes = [child for child in children if isinstance(child, Node)]
        end = nodes[-1].span.end if nodes else 0
        span = Span(self.source, nodes[0].span.start if nodes else 0, end)
        return ast.Spec(model, docs[0] if docs else None, declarations, span=span)

    def model(self, children: list) -> Ident:
        return self._ident(children[1])

    def constants(self, children: list) -> ast.Constants:
        return ast.Constants(_of(children, ast.Assign), span=self._span(children))

    def use(self, children: list) -> ast.Use:
        return ast.Use(self._path(children[1]), span=self._span(children))

    def sound(self, children: list) -> ast.Sound:
        fields = self._collect(children)
        return ast.Sound(self._ident(children[1]), **fields, span=self._span(children))

    stimuli = call

    def filterbank(self, children: list) -> ast.Filterbank:
        fields = self._collect(children)
        return ast.Filterbank(self._ident(children[1]), **fields, span=self._span(children))

    def _with_parts(self, children: list, **kinds: type) -> dict[str, Any]:
        """Clauses, the docstring, and the parts (handlers, `every`, events) of a declaration."""
        fields = self._collect(children)
        fields["doc"] = _first(children, ast.Doc)
        for name, kind in kinds.items():
            fields[name] = _of(children, kind)
        return fields

    def neuron(self, children: list) -> ast.Neuron:
        fields = self._with_parts(
            children, events=ast.Event, handlers=ast.Handler, every=ast.Every
        )
        return ast.Neuron(self._ident(children[1]), **fields, span=self._span(children))

    def rule(self, children: list) -> ast.Rule:
        fields = self._with_parts(children, handlers=ast.Handler)
        return ast.Rule(self._ident(children[1]), **fields, span=self._span(children))

    def preset(self, children: list) -> ast.Preset:
        values, doc = _of(children, ast.Assign), _first(children, ast.Doc)
        return ast.Preset(self._ident(children[0]), values, doc, span=self._span(children))

    def event(self, children: list) -> ast.Event:
        return ast.Event(self._ident(children[1]), children[3], span=self._span(children))

    def handler(self, children: list) -> ast.Handler:
        after = children[3] if children[2] == "after" else None
        body = _of(children, ast.Statement)
        return ast.Handler(self._ident(children[1]), after, body, span=self._span(children))

    def every(self, children: list) -> ast.Every:
        body = _of(children, ast.Statement)
        return ast.Every(children[1], body, span=self._span(children))

    # Equations and statements -------------------------------------------------------------------

    def equation(self, children: list) -> ast.Equation:
        head = children[0]
        name, rhs, kind = self._ident(head), _first(children, Expr), "subexpression"
        if head.type == "DERIVATIVE":
            kind = "ode"
            span = Span(self.source, head.start_pos + 1, head.end_pos - 3)
            name = Ident(head[1:-3], span=span)
        elif rhs is None:
            kind = "parameter"
        flags = _first(children, Several)
        return ast.Equation(
            kind,
            name,
            rhs,
            _first(children, ast.Unit),
            _first(children, ast.Bounds),
            flags.value if flags else (),
            span=self._span(children),
        )

    def bounds(self, children: list) -> ast.Bounds:
        low, high = _of(children, Expr)
        unit = self._list_unit(children[-1])
        if unit:
            low, high = self._give_unit(low, unit), self._give_unit(high, unit)
        return ast.Bounds(low, high, span=self._span(children))

    def _give_unit(self, item: Expr, unit: ast.Unit) -> Expr:
        """`[-80, 0] mV` of bounds is short for `[-80 mV, 0 mV]`."""
        if isinstance(item, ast.Number):
            return ast.Quantity(float(item.value), unit, item.text, span=item.span)
        if isinstance(item, ast.Unary):
            return ast.Unary(item.op, self._give_unit(item.operand, unit), span=item.span)
        self._problem(
            "SYN033",
            item.span,
            "bounds share a unit only where both are plain numbers",
            labels=(Label(unit.span, "the shared unit"),),
            help="give each bound its own unit",
        )
        return item

    def flags(self, children: list) -> Several:
        flags = tuple(child for child in children if isinstance(child, tuple))
        return Several(flags, self._span(children))

    def flag(self, children: list) -> tuple[Ident, ...]:
        return tuple(self._ident(token) for token in children)

    def update(self, children: list) -> ast.Update:
        target, op, value = children[:3]
        return ast.Update(self._ident(target), str(op), value, span=self._span(children))

    def deliver(self, children: list) -> ast.Deliver:
        return ast.Deliver(_first(children, Expr), span=self._span(children))

    def normalise(self, children: list) -> ast.Normalise:
        variable, side = self._ident(children[1]), self._ident(children[3])
        return ast.Normalise(variable, side, children[5], span=self._span(children))

    # Layers and connections ---------------------------------------------------------------------

    def layer(self, children: list) -> ast.Layer:
        fields = self._collect(children)
        use = fields.pop("neuron", None)
        if use is not None:
            fields["neuron"], fields["arguments"] = use.value
        return ast.Layer(self._ident(children[1]), **fields, span=self._span(children))

    def neuron_use(self, children: list) -> Several:
        name = self._ident(children[0])
        path = ast.Path((name,), span=name.span)
        arguments = children[1].value if len(children) > 1 else ()
        return Several((path, arguments), self._span(children))

    def poisson(self, children: list) -> ast.PoissonInput:
        return ast.PoissonInput(children[0], span=self._span(children))

    def spikes_file(self, children: list) -> ast.SpikesFile:
        return ast.SpikesFile(self._path(children[1]), span=self._span(children))

    def spikes_list(self, children: list) -> ast.SpikesList:
        items = tuple(child.value for child in _of(children, Several))
        return ast.SpikesList(items, span=self._span(children))

    def spike(self, children: list) -> Several:
        return Several((children[1], children[3]), self._span(children))

    def regular(self, children: list) -> ast.RegularInput:
        ends = {str(children[k]): children[k + 1] for k in range(1, len(children), 2)}
        return ast.RegularInput(
            children[0], ends.get("from"), ends.get("to"), span=self._span(children)
        )

    def rates(self, children: list) -> ast.RatesFile:
        gap = children[6] if len(children) > 4 else None
        return ast.RatesFile(self._path(children[1]), children[3], gap, span=self._span(children))

    def drive(self, children: list) -> ast.Drive:
        variable, filterbank = self._ident(children[0]), self._ident(children[2])
        return ast.Drive(variable, filterbank, span=self._span(children))

    def connect(self, children: list) -> ast.Connect:
        pre, post = self._ident(children[1]), self._ident(children[3])
        if children[4] == "as":
            name = self._ident(children[5])
        else:
            name = Ident(f"{pre.id}_{post.id}", span=pre.span.to(post.span))
        fields = self._with_parts(children, handlers=ast.Handler, every=ast.Every)
        across = bool(_tokens(children, "ACROSS"))
        return ast.Connect(
            pre, post, name, across_blocks=across, **fields, span=self._span(children)
        )

    def delay(self, children: list) -> Clause:
        value = _first(children, Expr)
        field = "dendritic_delay" if children[0] == "dendritic" else "axonal_delay"
        title = self._span(children[: children.index(":")])
        return Clause(field, value, self._span(children), title)

    def delivery(self, children: list) -> Clause:
        target = self._ident(_tokens(children, "NAME")[0])
        continuously = bool(_tokens(children, "CONTINUOUSLY"))
        span = self._span(children)
        node = ast.Delivery(_first(children, Expr), target, continuously, span=span)
        return Clause("delivery", node, span, self._at(children[0]))

    def pattern(self, children: list) -> ast.Pattern:
        kind = self._ident(children[0])
        where = None
        if len(children) > 1 and children[-2] == "where":
            *children, _, where = children
        span = Span(self.source, kind.span.start, _end(where or children[-1]))
        if len(children) > 1 and children[1] == "from":
            return ast.Pattern(kind, path=self._path(children[2]), where=where, span=span)
        argument = self._pattern_argument(kind, children)
        independent = bool(_tokens(children, "INDEPENDENT"))
        return ast.Pattern(kind, argument, where=where, independent=independent, span=span)

    def _pattern_argument(self, kind: Ident, children: list) -> Expr | None:
        args, kwargs = self._arguments(children)
        given: Iterable[tuple[Span, Expr]] = [(arg.span, arg) for arg in args]
        given = [*given, *((keyword.span, keyword.value) for keyword in kwargs)]
        wanted = PATTERN_ARGUMENT.get(kind.id)
        for keyword in kwargs:
            if wanted is not None and keyword.name.id != wanted:
                self._problem(
                    "SYN031",
                    keyword.name.span,
                    f"`{kind.id}` has no argument `{keyword.name.id}`",
                    help=f"`{kind.id}({wanted} = …)`",
                )
        for span, _ in given[1:]:
            self._problem("SYN031", span, f"`{kind.id}` takes one argument only")
        return given[0][1] if given else None

    def rule_use(self, children: list) -> ast.RuleUse:
        names = [self._ident(token) for token in _tokens(children, "NAME")]
        arguments = _first(children, Several)
        return ast.RuleUse(
            names[0],
            names[1] if len(names) > 1 else None,
            arguments.value if arguments else (),
            span=self._span(children),
        )

    # Sweep, recording, running ------------------------------------------------------------------

    def sweep(self, children: list) -> ast.Sweep:
        fields = self._collect(children)
        parts = _of(children, ast.SweepPart)
        return ast.Sweep(parts, **fields, span=self._span(children))

    def table(self, children: list) -> ast.Table:
        header, *rows = _of(children, Several)
        for row in rows:
            if len(row.value) != len(header.value):
                self._problem(
                    "SYN035",
                    row.span,
                    f"this row has {_count(len(row.value), 'cell')}, "
                    f"the table has {_count(len(header.value), 'column')}",
                    labels=(Label(header.span, "the columns"),),
                )
        return ast.Table(
            header.value,
            tuple(row.value for row in rows),
            tuple(row.span for row in rows),
            span=self._span(children),
        )

    def header_row(self, children: list) -> Several:
        return Several(_of(children, ast.Header), self._span(children))

    def header(self, children: list) -> ast.Header:
        return ast.Header(children[0], _first(children, ast.Unit), span=self._span(children))

    def row(self, children: list) -> Several:
        return Several(_of(children, Expr), self._span(children))

    def axes(self, children: list) -> Clause | ast.Grid | ast.Zip:
        word = children[0]
        axes, span = _of(children, ast.Axis), self._span(children)
        if word == "derive":
            return Clause("derive", axes, span, self._at(word))
        return (ast.Grid if word == "grid" else ast.Zip)(axes, span=span)

    def axis(self, children: list) -> ast.Axis:
        return ast.Axis(children[0], children[2], span=self._span(children))

    def random(self, children: list) -> ast.RandomSamples:
        axes = _of(children, ast.Axis)
        return ast.RandomSamples(children[2], axes, span=self._span(children))

    def from_file(self, children: list) -> ast.FromFile:
        return ast.FromFile(self._path(children[2]), span=self._span(children))

    def record(self, children: list) -> ast.Record:
        items = _of(children, ast.RecordSpikes, ast.RecordState)
        return ast.Record(items, span=self._span(children))

    def record_spikes(self, children: list) -> ast.RecordSpikes:
        layers = tuple(self._ident(token) for token in _tokens(children, "NAME"))
        return ast.RecordSpikes(layers, span=self._span(children))

    def record_state(self, children: list) -> ast.RecordState:
        *variables, component = (self._ident(token) for token in _tokens(children, "NAME"))
        blocks = _first(children, Several)
        return ast.RecordState(
            tuple(variables),
            component,
            _first(children, Expr),
            blocks.value if blocks else None,
            span=self._span(children),
        )

    def blocks(self, children: list) -> Several:
        return Several(_of(children, Expr), self._span(children))

    def run(self, children: list) -> ast.Run:
        return ast.Run(**self._collect(children), span=self._span(children))

    def phase(self, children: list) -> ast.Phase:
        modifiers = _of(children[3:], ast.PlasticityOff, ast.Frozen, ast.Off, ast.SetParameter)
        return ast.Phase(
            self._ident(children[0]), children[2], modifiers, span=self._span(children)
        )

    def silence(self, children: list) -> ast.PlasticityOff | ast.Frozen | ast.Off:
        name, word = children
        span = self._span(children)
        if word == "frozen":
            return ast.Frozen(self._ident(name), span=span)
        if name == "plasticity":
            return ast.PlasticityOff(span=span)
        return ast.Off(self._ident(name), span=span)

    def set_parameter(self, children: list) -> ast.SetParameter:
        return ast.SetParameter(children[1], children[3], span=self._span(children))


def _depth(node: Node) -> int:
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [child for parent in level for child in ast.children(parent)]
    return deepest


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")

"""Sounds, layers and connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .. import ast
from ..ast import Expr, Ident
from ..builtins import PATTERNS
from ..source import Span
from .clauses import Clause, ClauseBuilder
from .expressions import Children, Several, end_of, first_of, of_kind, tokens_of


class Part(NamedTuple):
    """`A[0:5]`: a layer or connection, and which of its neurons."""

    name: Ident
    slice: ast.Slice | None
    span: Span


class NetworkBuilder(ClauseBuilder):
    """Makes sounds, layers and connections."""

    def sound(self, children: Children) -> ast.Sound:
        fields = self._collect(children)
        return ast.Sound(self._ident(children[1]), **fields, span=self._span(children))

    def stimuli(self, children: Children) -> ast.Call:
        return self.call(children)

    def string_keyword(self, children: Children) -> ast.Keyword:
        return self.keyword(children)

    def filterbank(self, children: Children) -> ast.Filterbank:
        fields = self._collect(children)
        return ast.Filterbank(self._ident(children[1]), **fields, span=self._span(children))

    def layer(self, children: Children) -> ast.Layer:
        fields = self._collect(children)
        use = fields.pop("neuron", None)
        if use is not None:
            fields["neuron"], fields["arguments"] = use.value
        return ast.Layer(self._ident(children[1]), **fields, span=self._span(children))

    def neuron_use(self, children: Children) -> Several:
        name = self._ident(children[0])
        path = ast.Path((name,), span=name.span)
        arguments = children[1].value if len(children) > 1 else ()
        return Several((path, arguments), self._span(children))

    def poisson(self, children: Children) -> ast.PoissonInput:
        return ast.PoissonInput(children[0], span=self._span(children))

    def spikes_file(self, children: Children) -> ast.SpikesFile:
        return ast.SpikesFile(self._path(children[1]), span=self._span(children))

    def spikes_results(self, children: Children) -> ast.SpikesOfResults:
        return ast.SpikesOfResults(self.data(children), span=self._span(children))

    def spikes_list(self, children: Children) -> ast.SpikesList:
        items = tuple(child.value for child in of_kind(children, Several))
        return ast.SpikesList(items, span=self._span(children))

    def spike(self, children: Children) -> Several:
        return Several((children[1], children[3]), self._span(children))

    def regular(self, children: Children) -> ast.RegularInput:
        ends = {str(children[k]): children[k + 1] for k in range(1, len(children), 2)}
        return ast.RegularInput(
            children[0], ends.get("from"), ends.get("to"), span=self._span(children)
        )

    def rates(self, children: Children) -> ast.RatesFile:
        value, every, *gap = of_kind(children, Expr)
        return ast.RatesFile(
            value,
            every,
            gap[0] if gap else None,
            bool(tokens_of(children, "REPEAT")),
            span=self._span(children),
        )

    def rates_results(self, children: Children) -> ast.RatesOfResults:
        (value,) = of_kind(children, Expr)
        repeat = bool(tokens_of(children, "REPEAT"))
        return ast.RatesOfResults(value, repeat, span=self._span(children))

    def drive(self, children: Children) -> ast.Drive:
        variable, filterbank = self._ident(children[0]), self._ident(children[2])
        return ast.Drive(variable, filterbank, span=self._span(children))

    def table_drive(self, children: Children) -> ast.TableDrive:
        value, every = of_kind(children, Expr)
        return ast.TableDrive(
            self._ident(children[0]),
            value,
            every,
            bool(tokens_of(children, "LINEAR")),
            bool(tokens_of(children, "REPEAT")),
            span=self._span(children),
        )

    def connect(self, children: Children) -> ast.Connect:
        (pre, pre_part, _), (post, post_part, _) = of_kind(children, Part)
        if children[4] == "as":
            name = self._ident(children[5])
        else:
            name = Ident(f"{pre.id}_{post.id}", span=pre.span.to(post.span))
        fields = self._with_parts(children, handlers=ast.Handler, every=ast.Every)
        fields |= {"pre_part": pre_part, "post_part": post_part}
        across = bool(tokens_of(children, "ACROSS"))
        return ast.Connect(
            pre, post, name, across_blocks=across, **fields, span=self._span(children)
        )

    def delay(self, children: Children) -> Clause:
        value = first_of(children, Expr)
        field = "dendritic_delay" if children[0] == "dendritic" else "axonal_delay"
        title = self._span(children[: children.index(":")])
        return Clause(field, value, self._span(children), title)

    def delivery(self, children: Children) -> Clause:
        target = self._ident(tokens_of(children, "NAME")[0])
        continuously = bool(tokens_of(children, "CONTINUOUSLY"))
        span = self._span(children)
        node = ast.Delivery(first_of(children, Expr), target, continuously, span=span)
        return Clause("delivery", node, span, self._at(children[0]))

    def pattern(self, children: Children) -> ast.Pattern:
        kind = self._ident(children[0])
        where = None
        if len(children) > 1 and children[-2] == "where":
            *children, _, where = children
        span = Span(self.source, kind.span.start, end_of(where or children[-1]))
        if len(children) > 1 and children[1] == "from":
            return ast.Pattern(kind, path=self._path(children[2]), where=where, span=span)
        args, kwargs = self._arguments(children)
        several = next((k.value for k in kwargs if k.name.id == "n"), None)
        argument = self._pattern_argument(kind, args, [k for k in kwargs if k.name.id != "n"])
        independent = bool(tokens_of(children, "INDEPENDENT"))
        return ast.Pattern(
            kind, argument, where=where, independent=independent, several=several, span=span
        )

    def _pattern_argument(
        self, kind: Ident, args: Sequence[Expr], kwargs: Sequence[ast.Keyword]
    ) -> Expr | None:
        given: Iterable[tuple[Span, Expr]] = [(arg.span, arg) for arg in args]
        given = [*given, *((keyword.span, keyword.value) for keyword in kwargs)]
        wanted = PATTERNS.get(kind.id)
        for keyword in kwargs:
            if wanted is not None and keyword.name.id != wanted:
                self._problem(
                    "SYN031",
                    keyword.name.span,
                    f"`{kind.id}` has no argument `{keyword.name.id}`",
                    help=f"`{kind.id}({wanted} = …)`",
                )
        for span, _ in given[1:]:
            self._problem("SYN031", span, f"`{kind.id}` takes one argument only, and `n`")
        return given[0][1] if given else None

    def plasticity(self, children: Children) -> Clause:
        uses, word = of_kind(children, ast.RuleUse), children[0]
        return Clause("plasticity", uses, self._span(children), self._at(word))

    def rule_use(self, children: Children) -> ast.RuleUse:
        names = [self._ident(token) for token in tokens_of(children, "NAME")]
        return ast.RuleUse(
            names[0],
            names[1] if len(names) > 1 else None,
            of_kind(children, ast.Assign),
            of_kind(children, ast.Binding),
            span=self._span(children),
        )

    def binding(self, children: Children) -> ast.Binding:
        port, variable, layer = (self._ident(children[k]) for k in (0, 2, 4))
        return ast.Binding(port, variable, layer, span=self._span(children))

    def part(self, children: Children) -> Part:
        return Part(self._ident(children[0]), first_of(children, ast.Slice), self._span(children))

    def one_of(self, children: Children) -> ast.Slice:
        return ast.Slice(first_of(children, Expr), None, True, span=self._span(children))

    def slice(self, children: Children) -> ast.Slice:
        middle = next(n for n, c in enumerate(children) if c == ":")
        start, stop = (
            next((c.value for c in of_kind(side, Several)), None)
            for side in (children[:middle], children[middle:])
        )
        return ast.Slice(start, stop, span=self._span(children))

    def bound(self, children: Children) -> Several:
        return Several(children[0], self._span(children))

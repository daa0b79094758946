"""A spec's tree from the parser's reductions: one method for each rule (or alias) of stdp.lark.

See expression_builder.py for what a method gets.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, get_args

from . import ast
from .ast import Expr, Ident, Node
from .diagnostics import Label
from .expression_builder import (
    Children,
    ExpressionBuilder,
    Several,
    end_of,
    first_of,
    of_kind,
    tokens_of,
)
from .numeric import with_unit
from .source import Span


class Clause(NamedTuple):
    """`size: 10` on its way into the field of a declaration. `title` is as in the spec."""

    field: str
    value: Any
    span: Span
    title: Span


class Part(NamedTuple):
    """`A[0:5]`: a layer or connection, and which of its neurons."""

    name: Ident
    slice: ast.Slice | None
    span: Span


FIELD_OF = {  # where a clause's word is not the field's name
    "poisson": "source",
    "spikes": "source",
    "regular": "source",
    "rates": "source",
    "filter": "filters",
    "then": "filters",
}
REPEATED = frozenset({  # clauses that may stand more than once
    "drive", "delivery", "filters", "objectives", "constraints",
})  # fmt: skip

PATTERN_ARGUMENT = {"random": "p", "symmetric": "p", "fixed_indegree": "k", "fixed_outdegree": "k"}


class Builder(ExpressionBuilder):
    """Makes the nodes of everything but expressions."""

    # Small parts --------------------------------------------------------------------------------

    def doc(self, children: Children) -> ast.Doc:
        text = children[0][3:-3].replace("\r\n", "\n")
        first, _, rest = text.partition("\n")
        text = first.strip() + "\n" + textwrap.dedent(rest)
        text = "\n".join(line.rstrip() for line in text.split("\n")).strip()
        return ast.Doc(text, span=self._span(children))

    def string(self, children: Children) -> ast.StringExpr:
        return ast.StringExpr(children[0][1:-1], span=self._at(children[0]))

    def _path(self, string: ast.StringExpr) -> ast.String:
        return ast.String(string.value, span=string.span)

    def path(self, children: Children) -> ast.Path:
        parts = tuple(self._ident(token) for token in tokens_of(children, "NAME"))
        return ast.Path(parts, span=self._span(children))

    def assign(self, children: Children) -> ast.Assign:
        return ast.Assign(self._ident(children[0]), children[2], span=self._span(children))

    def arguments(self, children: Children) -> Several:
        return Several(of_kind(children, ast.Assign), self._span(children))

    # Clauses ------------------------------------------------------------------------------------

    def clause(self, children: Children) -> Clause:
        """`WORD: value`, where the value is an expression, a name or what a rule made."""
        word, value = children[0], children[2]
        if isinstance(value, str):
            value = self._ident(value)
        span = self._span(children)
        return Clause(FIELD_OF.get(word, str(word)), value, span, self._at(word))

    def block(self, children: Children) -> Clause:
        """`WORD:` and a body."""
        word = children[0]
        span = self._span(children)
        return Clause(str(word), of_kind(children[2:], Node), span, self._at(word))

    def side_block(self, children: Children) -> Clause:
        """`requires post:`, `post equations:`, `post reset:` and a body."""
        words = children[:2]
        field = "requires" if words[0] == "requires" else "_".join(words)
        span = self._span(children)
        return Clause(field, of_kind(children[3:], Node), span, self._span(words))

    def _collect(self, children: Children) -> dict[str, Any]:
        """The fields that a declaration's clauses fill."""
        fields: dict[str, Any] = {}
        titles: dict[str, Span] = {}
        for clause in of_kind(children, Clause):
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

    def start(self, children: Children) -> ast.Spec:
        model, docs = first_of(children, Ident), of_kind(children, ast.Doc)
        declarations = of_kind(children, ast.Declaration)
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

    def model(self, children: Children) -> Ident:
        return self._ident(children[1])

    def constants(self, children: Children) -> ast.Constants:
        return ast.Constants(of_kind(children, ast.Assign), span=self._span(children))

    def use(self, children: Children) -> ast.Use:
        return ast.Use(self._path(children[1]), span=self._span(children))

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

    def _with_parts(self, children: Children, **kinds: type) -> dict[str, Any]:
        """Clauses, the docstring, and the parts (handlers, `every`, events) of a declaration."""
        fields = self._collect(children)
        fields["doc"] = first_of(children, ast.Doc)
        for name, kind in kinds.items():
            fields[name] = of_kind(children, kind)
        return fields

    def neuron(self, children: Children) -> ast.Neuron:
        fields = self._with_parts(children, events=ast.Event, handlers=ast.Handler, every=ast.Every)
        return ast.Neuron(self._ident(children[1]), **fields, span=self._span(children))

    def rule(self, children: Children) -> ast.Rule:
        fields = self._with_parts(children, handlers=ast.Handler)
        return ast.Rule(self._ident(children[1]), **fields, span=self._span(children))

    def preset(self, children: Children) -> ast.Preset:
        values, doc = of_kind(children, ast.Assign), first_of(children, ast.Doc)
        return ast.Preset(self._ident(children[0]), values, doc, span=self._span(children))

    def requirement(self, children: Children) -> ast.Requirement:
        return ast.Requirement(self._ident(children[0]), children[2], span=self._span(children))

    def port(self, children: Children) -> ast.Port:
        unit = first_of(children, ast.Unit)
        return ast.Port(self._ident(children[0]), unit, span=self._span(children))

    def event(self, children: Children) -> ast.Event:
        return ast.Event(self._ident(children[1]), children[3], span=self._span(children))

    def handler(self, children: Children) -> ast.Handler:
        trigger, *side = tokens_of(children[:3], "NAME")
        place = 2 + len(side)
        late = children[place] == "after"
        body = of_kind(children, ast.Statement)
        return ast.Handler(
            self._ident(trigger), children[place + 1] if late else None, body,
            self._ident(side[0]) if side else None, span=self._span(children),
        )  # fmt: skip

    def every(self, children: Children) -> ast.Every:
        body = of_kind(children, ast.Statement)
        return ast.Every(children[1], body, span=self._span(children))

    # Equations and statements -------------------------------------------------------------------

    def equation(self, children: Children) -> ast.Equation:
        head = children[0]
        name, rhs, kind = self._ident(head), first_of(children, Expr), "subexpression"
        if head.type == "DERIVATIVE":
            kind = "ode"
            span = Span(self.source, head.start_pos + 1, head.end_pos - 3)
            name = Ident(head[1:-3], span=span)
        elif rhs is None:
            kind = "parameter"
        flags = first_of(children, Several)
        return ast.Equation(
            kind,
            name,
            rhs,
            first_of(children, ast.Unit),
            first_of(children, ast.Bounds),
            flags.value if flags else (),
            span=self._span(children),
        )

    def bounds(self, children: Children) -> ast.Bounds:
        low, high = of_kind(children, Expr)
        unit = self._list_unit(children[-1])
        if unit:
            low, high = self._give_unit(low, unit), self._give_unit(high, unit)
        return ast.Bounds(low, high, span=self._span(children))

    def _give_unit(self, item: Expr, unit: ast.Unit) -> Expr:
        """`[-80, 0] mV` of bounds is short for `[-80 mV, 0 mV]`."""
        given = with_unit(item, unit)
        if given is item:
            self._problem(
                "SYN033",
                item.span,
                "bounds share a unit only where both are plain numbers",
                labels=(Label(unit.span, "the shared unit"),),
                help="give each bound its own unit",
            )
        return given

    def flags(self, children: Children) -> Several:
        flags = tuple(child for child in children if isinstance(child, tuple))
        return Several(flags, self._span(children))

    def flag(self, children: Children) -> tuple[Ident, ...]:
        return tuple(self._ident(token) for token in children)

    def update(self, children: Children) -> ast.Update:
        target, op, value = children[:3]
        return ast.Update(self._ident(target), str(op), value, span=self._span(children))

    def deliver(self, children: Children) -> ast.Deliver:
        return ast.Deliver(first_of(children, Expr), span=self._span(children))

    def normalise(self, children: Children) -> ast.Normalise:
        variable, side = self._ident(children[1]), self._ident(children[3])
        return ast.Normalise(variable, side, children[5], span=self._span(children))

    # Layers and connections ---------------------------------------------------------------------

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
            value, every, gap[0] if gap else None,
            bool(tokens_of(children, "REPEAT")), span=self._span(children),
        )  # fmt: skip

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
            self._ident(children[0]), value, every, bool(tokens_of(children, "LINEAR")),
            bool(tokens_of(children, "REPEAT")), span=self._span(children),
        )  # fmt: skip

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
        return ast.Pattern(kind, argument, where=where, independent=independent, several=several,
                           span=span)  # fmt: skip

    def _pattern_argument(
        self, kind: Ident, args: Sequence[Expr], kwargs: Sequence[ast.Keyword]
    ) -> Expr | None:  # fmt: skip
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

    # Sweep, recording, running ------------------------------------------------------------------

    def sweep(self, children: Children) -> ast.Sweep:
        fields = self._collect(children)
        parts = of_kind(children, ast.SweepPart)
        return ast.Sweep(parts, **fields, span=self._span(children))

    def table(self, children: Children) -> ast.Table:
        header, *rows = of_kind(children, Several)
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

    def header_row(self, children: Children) -> Several:
        return Several(of_kind(children, ast.Header), self._span(children))

    def header(self, children: Children) -> ast.Header:
        return ast.Header(children[0], first_of(children, ast.Unit), span=self._span(children))

    def row(self, children: Children) -> Several:
        return Several(of_kind(children, Expr), self._span(children))

    def axes(self, children: Children) -> Clause | ast.Grid | ast.Zip:
        word = children[0]
        axes, span = of_kind(children, ast.Axis), self._span(children)
        if word == "derive":
            return Clause("derive", axes, span, self._at(word))
        return (ast.Grid if word == "grid" else ast.Zip)(axes, span=span)

    def axis(self, children: Children) -> ast.Axis:
        return ast.Axis(children[0], children[2], span=self._span(children))

    def random(self, children: Children) -> ast.RandomSamples:
        axes = of_kind(children, ast.Axis)
        return ast.RandomSamples(children[2], axes, str(children[0]), span=self._span(children))

    def refinement(self, children: Children) -> Clause:
        span = self._span(children)
        value, *trials = of_kind(children, Expr)
        node = ast.Refinement(value, first_of(children, ast.Limit), *trials, span=span)
        return Clause("refine", node, span, self._at(children[0]))

    def limit(self, children: Children) -> ast.Limit:
        (child,), span = children, self._span(children)
        if isinstance(child, Expr):
            return ast.Limit(child, span=span)
        text = child.rstrip("%").rstrip()
        return ast.Limit(ast.Number(float(text), text, span=span), True, span=span)

    def from_file(self, children: Children) -> ast.FromFile:
        return ast.FromFile(self._path(children[2]), span=self._span(children))

    def search(self, children: Children) -> ast.Search:
        return ast.Search(**self._collect(children), span=self._span(children))

    def fit(self, children: Children) -> ast.Fit:
        return ast.Fit(**self._collect(children), span=self._span(children))

    def infer(self, children: Children) -> ast.Infer:
        return ast.Infer(**self._collect(children), span=self._span(children))

    def objective(self, children: Children) -> Clause:
        word, span = children[0], self._span(children)
        objective = ast.Objective(str(word), children[2], span=span)
        return Clause("objectives", objective, span, self._at(word))

    def constraint(self, children: Children) -> Clause:
        span = self._span(children)
        return Clause("constraints", children[3], span, self._span(children[:2]))

    def stop(self, children: Children) -> Clause:
        return Clause("stop", children[5], self._span(children), self._at(children[0]))

    def difference(self, children: Children) -> Clause:
        value = first_of(children, ast.Limit)
        return Clause("difference", value, self._span(children), self._at(children[0]))

    def early(self, children: Children) -> Clause:
        span = self._span(children)
        reasons = tuple(map(self._ident, tokens_of(children[3:], "NAME")))
        node = ast.Early(reasons, first_of(children, Expr), span=span)
        return Clause("early", node, span, self._span(children[:2]))

    def experiments(self, children: Children) -> Clause:
        span = self._span(children)
        part = ast.FromFile(self._path(children[3]), span=span)
        return Clause("data", part, span, self._at(children[0]))

    def comparison(self, children: Children) -> Clause:
        span = self._span(children)
        names = [ast.Name(n.id, span=n.span)
                 for n in map(self._ident, tokens_of(children[4:], "NAME"))]  # fmt: skip
        node = ast.Comparison(children[2], *names, span=span)
        return Clause("compare", node, span, self._at(children[0]))

    def record(self, children: Children) -> ast.Record:
        items: list[ast.RecordSpikes | ast.RecordState] = []
        for child in of_kind(children, ast.RecordSpikes, Several):
            items += child.value if isinstance(child, Several) else (child,)
        return ast.Record(tuple(items), span=self._span(children))

    def record_spikes(self, children: Children) -> ast.RecordSpikes:
        parts = of_kind(children, Part)
        layers, slices = (tuple(p[k] for p in parts) for k in (0, 1))
        return ast.RecordSpikes(layers, slices, self._window(children), span=self._span(children))

    def record_state(self, children: Children) -> Several:
        """One item for each component."""
        middle = next(n for n, c in enumerate(children) if c == "of" and c.type != "NAME")
        variables = tuple(self._ident(token) for token in tokens_of(children[:middle], "NAME"))
        span, window = self._span(children), self._window(children)
        return Several(tuple(
            ast.RecordState(variables, p.name, p.slice, first_of(children, Expr), window, span=span)
            for p in of_kind(children, Part)
        ), span)  # fmt: skip

    def record_events(self, children: Children) -> ast.RecordSpikes:
        middle = next(n for n, c in enumerate(children) if c == "of" and c.type != "NAME")
        events = tuple(self._ident(token) for token in tokens_of(children[:middle], "NAME"))
        return replace(self.record_spikes(children), events=events)

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

    def blocks(self, children: Children) -> Clause:
        return self._part_of_window("blocks", of_kind(children, Expr), children)

    def in_phases(self, children: Children) -> Clause:
        names = tuple(self._ident(token) for token in tokens_of(children, "NAME"))
        return self._part_of_window("phases", names, children)

    def from_to(self, children: Children) -> Clause:
        field = "start" if children[0] == "from" else "stop"
        return self._part_of_window(field, first_of(children, Expr), children)

    def _part_of_window(self, field: str, value: Any, children: Children) -> Clause:
        span = self._span(children)
        return Clause(field, value, span, span)

    def _window(self, children: Children) -> ast.Window:
        clauses = of_kind(children, Clause)
        span = clauses[0].span.to(clauses[-1].span) if clauses else self._span(children)
        return ast.Window(**self._collect(children), span=span)

    def measures(self, children: Children) -> ast.Measures:
        return ast.Measures(of_kind(children, ast.Measure), span=self._span(children))

    def measure(self, children: Children) -> ast.Measure:
        name, *component = (self._ident(token) for token in tokens_of(children, "NAME"))
        value = first_of(children, Expr)
        return ast.Measure(name, component[0] if component else None, value,
                           span=self._span(children))  # fmt: skip

    def run(self, children: Children) -> ast.Run:
        fields = self._collect(children)
        fields["stretches"] = fields.pop("phases", ())
        return ast.Run(**fields, span=self._span(children))

    def repeated(self, children: Children) -> ast.Repeated:
        phases = of_kind(children, ast.Phase)
        return ast.Repeated(children[1], phases, span=self._span(children))

    def phase(self, children: Children) -> ast.Phase:
        modifiers = of_kind(children[3:], *get_args(ast.Modifier))
        return ast.Phase(
            self._ident(children[0]), children[2], modifiers, span=self._span(children)
        )

    def silence(self, children: Children) -> ast.PlasticityOff | ast.Frozen | ast.Off:
        name, word = children
        span = self._span(children)
        if word == "frozen":
            return ast.Frozen(self._ident(name), span=span)
        if name == "plasticity":
            return ast.PlasticityOff(span=span)
        return ast.Off(self._ident(name), span=span)

    def store(self, children: Children) -> ast.Store:
        return ast.Store(self._ident(children[1]), len(children) > 2, span=self._span(children))

    def restore(self, children: Children) -> ast.Restore:
        word = str(children[2]) if len(children) > 2 else ""
        paths = of_kind(children, ast.Path)
        return ast.Restore(self._ident(children[1]), word, paths, span=self._span(children))

    def until(self, children: Children) -> ast.Until:
        measure, *variable, component = (self._ident(t) for t in tokens_of(children, "NAME"))
        relation = str(tokens_of(children, "COMPARE")[0])
        goal, every = (c for c in children if isinstance(c, Expr))
        return ast.Until(measure, variable[0] if variable else None, component, relation, goal,
                         every, span=self._span(children))  # fmt: skip

    def set_value(self, children: Children) -> ast.SetValue:
        return ast.SetValue(children[1], children[3], span=self._span(children))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")

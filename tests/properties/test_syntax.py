"""Whatever the tree: its text reads as the same tree, and prints as the same text."""

from __future__ import annotations

import functools
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stdpdsl.language import ast
from stdpdsl.language.diagnostics import UNSEEN, CompileError
from stdpdsl.language.parser import parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.printer.expressions import print_expr
from stdpdsl.language.source import Source, Span

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

HERE = Span(Source("", ""), 0, 0)
RESERVED = {"and", "or", "not", "deliver", "normalise", "spikes", "set"}
# Words that are keywords somewhere, and names elsewhere.
TELLING = [
    "rate",
    "every",
    "size",
    "model",
    "in",
    "on",
    "where",
    "from",
    "per",
    "plasticity",
    "I",
    "d",
]

quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def make(kind, *args, **kwargs):
    return st.builds(functools.partial(kind, span=HERE), *args, **kwargs)


def some(strategy, least: int = 0, most: int = 3):
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def maybe(strategy):
    return st.none() | strategy


words = st.sampled_from(TELLING) | st.from_regex(
    r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True
).filter(lambda word: word not in RESERVED)
idents = make(ast.Ident, words)
# Where an expression may begin, `from` begins one.
first_words = words.filter(lambda word: word != "from")
names = make(ast.Name, first_words)
functions = make(ast.Ident, first_words)
units = make(
    ast.Unit,
    some(
        make(ast.UnitFactor, st.sampled_from(["ms", "nS", "cm", "volt", "m"]), st.integers(-3, 3)),
        1,
    ),
)
declared_units = units | st.just(ast.Unit((), span=HERE))
numbers = st.one_of(
    st.integers(0, 10**20).map(lambda n: ast.Number(n, str(n), span=HERE)),
    st.floats(0, 1e300).map(lambda x: ast.Number(x, repr(x), span=HERE)),
)
quantities = st.builds(
    lambda x, unit: ast.Quantity(x, unit, repr(x), span=HERE), st.floats(0, 1e300), units
)


texts = st.text(st.characters(exclude_characters='"\r\n', codec="utf-8"), max_size=8).filter(
    lambda text: not UNSEEN.search(text)
)
strings = make(ast.String, texts)
said = make(ast.String, words)
counts = st.integers(0, 99).map(lambda n: ast.Number(n, str(n), span=HERE))
data = make(ast.DataExpr, strings, maybe(said)) | make(
    ast.DataExpr, strings, maybe(said), said, st.booleans(), maybe(counts)
)


def distinct(items: tuple) -> bool:
    return len({item.name.id for item in items}) == len(items)


def _larger(inner):
    keywords = some(make(ast.Keyword, functions, inner), most=2).filter(distinct)
    return st.one_of(
        make(ast.Unary, st.sampled_from(["-", "+", "not"]), inner),
        make(
            ast.Binary,
            st.sampled_from(
                ["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"]
            ),
            inner,
            inner,
        ),
        make(ast.Call, functions, some(inner), keywords, st.booleans()),
    )


exprs = st.recursive(names | numbers | quantities | data, _larger, max_leaves=12)
plain_lists = make(ast.ListExpr, some(exprs), st.none())
unit_lists = make(ast.ListExpr, some(numbers), units)
values = exprs | plain_lists | unit_lists
string_exprs = make(ast.StringExpr, texts)
lines = st.from_regex(r"(  )?[a-z#\"(é][a-z \"':]{0,8}[a-z\"]|", fullmatch=True)
docs = (
    st.lists(lines, min_size=1, max_size=4)
    .map(lambda found: "\n".join(found).strip().replace('"""', ""))
    .map(lambda text: ast.Doc(text, span=HERE))
)

# Statements, equations --------------------------------------------------------------------------

assigns = some(make(ast.Assign, idents, exprs))
one_assign = some(make(ast.Assign, idents, exprs), 1)
statements = some(
    st.one_of(
        make(ast.Update, idents, st.sampled_from(["=", "+=", "-=", "*=", "/="]), exprs),
        make(ast.Deliver, maybe(exprs)),
        make(ast.Normalise, idents, idents, exprs),
    ),
    1,
)
bounds = make(ast.Bounds, exprs, exprs)
flag_words = make(
    ast.Ident, st.sampled_from(["unless", "refractory", "constant", "event-driven", "over"])
)
flags = some(some(flag_words, 1, 2), 0, 2)
equations = some(
    st.one_of(
        make(
            ast.Equation,
            st.sampled_from(["ode", "subexpression"]),
            idents,
            exprs,
            declared_units,
            maybe(bounds),
            flags,
        ),
        make(
            ast.Equation,
            st.just("parameter"),
            idents,
            st.none(),
            declared_units,
            maybe(bounds),
            flags,
        ),
    )
)
sides = make(ast.Ident, st.sampled_from(["pre", "post"]))
handlers = some(make(ast.Handler, idents, maybe(exprs), statements, maybe(sides)), most=2)
every = some(make(ast.Every, exprs, statements), most=1)

# Declarations -----------------------------------------------------------------------------------

calls = make(
    ast.Call,
    idents,
    some(exprs),
    some(make(ast.Keyword, functions, values), most=2).filter(distinct),
)
sounds = make(
    ast.Sound,
    idents,
    make(
        ast.Call,
        idents,
        some(values | string_exprs),
        some(make(ast.Keyword, functions, values | string_exprs), most=2).filter(distinct),
    ),
    *[maybe(exprs)] * 4,
    maybe(idents),
    maybe(exprs),
)
filterbanks = make(ast.Filterbank, idents, idents, some(calls), maybe(exprs))
neurons = make(
    ast.Neuron,
    idents,
    maybe(docs),
    assigns,
    equations,
    maybe(exprs),
    statements,
    maybe(exprs),
    assigns,
    some(make(ast.Event, idents, exprs), most=1),
    handlers,
    every,
    maybe(idents),
)
rules = make(
    ast.Rule,
    idents,
    maybe(docs),
    one_assign,
    equations,
    handlers,
    maybe(idents),
    some(make(ast.Preset, idents, one_assign, maybe(docs)), most=2),
    some(make(ast.Requirement, idents, declared_units), most=2),
    some(make(ast.Port, idents, maybe(declared_units)), most=2),
    equations,
    st.just(()) | statements,
)
inputs = st.one_of(
    make(ast.PoissonInput, exprs),
    make(ast.SpikesFile, strings),
    make(
        ast.SpikesOfResults,
        make(ast.DataExpr, strings, st.none(), said, st.just(True), maybe(counts)),
    ),
    make(ast.SpikesList, some(st.tuples(exprs, exprs))),
    make(ast.RegularInput, exprs, maybe(exprs), maybe(exprs)),
    make(ast.RatesFile, make(ast.DataExpr, strings, maybe(said)), exprs, maybe(exprs)),
    make(
        ast.RatesOfResults,
        make(ast.DataExpr, strings, maybe(said), said, st.just(True), maybe(counts)),
        st.booleans(),
    ),
)
neuron_paths = idents.map(lambda ident: ast.Path((ident,), span=HERE))
drives = some(make(ast.Drive, idents, idents), most=2)
layers = st.one_of(
    make(
        ast.Layer,
        idents,
        neuron_paths,
        assigns,
        st.none(),
        exprs,
        maybe(idents),
        drives,
        st.none(),
        assigns,
    ),
    make(ast.Layer, idents, st.none(), st.just(()), inputs, maybe(exprs), maybe(idents)),
)
patterns = st.one_of(
    make(ast.Pattern, idents, maybe(exprs), st.none(), maybe(exprs), st.booleans()),
    make(ast.Pattern, idents, st.none(), strings, maybe(exprs)),
)


slices = st.one_of(
    make(ast.Slice, maybe(exprs), maybe(exprs)),
    make(ast.Slice, exprs, st.none(), st.just(True)),
)


@st.composite
def connections(draw):
    pre, post = draw(idents), draw(idents)
    name = draw(idents | st.just(ast.Ident(f"{pre.id}_{post.id}", span=HERE)))
    variables = make(ast.Ident, first_words) | st.just(ast.Ident("spikes", span=HERE))
    bindings = some(make(ast.Binding, idents, variables, idents), most=2)
    rule_use = make(ast.RuleUse, idents, maybe(idents), assigns, bindings)
    starts_with_to = maybe(exprs).filter(lambda e: e is None or not print_expr(e).startswith("to"))
    return draw(
        make(
            ast.Connect,
            *map(st.just, (pre, post, name)),
            st.booleans(),
            patterns,
            some(rule_use, most=2),
            maybe(exprs),
            some(make(ast.Delivery, starts_with_to, idents, st.booleans()), most=2),
            assigns,
            maybe(exprs),
            maybe(exprs),
            maybe(idents),
            handlers,
            every,
            maybe(docs),
            maybe(slices),
            maybe(slices),
        )
    )


paths = make(ast.Path, some(idents, 1, 2))
axes = some(make(ast.Axis, paths, values), 1)
cells = st.recursive(
    names | numbers | quantities, lambda c: make(ast.Unary, st.sampled_from("-+"), c), max_leaves=2
)


@st.composite
def tables(draw):
    headers = draw(some(make(ast.Header, paths, maybe(declared_units)), 1))
    row = st.tuples(*[cells] * len(headers))
    return ast.Table(headers, draw(some(row, 1)), span=HERE)


sweeps = make(
    ast.Sweep,
    some(
        st.one_of(
            tables(),
            make(ast.Grid, axes),
            make(ast.Zip, axes),
            make(ast.FromFile, strings),
            make(ast.RandomSamples, exprs, axes),
        ),
        1,
    ),
    st.just(()) | axes,
    maybe(exprs),
    maybe(exprs),
)
windows = make(
    ast.Window, maybe(some(exprs, 1)), maybe(exprs), maybe(exprs), maybe(some(idents, 1))
)


@st.composite
def of_layers(draw):
    layers, parts = zip(*draw(some(st.tuples(idents, maybe(slices)), 1)), strict=True)
    events = draw(st.just(()) | some(idents, 1))
    return ast.RecordSpikes(layers, parts, draw(windows), events, span=HERE)


records = make(
    ast.Record,
    some(
        of_layers() | make(ast.RecordState, some(idents, 1), idents, maybe(slices), exprs, windows),
        1,
    ),
)
states = idents.filter(lambda ident: ident.id not in ("off", "frozen"))
modifiers = st.one_of(
    make(ast.PlasticityOff),
    make(ast.Frozen, idents),
    make(ast.Off, idents.filter(lambda ident: ident.id != "plasticity")),
    make(ast.SetValue, paths, exprs),
    make(ast.Store, states, st.booleans()),
    make(ast.Restore, states),
    make(ast.Restore, states, st.sampled_from(["of", "except"]), some(paths, 1)),
)
phases = make(ast.Phase, idents, exprs, some(modifiers))
runs = make(
    ast.Run,
    exprs,
    some(st.one_of(phases, make(ast.Repeated, exprs, some(phases, 1)))),
    maybe(exprs),
    maybe(exprs),
)
specs = make(
    ast.Spec,
    idents,
    maybe(docs),
    some(
        st.one_of(
            make(ast.Constants, one_assign),
            make(ast.Use, strings),
            sounds,
            filterbanks,
            neurons,
            rules,
            layers,
            connections(),
            sweeps,
            records,
            runs,
        )
    ),
)


# Properties -------------------------------------------------------------------------------------


@quick
@given(exprs)
def test_expressions_round_trip(expr):
    text = print_expr(expr)
    read = (
        parse(Source("spec.stdp", f"constants:\n    x = {text}\n")).declarations[0].items[0].value
    )
    assert read == expr
    assert read.span.text in (text, text[1:-1])
    assert print_expr(read) == text


@quick
@given(specs)
def test_specs_round_trip(spec):
    text = print_spec(spec)
    read = parse(Source("spec.stdp", text))
    assert read == spec
    assert print_spec(read) == text


@quick
@given(specs)
def test_every_node_has_a_span_inside_its_parent(spec):
    read = parse(Source("spec.stdp", print_spec(spec)))
    for node in ast.walk(read):
        text = node.span.text
        assert node.span.end >= node.span.start
        assert text == text.strip(string.whitespace) or isinstance(node, ast.Doc)
        for child in ast.children(node):
            assert node.span.start <= child.span.start and child.span.end <= node.span.end


@settings(quick, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_specs_give_errors_in_words(section_2, data):
    text = section_2
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 5))
        new = data.draw(
            st.sampled_from(
                [
                    "",
                    " ",
                    "\n",
                    "\t",
                    "    ",
                    '"',
                    '"""',
                    "(",
                    "]",
                    ":",
                    "=",
                    "|",
                    "5ms",
                    "é",
                    "and",
                    "<",
                ]
            )
        )
        text = text[:at] + new + text[at + gone :]
    try:
        read = parse(Source("spec.stdp", text))
    except CompileError as error:
        for diagnostic in error.diagnostics:
            assert diagnostic.code.startswith("SYN")
            for name in ("_NEWLINE", "DEDENT", "LPAR", "__ANON", "NAME", "Token"):
                assert name not in diagnostic.message + diagnostic.help
            assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text) + 1
    else:
        assert parse(Source("spec.stdp", print_spec(read))) == read

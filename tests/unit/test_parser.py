"""Text to tree: the constructs of the language, spans, layout, errors in several places."""

from __future__ import annotations

import textwrap
import time
from dataclasses import FrozenInstanceError

import pytest

from stdpdsl.language import ast
from stdpdsl.language.blocks import Blocks
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.lexer import RESERVED, operators
from stdpdsl.language.parser import MAX_LENGTH, _reader, before, parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.printer.expressions import print_expr
from stdpdsl.language.source import Source, Span

HERE = Span(Source("", ""), 0, 0)


def spec(text: str) -> ast.Spec:
    return parse(Source("spec.stdp", textwrap.dedent(text).lstrip("\n")))


def only(text: str):
    (declaration,) = spec(text).declarations
    return declaration


def expr(text: str) -> ast.Expr:
    return only(f"constants:\n    x = {text}\n").items[0].value


def codes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(CompileError) as caught:
        parse(Source("spec.stdp", text))
    return [(d.code, d.span.text) for d in caught.value.diagnostics]


def grouped(node: ast.Expr) -> str:
    """All parentheses, to see how an expression was read."""
    match node:
        case ast.Binary():
            return f"({grouped(node.left)} {node.op} {grouped(node.right)})"
        case ast.Unary():
            return f"({node.op} {grouped(node.operand)})"
    return print_expr(node)


# Expressions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, reading",
    [
        ("a - b - c", "((a - b) - c)"),
        ("a + b*c", "(a + (b * c))"),
        ("a/b*c", "((a / b) * c)"),
        ("a // b % c", "((a // b) % c)"),
        ("-a**2", "(- (a ** 2))"),
        ("a**-b", "(a ** (- b))"),
        ("a**b**c", "(a ** (b ** c))"),
        ("-a*b", "((- a) * b)"),
        ("not a == b", "(not (a == b))"),
        ("a or not b and c", "(a or ((not b) and c))"),
        ("a + 1 < b and c", "(((a + 1) < b) and c)"),
        ("(a + b)*c", "((a + b) * c)"),
        ("1/5 ms", "(1 / 5 ms)"),
        ("2 ms / tau", "(2 ms / tau)"),
        ("2 ms/tau", "2 ms/tau"),  # a unit, which the checks will not find
        ("2 ms*exp(x)", "(2 ms * exp(x))"),
        ("5 ms and b", "(5 ms and b)"),
        ("5 and b", "(5 and b)"),
        ("andy or nothing", "(andy or nothing)"),
        ("2 nS/cm**2 + x", "(2 nS/cm**2 + x)"),
        ("2 ms**x", "(2 ms ** x)"),
    ],
)
def test_operators(text, reading):
    assert grouped(expr(text)) == reading


def test_quantities():
    value = expr("2.5 nS/cm**2")
    assert isinstance(value, ast.Quantity)
    assert value.number == 2.5 and value.text == "2.5"
    assert [(f.name, f.exponent) for f in value.unit.factors] == [("nS", 1), ("cm", -2)]
    assert [f.span.text for f in value.unit.factors] == ["nS", "cm**2"]
    assert (value.span.text, value.unit.span.text) == ("2.5 nS/cm**2", "nS/cm**2")
    assert isinstance(expr("3").value, int)
    assert isinstance(expr("3.").value, float) and isinstance(expr("3e2").value, float)
    assert expr(".5").value == 0.5 and expr("1e-5").value == 1e-5


def test_lists_share_a_unit():
    value = only("sweep:\n    grid:\n        A1.tau_m = [5, 10, -20,] ms\n").parts[0].axes[0].value
    assert [print_expr(item) for item in value.items] == ["5", "10", "-20"]
    assert value.unit.span.text == "ms"


def test_calls():
    value = expr("uniform(0, hi = wmax) independent per block")
    assert (value.func.id, value.independent) == ("uniform", True)
    assert [print_expr(a) for a in value.args] == ["0"]
    assert [(k.name.id, k.value.id) for k in value.kwargs] == [("hi", "wmax")]


def test_spans_are_exact():
    value = expr("(a + b) * f(c)")
    assert value.span.text == "(a + b) * f(c)"
    assert value.left.span.text == "a + b"
    assert value.right.span.text == "f(c)"


def test_words_are_keywords_only_in_position():
    words = [
        "rate",
        "every",
        "size",
        "model",
        "where",
        "to",
        "from",
        "in",
        "on",
        "blocks",
        "layer",
        "per",
        "off",
        "frozen",
        "event",
    ]
    body = "".join(f"        {word} = 1\n" for word in words)
    rule = only(f"rule r:\n    parameters:\n{body}    on pre: every += size * where\n")
    assert [p.name.id for p in rule.parameters] == words
    assert print_expr(rule.handlers[0].body[0].value) == "size * where"


def test_an_operator_is_never_two_others():
    """Each state's lexer reads all operators, also `//` where only `/` may come."""
    reader = _reader()
    signs = {reader.kinds[name]: name for name in operators(reader.terminals)}
    signs |= dict.fromkeys(("<", ">", "<=", ">=", "==", "!="), "COMPARE")
    tried = [t for t in reader.lexer.root_lexer.terminals if not t.pattern.value.isidentifier()]
    assert {t.name for t in tried[-len(operators(tried)) :]} == operators(tried)  # as lark sorts
    rows = reader.tables.rows
    for sign in signs:
        for cut in range(1, len(sign)):
            first, second = signs.get(sign[:cut]), signs.get(sign[cut:])
            after = [row[first] for row in rows if row.get(first, -1) >= 0]
            assert not any(second in rows[state] for state in after), sign


def test_no_state_of_the_parser_mistakes_a_name_for_a_keyword():
    reader = _reader()
    reserved = {terminal.lower() for terminal in RESERVED}
    for accepts in reader.tables.rows:
        words = {
            reader.kinds[t] for t in accepts if t in reader.kinds and reader.kinds[t].islower()
        }
        if "NAME" in accepts:
            # `deliver: to I`, `w = from "w.npy"`, and what is called so beside the keyword: a
            # filterbank `results`, a phase `repeat`, a connection `store`; a state `off` is not.
            # `on NAME after`, where a side would stand.
            known = {
                "to",
                "from",
                "results",
                "repeat",
                "store",
                "restore",
                "until",
                "off",
                "frozen",
            }
            assert words - reserved <= known | {"after"}


# Declarations -----------------------------------------------------------------------------------


def test_head():
    both = spec('"""What is learned?"""\nmodel map\n\nconstants:\n    a = 1\n')
    assert (both.model.id, both.doc.text) == ("map", "What is learned?")
    after = spec('model map\n"""\nWhat\n  is learned?\n"""\n')
    assert after.doc.text == "What\n  is learned?"
    assert spec('use "rules.stdp"\n').model is None


def test_neuron():
    neuron = only(
        '''
        neuron n:
            """A neuron."""
            equations:
                dv/dt = (ge*(E - v))/tau : volt (unless refractory)
                dw/dt = -w/tau : 1 in [0, wmax] (event-driven, constant over dt)
                g = 3 nS*x : siemens / meter**2
                chosen : integer (shared)
                b : 1 in [-80, 0] mV
            threshold: poisson(15 Hz)
            reset:
                v = v_rest
                w += 1
            event burst: v > 1
            on burst: w -= 1
            every 60 ms: chosen = integers(0, 5)
            method: exponential_euler
        '''
    )
    v, w, g, chosen, b = neuron.equations
    assert (v.kind, v.name.id, v.name.span.text) == ("ode", "v", "v")
    assert [[word.id for word in flag] for flag in v.flags] == [["unless", "refractory"]]
    assert [[word.id for word in flag] for flag in w.flags] == [
        ["event-driven"],
        ["constant", "over", "dt"],
    ]
    assert print_expr(w.bounds.high) == "wmax"
    assert (g.kind, chosen.kind) == ("subexpression", "parameter")
    assert [(f.name, f.exponent) for f in g.unit.factors] == [("siemens", 1), ("meter", -2)]
    assert (print_expr(b.bounds.low), print_expr(b.bounds.high)) == ("-80 mV", "0 mV")
    assert len(neuron.reset) == 2 and neuron.events[0].name.id == "burst"
    assert neuron.handlers[0].trigger.id == "burst"
    assert print_expr(neuron.every[0].period) == "60 ms"
    assert neuron.method.id == "exponential_euler"


@pytest.mark.parametrize(
    "clause, kind, canonical",
    [
        ("poisson: 15 Hz * (1 + sin(t))", ast.PoissonInput, None),
        ('spikes: from "file.parquet"', ast.SpikesFile, None),
        ("spikes: [(0, 10 ms),\n      (1, 12 ms)]", ast.SpikesList, None),
        ("regular: 20 Hz from 100 ms to 1.1 s", ast.RegularInput, None),
        ("regular: 20 Hz", ast.RegularInput, None),
        ('rates: from "rates.npy" every 350 ms, gap 150 ms', ast.RatesFile, None),
        ('rates: from results "a.results" layer A * 2, repeat', ast.RatesOfResults, None),
    ],
)
def test_inputs(clause, kind, canonical):
    layer = spec(f"layer x:\n    {clause}\n    size: 2\n").declarations[0]
    assert isinstance(layer.source, kind)


def test_layer_and_connection():
    layer = only("layer A1:\n    neuron: cortical(tau_m = 20 ms)\n    drive: I from cochlea\n")
    assert layer.neuron.dotted == "cortical" and layer.arguments[0].name.id == "tau_m"
    assert layer.drive[0].filterbank.id == "cochlea"
    assert only("layer A1:\n    drive: I from results\n").drive[0].filterbank.id == "results"
    connect = only(
        """
        connect A -> B as ff across blocks:
            pattern: random(p = 0.15*exp(-(x_pre - x_post)**2)) independent per block where i != j
            plasticity: triplet.visual_cortex_minimal(wmax = 2)
            deliver: w * 1 nS to g
            deliver continuously: A*y to I_syn
            axonal delay: 1 ms
            dendritic delay: uniform(0 ms, 2 ms)
            ties: post first
            on pre after 13.7 ms: deliver
            every 350 ms: normalise w per post to 78.4
        """
    )
    assert connect.across_blocks and connect.name.id == "ff"
    assert connect.pattern.independent and print_expr(connect.pattern.where) == "i != j"
    assert connect.plasticity[0].preset.id == "visual_cortex_minimal"
    assert [d.continuously for d in connect.delivery] == [False, True]
    assert connect.ties.id == "post"
    assert print_expr(connect.handlers[0].after) == "13.7 ms"
    assert connect.handlers[0].body[0] == ast.Deliver(None, span=HERE)
    normalise = connect.every[0].body[0]
    assert (normalise.side.id, print_expr(normalise.total)) == ("post", "78.4")
    pairs = only(
        'connect A -> B:\n    pattern: pairs from "edges.csv" where i < j\n    delay: 2 ms\n'
    )
    assert (pairs.name.id, pairs.pattern.path.value) == ("A_B", "edges.csv")
    assert print_expr(pairs.axonal_delay) == "2 ms"


def test_sweep():
    sweep = only(
        """
        sweep:
            table:                       # rows written out
                | Apre | A1.taupre [ms] | feedforward.preset |
                | 0.01 | 20             | hippocampus        |

                # a remark
                | -0.2 | 10 ms          | visual             |
            grid: wmax = geomspace(0.01, 1, 5)
            zip:
                A1.tau_m = [10, 20] ms
                A1.gain = [1, 2] volt
            from: "parameters.csv"
            random: 1000 samples
                Apre = loguniform(1e-4, 1e-1)
            derive:
                Apost = -1.05 * Apre * taupre/taupost
            where: Apre < wmax
            replicates: 5
        """
    )
    table, grid, zipped, file, random = sweep.parts
    assert [header.path.dotted for header in table.headers] == [
        "Apre",
        "A1.taupre",
        "feedforward.preset",
    ]
    assert [[print_expr(cell) for cell in row] for row in table.rows] == [
        ["0.01", "20", "hippocampus"],
        ["-0.2", "10 ms", "visual"],
    ]
    assert table.row_spans[1].text == "| -0.2 | 10 ms          | visual             |"
    assert isinstance(grid, ast.Grid) and isinstance(zipped, ast.Zip)
    assert file.path.value == "parameters.csv" and print_expr(random.samples) == "1000"
    assert print_expr(sweep.replicates) == "5" and len(sweep.derive) == 1


def test_sound_and_presets():
    sound = only('sound s:\n    stimuli: files("*.wav", labels = "meta.csv", gain = 2)\n')
    assert sound.stimuli.args[0] == ast.StringExpr("*.wav", span=HERE)
    assert sound.stimuli.kwargs[0].value == ast.StringExpr("meta.csv", span=HERE)
    rule = only(
        '''
        rule triplet:
            presets:
                minimal: A2plus = 0, A3plus = 6.5e-3
                full:
                    """Table 4."""
                    A2plus = 5e-10
        '''
    )
    minimal, full = rule.presets
    assert [v.name.id for v in minimal.values] == ["A2plus", "A3plus"]
    assert full.doc.text == "Table 4."


def test_phases_and_record():
    run, record = spec(
        """
        run:
            phases:
                settle: 10 s, plasticity off
                test: probes, inhibit off, feedforward frozen, set stdp.eta = 0.01
        record:
            spikes of AN, A1
            w, apre of ff every 1 s in blocks 0, 3
        """
    ).declarations
    settle, test = run.phases
    assert settle.modifiers == (ast.PlasticityOff(span=HERE),)
    off, frozen, change = test.modifiers
    assert (off.connection.id, frozen.connection.id) == ("inhibit", "feedforward")
    assert change.path.dotted == "stdp.eta"
    assert [v.id for v in record.items[1].variables] == ["w", "apre"]
    assert [print_expr(b) for b in record.items[1].blocks] == ["0", "3"]


# Layout -----------------------------------------------------------------------------------------


def test_line_ends_and_byte_order_mark():
    plain = "constants:\n    a = 5 ms\n\n    # remark\n    b = [1,\n 2]\n".replace(
        "b = [1,\n 2]", "b = (1 +\n 2)"
    )
    expected = spec(plain)
    windows = plain.replace("\n", "\r\n")
    for text in (windows, "\ufeff" + plain, "\ufeff" + windows, plain.rstrip("\n"), "\n\n" + plain):
        read = parse(Source("spec.stdp", text))
        assert read == expected
        assert read.declarations[0].items[0].value.span.text == "5 ms"
    assert codes(windows.replace("5 ms", "5ms")) == [("SYN008", "5ms")]
    assert codes("\ufeffconstants:\r\n    a = 5ms\r\n")[0][0] == "SYN008"


def test_comments_at_any_column():
    text = 'constants: # c\n  # c\n    a = 1 # c\n# c\n    b = 2\n        # c\nuse "x" # c'
    assert len(spec(text).declarations) == 2


# Errors -----------------------------------------------------------------------------------------


def test_one_error_for_each_declaration():
    text = (
        "constants:\n    a = 5ms\n    b = 2^3\n\n"
        "layer A1:\n    sise: 10\n\n"
        "layer A2:\n    size: 10\n    size: 11\n\n"
        "sweep:\n    grid:\n        a = geomspace(1, 2\n\n"
        "run:\n    duration = 10 s\n"
    )
    assert codes(text) == [
        ("SYN008", "5ms"),
        ("SYN024", "sise"),
        ("SYN026", "size"),
        ("SYN014", "("),
        ("SYN006", "="),
    ]


def test_no_cascades():
    assert codes("constants:\na = 1\nb = 2\n") == [("SYN027", "constants:")]
    assert codes('rule a:\n    """open\n    on pre: w += 1\n\nlayer x:\n    size: 1\n') == [
        ("SYN013", '"""')
    ]
    inside = "constants:\n    a = f(1,\nb, [2,\n3]) 5\n\nlayer x:\n    size: 3\n"
    assert codes(inside) == [("SYN001", "5")]


def test_limits():
    start = time.perf_counter()
    for text in ("(" * 5000 + "a" + ")" * 5000, "+".join(["a"] * 10_000), "-" * 10_000 + "a"):
        assert [code for code, _ in codes(f"constants:\n    x = {text}\n")] == ["SYN028"]
    assert codes("constants:\n    x = " + "f(" * 300 + "\n")[0][0] == "SYN028"
    assert codes("#" * (MAX_LENGTH + 1))[0][0] == "SYN028"
    assert codes("constants:\n    x = " + "9" * 5000 + "\n")[0][0] == "SYN023"
    assert time.perf_counter() - start < 30
    assert print_expr(expr("+".join(["a"] * 150))).count("+") == 149


@pytest.mark.parametrize(
    "text",
    ["", "\n", "\t", "# remark", "\x00", '"', '"""', "(", ")", "|", ":", "model", "model m\n  x"],
)
def test_odd_files_give_an_error(text):
    assert codes(text)


def test_every_prefix_gives_an_error_or_a_tree(section_2):
    for end in range(0, len(section_2), 37):
        try:
            parse(Source("spec.stdp", section_2[:end]))
        except CompileError as error:
            for diagnostic in error.diagnostics:
                assert diagnostic.message and "_NEWLINE" not in diagnostic.message
                assert diagnostic.span.end <= end + 1


# Broken texts ------------------------------------------------------------------------------------


def test_what_can_be_read_of_a_broken_text(section_2):
    """A broken line costs that line, and at worst its declaration."""
    whole = parse(Source("spec.stdp", section_2))
    assert Blocks("spec.stdp").salvage(section_2) == whole
    text = section_2.replace("gain = 1 volt", "gain = 1 +").replace(
        "size: 10\n    scope: shared", "si\n    scope: shared"
    )
    found = Blocks("spec.stdp").salvage(text)
    assert len(found.declarations) == len(whole.declarations)
    nerve, cortical, _ = found.of(ast.Neuron)
    assert [[p.name.id for p in n.parameters] for n in (nerve, cortical)] == [["tau_m"]] * 2
    assert found.of(ast.Layer)[0].size is None
    assert [d.span.text.split("\n")[0] for d in found.declarations] == [
        d.span.text.split("\n")[0] for d in whole.declarations
    ]
    without = Blocks("spec.stdp").salvage(section_2.replace("layer A1:", "layer A1"))
    assert {d.name.id for d in whole.of(ast.Layer)} - {
        d.name.id for d in without.of(ast.Layer)
    } == {"A1"}
    assert Blocks("spec.stdp").salvage("(").declarations == ()


def test_what_may_follow_at_a_place():
    text = "layer A:\n    siz\n    scope: \n\nneuron n:\n    thre\n    reset: v = 1 +  # here\n"
    source = Source("spec.stdp", text)

    def at(piece):
        return before(source, text.index(piece) + len(piece))

    assert {"size", "scope", "drive"} <= at("layer A:\n    ").expected
    assert at("scope: ").expected == {"NAME"} and at("scope: ").context({"scope"}) == "scope"
    assert {"threshold", "reset"} <= at("neuron n:\n    ").expected  # the broken line above is not
    assert {"NAME", "NUMBER", "("} <= at("1 + ").expected
    assert at("# he") is None


def test_nodes_do_not_change():
    (constants,) = parse(Source("s.stdp", "constants:\n    x = 1\n")).declarations
    for change in (
        lambda: setattr(constants, "items", ()),
        lambda: setattr(constants, "meaning", 1),
        lambda: delattr(constants, "items"),
    ):
        with pytest.raises(FrozenInstanceError):
            change()
    assert len(constants.items) == 1


def test_an_argument_may_be_called_normalise():
    """brian2hears' noises have it, and it is otherwise a word of the language."""
    text = "sound s:\n    stimuli: pinknoise(20 ms, normalise = true)\n"
    spec = parse(Source("spec.stdp", text))
    assert print_spec(spec) == text and parse(Source("again.stdp", print_spec(spec))) == spec

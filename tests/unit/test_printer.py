"""The canonical text of specs and expressions."""

from __future__ import annotations

import pytest

from stdpdsl.language.comments import formatted
from stdpdsl.language.parser import parse
from stdpdsl.language.printer import print_spec
from stdpdsl.language.printer.expressions import print_expr
from stdpdsl.language.source import Source


def canonical(text: str) -> str:
    return print_spec(parse(Source("spec.stdp", text)))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("((a))+(b*c)", "a + b * c"),
        ("(a-b)-(c-d)", "a - b - (c - d)"),
        ("a/(b*c)", "a / (b * c)"),
        ("(a/b)*c", "a / b * c"),
        ("(-a)**2", "(-a)**2"),
        ("-(a**2)", "-a**2"),
        ("a**(-b)", "a**-b"),
        ("(a**b)**c", "(a**b)**c"),
        ("a**(b**c)", "a**b**c"),
        ("not(a<b)", "not a < b"),
        ("(not a) and (b or c)", "not a and (b or c)"),
        ("not (a and b)", "not (a and b)"),
        ("(not a) == b", "(not a) == b"),
        ("(a<b)==(c<d)", "(a < b) == (c < d)"),
        ("-(a+b)", "-(a + b)"),
        ("(5 ms)**2", "(5 ms)**2"),
        ("(5 ms)*tau", "5 ms * tau"),
        ("1/(5 ms)", "1 / 5 ms"),
        ("2 nS*cm**-2", "2 nS/cm**2"),
        ("f( x,y ,lo=1 )", "f(x, y, lo = 1)"),
    ],
)
def test_expressions(text, expected):
    spec = parse(Source("spec.stdp", f"constants:\n    x = {text}\n"))
    assert print_expr(spec.declarations[0].items[0].value) == expected


def test_a_whole_spec(section_2):
    text = canonical(section_2)
    assert parse(Source("spec.stdp", text)) == parse(Source("spec.stdp", section_2))
    assert canonical(text) == text
    # Only operators are spaced otherwise than there.
    assert text.replace(" ", "").replace("/(1ms)", "/1ms") == section_2.replace(" ", "").replace(
        "/(1ms)", "/1ms"
    )


def test_layout():
    messy = '''


use   "a.stdp"
use "b.stdp"
rule r:   # a remark
  """ One.

     Two,
       three. """
  presets:
     p: a=1,b=2
     q:
       QQQTable 4.QQQ
       a = 1
  on pre:
     w+=1
sweep:
  table:
     | Apre | taupre [ms] |
     |0.1|-20|
connect A->B as A_B: pattern: random(0.1) where i!=j
'''.replace("QQQ", '"""')
    assert (
        canonical(messy)
        == '''use "a.stdp"
use "b.stdp"

rule r:
    """One.

    Two,
      three.
    """
    presets:
        p: a = 1, b = 2
        q:
            """Table 4."""
            a = 1
    on pre: w += 1

sweep:
    table:
        | Apre | taupre [ms] |
        | 0.1  | -20         |

connect A -> B:
    pattern: random(p = 0.1) where i != j
'''
    )


def test_docstrings_keep_their_shape():
    for doc in ("One", "", 'Ends with a "quote"', "One\nTwo", "One\n  Two", "One\n\n  Two\n Three"):
        indented = doc.replace("\n", "\n    ")
        text = canonical(f'rule r:\n    """\n    {indented}\n    """\n    method: euler\n')
        read = parse(Source("spec.stdp", text)).declarations[0].doc
        assert read.text == doc
        assert canonical(text) == text


def test_recording_several_components_stays_one_line():
    apart = "    w of ii every 1 s\n    w of ei every 1 s\n"
    found = canonical(f"record:\n    w,x of ee , ie every 1 s in blocks 0\n{apart}")
    assert found == f"record:\n    w, x of ee, ie every 1 s in blocks 0\n{apart}"
    said = "record:\n    w of ee, ie every 1 s  # both\n    # the last\n    spikes of A\n"
    assert formatted(Source("spec.stdp", said)) == said

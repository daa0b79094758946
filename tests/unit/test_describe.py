"""The tables that describe a network: their formulae are right, and LaTeX takes them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from stdpdsl import cli
from stdpdsl.compiler import library
from stdpdsl.language import ast
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source
from stdpdsl.report.formulae import equation, formula, identifier, statement

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.stdp"))
# What they read is not included: recordings, and the results of an earlier run.
WITHOUT_FILES = {"auditory_recordings", "diehl_cook_2015_test"}


def expr(text):
    spec = parse(Source("s.stdp", f"constants:\n    x = {text}\n"))
    return spec.of(ast.Constants)[0].items[0].value


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("a + b*c", r"a + b\,c"),
        ("(a + b)*c", r"\left(a + b\right)\,c"),
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("a - b - c", r"a - b - c"),
        ("a*-b", r"a\,\left(-b\right)"),
        ("a + -b", r"a + \left(-b\right)"),
        ("-(a + b)", r"-\left(a + b\right)"),
        ("(-a)**2", r"\left(-a\right)^{2}"),
        ("-a**2", r"-a^{2}"),
        ("(a/b)**2", r"\left(\frac{a}{b}\right)^{2}"),
        ("a/b/c", r"\frac{\frac{a}{b}}{c}"),
        ("a*(b % c)", r"a\,\left(b \,\mathrm{mod}\, c\right)"),
        ("a*2", r"a \cdot 2"),
        ("5 mV/(10 ms)", r"\frac{5\,\mathrm{mV}}{10\,\mathrm{ms}}"),
        ("2 nS/cm**2", r"2\,\mathrm{nS}\,\mathrm{cm}^{-2}"),
        ("1e-5", r"10^{-5}"),
        ("2.5e3*a", r"2.5 \cdot 10^{3}\,a"),
        ("exp(-a)**2", r"\left(\exp\left(-a\right)\right)^{2}"),
        ("int(a > b)*c", r"\left[a > b\right]\,c"),
        ("not (a < b and b < c)", r"\neg \left(a < b \wedge b < c\right)"),
        ("a < (b < c)", r"a < \left(b < c\right)"),
        ("clip(a, 0, 1)", r"\mathrm{clip}\left(a, 0, 1\right)"),
    ],
)
def test_formulae(text, wanted):
    assert formula(expr(text)) == wanted


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("v", "v"),
        ("tau", r"\tau"),
        ("tau_m", r"\tau_{m}"),
        ("tau_theta", r"\tau_{\theta}"),
        ("v_post", r"v_{\mathrm{post}}"),
        ("wmax", r"w_{\mathrm{max}}"),
        ("gain", r"\mathrm{gain}"),
        ("taupre", r"\tau_{\mathrm{pre}}"),
        ("A2plus", r"\mathrm{A2plus}"),
        ("v_rest_post", r"v_{\mathrm{rest},\mathrm{post}}"),
    ],
)
def test_names(name, wanted):
    assert identifier(name) == wanted


def formulae():
    """Every formula of the gallery and of the library."""
    specs = [parse(Source(p.name, p.read_text(encoding="utf-8"))) for p in SPECS]
    for node in [*library().values(), *(d for spec in specs for d in spec.declarations)]:
        for part in ast.walk(node):
            if isinstance(part, ast.Equation):
                yield equation(part)
            elif isinstance(part, ast.Statement):
                yield statement(part)
            elif isinstance(part, ast.Assign):
                yield formula(part.value)


@pytest.mark.slow
def test_matplotlib_reads_every_formula():
    """A reader of LaTeX's mathematics that is not ours."""
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    found = sorted(set(formulae()))
    assert len(found) > 300
    for text in found:
        parser.parse(f"${text}$")


@pytest.mark.parametrize("path", SPECS, ids=lambda p: p.stem)
def test_each_spec_is_described(path, capsys):
    if path.stem in WITHOUT_FILES:
        return
    assert cli.main(["describe", str(path)]) == 0
    text = capsys.readouterr().out
    spec = parse(Source(path.name, path.read_text(encoding="utf-8")))
    titles = re.findall(r"^## ([A-Z]): (.*)$", text, re.MULTILINE)
    assert [letter for letter, _ in titles] == [chr(65 + k) for k in range(len(titles))]
    assert [t for _, t in titles][:3] == ["Model summary", "Populations", "Connectivity"]
    for layer in spec.of(ast.Layer):
        assert f"\n| {layer.name.id} |" in text
    for connect in spec.of(ast.Connect):
        assert f"\n| {connect.name.id} | {connect.pre.id} | {connect.post.id} |" in text
        for use in connect.plasticity:
            assert f": Plasticity: {use.rule.id}\n" in text
    for line in text.split("\n"):
        if line.startswith("| "):
            cells = re.sub(r"\\\|", "", line).count("|") - 1
            assert cells in (2, 3, 4), line


def test_latex_is_well_formed(capsys):
    for path in SPECS:
        if path.stem in WITHOUT_FILES:
            continue
        assert cli.main(["describe", str(path), "--format", "latex"]) == 0
        text = capsys.readouterr().out
        assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") > 4
        bare = re.sub(r"\\[{}$%&#_]", "", text)
        assert bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0
        outside = re.sub(r"\$[^$]*\$", "", bare)
        body = outside.partition(r"\begin{document}")[2]
        assert not re.search(r"[_^#%]", body), re.search(r".{20}[_^#%].{20}", body)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="takes LaTeX")
@pytest.mark.parametrize("name", ["auditory_map", "clopath_2010", "dopamine_delay"])
def test_latex_compiles(name, tmp_path):
    out = tmp_path / "d.tex"
    path = str(ROOT / "specs" / f"{name}.stdp")
    assert cli.main(["describe", path, "--format", "latex", "-o", str(out)]) == 0
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


def test_what_cannot_be_described(tmp_path, capsys):
    path = tmp_path / "s.stdp"
    path.write_text("model m\nlayer A:\n    size: 1\n")
    assert cli.main(["describe", str(path)]) == 1
    assert "error[CLAUSE001]" in capsys.readouterr().err
    path.write_text("constants:\n    a = 1\n")
    assert cli.main(["describe", str(path)]) == 1
    out = tmp_path / "d.md"
    out.write_text("mine")
    good = str(ROOT / "specs" / "stdp_window.stdp")
    assert cli.main(["describe", good, "-o", str(out)]) == 2
    assert out.read_text() == "mine" and "exists already" in capsys.readouterr().err
    assert cli.main(["describe", good, "-o", str(tmp_path / "e.md")]) == 0
    assert (tmp_path / "e.md").read_text().startswith("# stdp_window\n")

"""Whatever valid spec: it compiles, its script is data, and the promises hold when it runs.

Each day draws other specs, see by_day.py. `STDPDSL_SPECS=10000 pytest -n0
tests/run/test_whole_specs.py` tries more than 30, and `STDPDSL_RUNS=300` runs more than two.
Specs that once failed are in `failed/`.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest
from by_day import DAY
from hypothesis import HealthCheck, Phase, given, seed, settings
from running import assert_same, run_text
from script_audit import audit
from test_plain_scripts import assert_equal_values, run_plain_here
from whole_specs import whole_specs

from stdpdsl.compiler import compile_source
from stdpdsl.language.comments import formatted
from stdpdsl.language.diagnostics import CompileError, render
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source
from stdpdsl.results.reader import load

SPECS = int(os.environ.get("STDPDSL_SPECS", "30"))
RUNS = int(os.environ.get("STDPDSL_RUNS", "2"))
FAILED = sorted((Path(__file__).parent / "failed").glob("*.stdp"))


def many(count, *more):
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.explicit, Phase.generate, *more],
    )


def script_of(text, lowering="synapse"):
    return compiled(text, lowering).run_script


def compiled(text, lowering="synapse"):
    try:
        return compile_source(Source("s.stdp", text), Path("."), [], lowering, "numpy")
    except CompileError as error:
        raise AssertionError(render(error.diagnostics) + text) from None


def without_spec(script):
    """A script but for the text of its spec."""
    script = re.sub(r"^SPEC = .*$", "", script, flags=re.MULTILINE)
    return re.sub("SHA-256 begins [0-9a-f]+", "", script)


def check_script(text):
    scripts = [script_of(text, lowering) for lowering in ("synapse", "namespace")]
    for script in scripts:
        assert audit(script) == []
    assert script_of(text) == scripts[0]
    source = Source("s.stdp", text)
    canonical = formatted(source)
    assert formatted(Source("s.stdp", canonical)) == canonical
    assert parse(Source("s.stdp", canonical)) == parse(source)
    assert without_spec(script_of(canonical)) == without_spec(scripts[0])


def check_run(text):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = run_text(folder, text, name="whole")
        assert_same(run_text(folder, text, "namespace", name="apart"), whole)
        assert_equal_values(run_plain_here(folder, compiled(text).script), whole)
        blocks = whole["blocks"]
        assert (blocks["status"] == "ok").all()
        results = load(folder / "whole")
        for k in sorted({0, int(blocks["block"].max())}):
            if "replicate" in blocks and blocks["replicate"].iloc[-1] > 0:
                break  # a replicate alone cannot be asked for
            alone = run_text(folder, one_row(text, results, k), name=f"alone{k}")
            assert_same(block(alone, 0), block(whole, k))


def block(tables, number):
    return {
        name: t[t["block"].isna() | (t["block"] == number)]
        .drop(columns=["block", *(["replicate"] if "replicate" in t else [])])
        .reset_index(drop=True)
        for name, t in tables.items()
    }


def one_row(text, results, k):
    """A spec whose sweep is row k of another's, in SI units."""
    if "\nsweep:" not in text:
        return text
    row = results.table("blocks").to_pandas().query("block == @k").iloc[0]
    columns = [c for c in results.units if c in row and c not in ("replicate", "stopped_after")]
    start = text.index("\nsweep:")
    end = text.index("\nrecord:", start)
    dotted = re.findall(r"\b\w+\.[A-Za-z]\w*", text[start:end])
    names = {c: next((d for d in dotted if d.endswith(f".{c}")), c) for c in columns}
    units = {c: f" [{results.units[c]}]" if results.units[c] != "1" else "" for c in columns}
    heads = [names[c] + units[c] for c in columns]
    cells = [repr(float(row[c])) for c in columns]
    lines = "".join(f"        | {' | '.join(line)} |\n" for line in (heads, cells))
    return f"{text[:start]}\nsweep:\n    table:\n{lines}{text[end:]}"


@seed(DAY)
@many(SPECS, Phase.shrink)
@given(whole_specs())
def test_every_spec_compiles_to_data(text):
    check_script(text)


@seed(DAY)
@many(RUNS)
@given(whole_specs())
def test_the_promises_hold(text):
    check_run(text)


@pytest.mark.parametrize("path", FAILED, ids=lambda path: path.stem)
def test_what_once_failed(path):
    text = path.read_text(encoding="utf-8")
    check_script(text)
    check_run(text)

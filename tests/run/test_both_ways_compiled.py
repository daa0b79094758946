"""The specs that run both ways on numpy, on both compiled targets: what numpy gives."""

from importlib import import_module

import pytest
from running import run_apart, run_text, script_of
from test_language_compiled import assert_close

MODULES = (
    "events",
    "first_values",
    "functions_and_counts",
    "ports_by_element",
    "records",
    "several_synapses",
    "slices",
    "symmetric",
)


CASES = [(name, target) for name in MODULES for target in ("cpp_standalone", "cython")]
LONGEST = ("events", "cython")  # two minutes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target"),
    [pytest.param(*c, marks=pytest.mark.long) if c == LONGEST else c for c in CASES],
)
@pytest.mark.in_turn(2)
def test_compiled(name, target, tmp_path):
    module = import_module(f"test_{name}")
    rows = (row if row.lstrip().startswith("|") else f"        | {row} |" for row in module.ROWS)
    text = module.SPEC.replace("{rows}", "\n".join(rows))
    expected = run_text(tmp_path, text)
    script = script_of(text, "synapse", tmp_path, target=target)
    tables = run_apart(tmp_path, script, "compiled", target=target, data=tmp_path)
    assert tables.keys() == expected.keys()
    for table, frame in tables.items():
        assert_close(frame, expected[table])

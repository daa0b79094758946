"""Every part of the language as a compiled program: the tests of test_language.py, whose specs run
on C++ standalone here, and must also give what numpy gives."""

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import test_language
from by_day import in_turn
from running import run_apart, run_text, script_of

TESTS = [f for name, f in vars(test_language).items() if name.startswith("test_")]


def compiled(folder, text, lowering="synapse", name="out", sets=()):
    """Run on C++ standalone, and compare with numpy."""
    script = script_of(text, lowering, Path(folder), target="cpp_standalone", sets=sets)
    tables = run_apart(folder, script, name, target="cpp_standalone", data=folder)
    expected = run_text(folder, text, lowering, f"{name}_numpy", sets)
    assert tables.keys() == expected.keys()
    for table, frame in tables.items():
        assert_close(frame, expected[table])
    return tables


def assert_close(frame, expected):
    """The same rows; numbers as exp() differs between libraries."""
    pd.testing.assert_index_equal(frame.columns, expected.columns)
    assert len(frame) == len(expected)
    for name in frame:
        one, other = frame[name], expected[name]
        if one.dtype == float:
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-15, err_msg=name)
        else:
            pd.testing.assert_series_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("test", in_turn(TESTS, 4), ids=lambda f: f.__name__)
def test_compiled(test, tmp_path, monkeypatch, tmp_path_factory):
    cache = tmp_path_factory.getbasetemp() / "compiled-cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    for name in ("both", "run_text"):
        monkeypatch.setattr(test_language, name, compiled)
    arguments = {"tmp_path": tmp_path, "lowering": "synapse"}
    test(**{name: arguments[name] for name in inspect.signature(test).parameters})

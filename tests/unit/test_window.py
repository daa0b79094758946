"""`stdpdsl window`: specs that measure windows, the curves that come out, how they are drawn."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from stdpdsl import cli
from stdpdsl.compiler import check_text, library
from stdpdsl.language.diagnostics import render
from stdpdsl.language.source import Source
from stdpdsl.window.curves import Curve, curves, labels
from stdpdsl.window.request import Misasked, asked
from stdpdsl.window.show import draw, table
from stdpdsl.window.spec import NO_WINDOW, PROTOCOLS, SHOWN, STARTS, Protocol, Window, window_spec

WITH_WINDOW = [name for name in library() if name not in NO_WINDOW]
EXPECTED = {"graupner_brunel": {"RUN001", "RUN008"}}
"""Warnings of the rule itself: it is noisy, and a published delay is no multiple of 0.1 ms."""


def measured(name, *settings, protocol):
    """By runs of NumPy, a few lags each."""
    return curves(asked(name, settings, library()), protocol, "numpy", lambda event: None)


def test_every_rule_is_known():
    assert {*NO_WINDOW, *PROTOCOLS, *SHOWN, *STARTS} <= set(library())
    assert len(WITH_WINDOW) >= 25


@pytest.mark.parametrize("name", WITH_WINDOW)
def test_every_window_has_a_spec_without_fault(name):
    protocol = PROTOCOLS.get(name, Protocol())
    for window in (
        Window(library()[name]),
        *(Window(library()[name], preset.name.id) for preset in library()[name].presets),
    ):
        text = window_spec(window, protocol)
        _, found = check_text(Source("window.stdp", text), Path("."), [])
        found = [d for d in found if d.code not in EXPECTED.get(name, ())]
        assert not found, render(found)


def test_the_additive_window():
    first, second = measured("pair_additive", "taupre=[10, 20] ms", protocol=Protocol(count=8))
    assert (first.label, second.label) == ("taupre = 10 ms", "taupre = 20 ms")
    for curve, taupre in ((first, 0.01), (second, 0.02)):
        lag = curve.lags
        np.testing.assert_allclose(lag, (np.arange(8) * 2 - 7) * 0.0125, rtol=1e-9)
        window = np.where(lag > 0, 0.01 * np.exp(-lag / taupre), -0.0105 * np.exp(lag / 0.02))
        np.testing.assert_allclose(curve.change, window, rtol=1e-9)


def test_pairs_that_follow_each_other():
    """Of the triplet rule a second post spike potentiates more; a weight may be given."""
    protocol = Protocol(pairs=2, rate=5, reach=0.02, count=2)
    (curve,) = measured("triplet.hippocampus_full", "w=0.5", protocol=protocol)
    o1 = np.exp(-0.19 / 0.0337)
    near, far = np.exp(-0.01 / 0.0168), np.exp(-0.21 / 0.0168)
    up = near * 6.1e-3 + (near + far) * (6.1e-3 + 6.7e-3 * np.exp(-0.2 / 0.027))
    down = o1 * (1.6e-3 + 1.4e-3 * np.exp(-0.2 / 0.946))
    assert curve.change[1] == pytest.approx(up - down, rel=1e-9)


def test_a_target_that_is_driven():
    """Of a rule with a value port, which is given; the target spikes when it is to."""
    first, second = measured("mstdp", "r=[1, -2]", protocol=Protocol(count=2))
    expected = 0.1 * np.exp(-0.05 / 0.02) * np.array([-1, 1])
    np.testing.assert_allclose(first.change, expected, rtol=1e-9)
    np.testing.assert_allclose(second.change, -2 * expected, rtol=1e-9)
    assert (first.label, second.label) == ("r = 1", "r = -2")


def test_presets_side_by_side():
    window = asked(
        "triplet", ["preset=[visual_cortex_full, hippocampus_full]", "wmax=3"], library()
    )
    assert labels(window) == ["visual_cortex_full", "hippocampus_full"]
    _, found = check_text(Source("w", window_spec(window, Protocol())), Path("."), [])
    assert found == []


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("pair_aditive", [], "no rule `pair_aditive` in the library; did you mean `pair_add"),
        ("triplet.visual", [], "`triplet` has no preset `visual`"),
        ("vogels.any", [], "`vogels` has no preset `any`; it has none"),
        ("vogels", ["taux=3 ms"], "`vogels` has no parameter `taux`; did you mean `tau`?"),
        ("vogels", ["tau=3 ms", "tau=[1, 2] ms"], "`tau` is given twice"),
        ("triplet", ["preset=[visual_cortex_ful]"], "did you mean `visual_cortex_full`?"),
        ("vogels", ["wmax=[1, 2, 3]", "eta=[1, 2, 3]"], "more than 7 sets"),
    ],
)
def test_what_is_wrongly_asked(name, settings, told):
    with pytest.raises(Misasked) as error:
        asked(name, settings, library())
    assert told in str(error.value)


def test_the_command(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["window", "oja"]) == 1
    assert "there is no STDP window: `oja` follows rates" in capsys.readouterr().err
    assert cli.main(["window", "vogels", "tau=3 mV"]) == 1
    assert "window.stdp:" in (told := capsys.readouterr().err) and "expected time" in told
    assert cli.main(["window", "vogels", "tau=3 ("]) == 1
    assert "SYN" in capsys.readouterr().err
    assert cli.main(["window", "voggels"]) == 2
    assert cli.main(["window", "vogels", "-o", "w.pdf"]) == 2
    assert "drawn as .png or .svg" in capsys.readouterr().err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main(["window", "vogels", "-o", "w.png"]) == 2
    assert "pip install matplotlib" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_a_table(capsys):
    assert cli.main(["window", "vogels", "--reach", "20", "--target", "numpy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "vogels, 1 pair: change of w against the lag, post - pre"
    assert lines[2].split("  ")[0] == "lag [ms]" and len(lines) == 23
    lag, change = map(float, lines[3].split())
    # A pair, and what a pre spike takes by itself.
    assert (lag, change) == (-19, pytest.approx(1e-4 * (np.exp(-0.95) - 0.2), rel=1e-3))


CURVES = [Curve("A = 1", np.array([-0.03, -0.01, 0.01, 0.03]), np.array([-1, -2, 2, 1]) * 1e-5)]


def test_a_table_has_a_line_for_each_lag():
    window, protocol = asked("stdsp", ["Pmax=20"], library()), Protocol(60, 5.0)
    assert table(window, protocol, CURVES) == (
        "stdsp, Pmax = 20, 60 pairs at 5 Hz: change of permanence against the lag, post - pre\n\n"
        "lag [ms]   A = 1\n     -30  -1e-05\n     -10  -2e-05\n      10   2e-05\n      30   1e-05\n"
    )


@pytest.mark.parametrize("name", ["w.png", "w.svg"])
def test_it_is_drawn(tmp_path, name):
    pytest.importorskip("matplotlib")
    path = Path(name)
    window = asked("pair_additive", ["Apre=[1, 2]"], library())
    data = draw(window, Protocol(reach=0.04), [*CURVES, *CURVES], path.suffix)
    if path.suffix == ".png":
        assert data.startswith(b"\x89PNG") and data[16:24] == b"\0\0\x03\x20\0\0\x01\xf4"
    else:
        assert b"<svg" in data
        assert draw(window, Protocol(reach=0.04), [*CURVES, *CURVES], ".svg") == data

"""Rules that go to NESTML and come back, and models of NESTML beside their text, event by event."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import nestml_events
import numpy as np
import pytest
from harness import layer, outputs

from stdpdsl.compiler import library
from stdpdsl.exchange.to_nestml import export
from stdpdsl.language.diagnostics import CompileError
from stdpdsl.language.source import Source

pytest.importorskip("pynestml")
sys.path.insert(0, str(Path(__file__).parents[1] / "run"))

from running import run_text  # noqa: E402

from stdpdsl.exchange.from_nestml import rule_from  # noqa: E402

SHIPPED = Path(sys.prefix) / "models" / "synapses"
STEPS = 6000  # of 0.1 ms
RNG = np.random.default_rng(7)


def _train(count):
    return np.sort(RNG.choice(STEPS - 2, size=count, replace=False)) + 1


def _apart(*trains):
    """A relay's reset would swallow what its teacher sends in the very next step."""
    steps = np.unique(np.concatenate(trains))
    return steps[np.diff(steps, prepend=-2) > 1]


# Some spikes of pre, post and the port are in one step.
PRE = [_train(40), _train(40)]
POST = [_apart(_train(40), PRE[k][::8]) for k in range(2)]
MOD = _apart(_train(15), PRE[0][3::9], POST[1][2::9])
LAYERS = f"{layer('inputs', PRE, 'shared')}\n{outputs(POST, neuron=True)}\n"
LAYERS += f"{layer('VTA', [MOD], 'shared')}\n"


def spec(connections, more=""):
    return (
        f"model judged\n\n{more}\n{LAYERS}{''.join(connections)}"
        f"run:\n    duration: {STEPS / 10} ms\n    dt: 0.1 ms\n    seed: 3\n"
    )


def connection(name, use, initial, deliver="0*w to v"):
    return (
        f"connect inputs -> outputs as {name}:\n    pattern: all_to_all\n    plasticity: {use}\n"
        f"    deliver: {deliver}\n" + (f"    initial: {initial}\n\n" if initial else "\n")
    )


def brought_back(name, text):
    return rule_from(Source(f"{name}.nestml", text))


def exportable():
    for name, rule in library().items():
        try:
            yield name, export(rule)
        except CompileError:
            continue


def round_trip(folder, names):
    texts = {n: t for n, t in exportable() if n in names}
    back = {n: brought_back(n, t) for n, t in texts.items()}
    (folder / "back.stdp").write_text("\n\n".join(back.values()), encoding="utf-8")

    def use(name, rule):
        given = "(reward = spikes of VTA, wmin = -1e6, wmax = 1e6)"
        ports = given if library()[name].ports else ""
        bare = not any(e.name.id == "w" for e in library()[name].equations)
        start = "" if bare else "w = 0.2 + 0.1*i + 0.05*j"
        return connection(
            f"c_{name}", f"{rule}{ports}" + (", fixed_weight()" if bare else ""), start
        )

    there = run_text(folder, spec([use(n, n) for n in texts]), name="there")
    again = spec([use(n, f"{n}_synapse") for n in texts], 'use "back.stdp"')
    here = run_text(folder, again, name="here")
    return there, here


def same_weights(there, here):
    a, b = there["weights"], here["weights"]
    shared = [c for c in a if c in b]
    assert len(a) == len(b) > 0 and "w" in shared
    for column in shared:
        x, y = a[column], b[column]
        assert x.equals(y), (column, a[x != y].head(), b[x != y].head())


MOVING = ["pair_additive", "triplet", "dopamine"]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))  # NESTML takes 0.8 s for each
@pytest.mark.in_turn(1)
def test_every_rule_that_can_go_comes_back_alike(tmp_path, part):
    others = sorted({n for n, _ in exportable()} - {*MOVING})
    there, here = round_trip(tmp_path, MOVING + others[part::4])
    same_weights(there, here)
    for name in MOVING:
        weights = there["weights"]
        assert weights[weights.connection == f"c_{name}"]["w"].std() > 1e-3


# Models that ship with NESTML

STDP = {
    "lambda": 0.3,
    "alpha": 1.1,
    "tau_tr_pre": 17.0,
    "tau_tr_post": 33.0,
    "mu_plus": 0.4,
    "mu_minus": 0.7,
    "Wmin": 0.0,
    "Wmax": 100.0,
}
MODELS = {
    "stdp_synapse": (nestml_events.stdp, STDP),
    "stdp_nn_symm_synapse": (partial(nestml_events.stdp, scheme="symm"), STDP),
    "stdp_nn_pre_centered_synapse": (partial(nestml_events.stdp, scheme="pre_centered"), STDP),
    "stdp_nn_restr_symm_synapse": (partial(nestml_events.stdp, scheme="restr_symm"), STDP),
    "stdp_triplet_synapse": (
        nestml_events.triplet,
        {
            "tau_plus": 16.8,
            "tau_x": 101.0,
            "tau_minus": 33.7,
            "tau_y": 125.0,
            "A2_plus": 0.7,
            "A3_plus": 0.93,
            "A2_minus": 0.9,
            "A3_minus": 0.23,
            "Wmin": 0.0,
            "Wmax": 100.0,
        },
    ),
    "neuromodulated_stdp_synapse": (
        nestml_events.neuromodulated,
        {
            "tau_tr_pre": 17.0,
            "tau_tr_post": 33.0,
            "tau_c": 300.0,
            "tau_n": 120.0,
            "b": 0.002,
            "Wmin": 0.0,
            "Wmax": 200.0,
            "A_plus": 1.0,
            "A_minus": 1.5,
        },
    ),
}
TSODYKS = {"tau_psc": 3.0, "tau_rec": 130.0, "U": 0.3}


def shipped(name):
    path = SHIPPED / f"{name}.nestml"
    if not path.exists():
        pytest.skip("NESTML's models are not installed")
    return brought_back(name, path.read_text(encoding="utf-8"))


def given(name, parameters, text):
    """The arguments, with the names that they have in the rule, and their units."""
    said = []
    for key, value in parameters.items():
        own = key if f" {key} = " in text else f"{key}_value"
        unit = (
            " ms"
            if key.startswith("tau")
            else " nS"
            if name.startswith("stdp_triplet") and (key.startswith("W"))
            else ""
        )
        said.append(f"{own} = {value}{unit}")
    said += ["mod_spikes = spikes of VTA"] if name.startswith("neuro") else []
    return f"{name}({', '.join(said)})"


def events(pre, post, mod=()):
    """In one step: pre, then post, then the port."""
    kinds = (("pre", pre), ("post", post), ("mod", mod))
    found = [(step, k, kind) for k, (kind, train) in enumerate(kinds) for step in train]
    return [(step / 10, kind) for step, _, kind in sorted(found)]


@pytest.mark.slow
def test_models_of_nestml_have_the_numbers_of_their_text(tmp_path):
    texts = {name: shipped(name) for name in (*MODELS, "tsodyks_synapse")}
    (tmp_path / "models.stdp").write_text("\n\n".join(texts.values()), encoding="utf-8")
    connections = []
    for name, (_, parameters) in MODELS.items():
        nano = name.startswith("stdp_triplet")
        connections.append(
            connection(
                f"c_{name}",
                given(name, parameters, texts[name]),
                "w = 50 nS" if nano else "w = 50",
                "0*w/(1 nS) to v" if nano else "0*w to v",
            )
        )
    for k, fac in enumerate((0.0, 530.0)):
        use = given("tsodyks_synapse", {**TSODYKS, "tau_fac": fac}, texts["tsodyks_synapse"])
        connections.append(connection(f"t{k}", use, "", "0*x to v"))
    tables = run_text(tmp_path, spec(connections, 'use "models.stdp"'))["weights"]

    def found(connection, i, j):
        here = tables[(tables.connection == connection) & (tables.pre == i) & (tables.post == j)]
        assert len(here) == 1
        return here.iloc[0]

    for i, pre in enumerate(PRE):
        for j, post in enumerate(POST):
            for name, (reference, parameters) in MODELS.items():
                mod = MOD if name.startswith("neuro") else ()
                end = [*events(pre, post, mod), (STEPS / 10, "end")]
                got = found(f"c_{name}", i, j)["w"] * (1e9 if "triplet" in name else 1.0)
                last = reference(parameters, end[:-1], 50.0)[-1]["w"]
                if len(mod):  # whose weight moves between events
                    last = reference(parameters, end, 50.0)[-1]["w"]
                assert abs(last - 50) > 0.1
                np.testing.assert_allclose(got, last, rtol=1e-12, err_msg=name)
            for k, fac in enumerate((0.0, 530.0)):
                want = nestml_events.tsodyks({**TSODYKS, "tau_fac": fac}, events(pre, post))[-1]
                got = found(f"t{k}", i, j)
                for key, value in want.items():
                    column = "w" if key == "x" else key  # the first variable, as nothing is named
                    np.testing.assert_allclose(got[column], value, rtol=1e-12, err_msg=key)

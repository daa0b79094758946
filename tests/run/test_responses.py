"""Responses to a sound's stimuli: what `responses` and the measures say is what the spikes say."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from running import run_here, script_of

pytestmark = pytest.mark.slow

SPEC = (Path(__file__).parents[2] / "specs" / "auditory_map.stdp").read_text()
SHORT = (
    ("5.27 kHz, 70)", "5.27 kHz, 4)"),
    ("500 ms", "50 ms"),
    ("repeats: 4", "repeats: 2"),
    ("order: shuffled", "order: sequential"),
    ("every 1 s", "every 50 ms"),
    ("duration: training", "phases:\n        train: 320 ms\n        test: 300 ms, plasticity off"),
    ("in blocks 0, 3", "in blocks 0"),
    ("Apre = [1e-5, 0.1]", "Apre = {values}"),
    ("ratio = [1, 4]", "ratio = [1]"),
)


def spec(values, replicates=1):
    text = SPEC
    for old, new in SHORT:
        assert old in text
        text = text.replace(old, new)
    text = text.replace("{values}", str(values))
    return text.replace("    derive:", f"    replicates: {replicates}\n    derive:")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run_here(tmp_path_factory.mktemp("whole"), script_of(spec([1e-5, 0.1])))


def test_rates_are_spikes_over_the_time_of_a_stimulus(whole):
    spikes, found = whole["spikes"], whole["responses"]
    onset = 0.02 + 0.07 * np.arange(8)  # 4 tones twice, of 50 ms each, with gaps of 20 ms
    checked = 0
    for row in found.itertuples():
        mine = spikes[(spikes.layer == row.layer) & (spikes.neuron == row.neuron)]
        mine = mine[mine.block.isna() if np.isnan(row.block) else mine.block == row.block]
        # The phase of training ends within the fifth tone, which is then not whole in any phase.
        played = {"train": [0, 1, 2, 3], "test": [5, 6, 7]}[row.phase]
        heard = [k for k in played if k % 4 == row.stimulus]
        count = sum(
            ((mine.t > onset[k] - 1e-9) & (mine.t < onset[k] + 0.05 - 1e-9)).sum() for k in heard
        )
        assert row.value == pytest.approx(count / (0.05 * len(heard)))
        checked += count
    assert checked > 100
    assert len(found) == (1 + 2) * 10 * (4 + 3)  # shared and two blocks, ten neurons, the tones
    assert found.label.iloc[0] == "98 Hz"


def test_selectivity_is_of_these_rates(whole):
    for row in whole["blocks"].itertuples():
        mine = whole["responses"].query("layer == 'A1' and phase == @row.phase")
        rates = mine[mine.block == row.block].pivot(index="neuron", columns="stimulus")["value"]
        for values, wanted in ((rates, row.A1_selectivity), (rates.T, row.A1_sparseness)):
            r = values.to_numpy()[values.to_numpy().any(axis=1)]
            each = (1 - r.mean(axis=1) ** 2 / (r**2).mean(axis=1)) / (1 - 1 / r.shape[1])
            assert wanted == pytest.approx(each.mean())
    assert whole["blocks"].A1_selectivity.between(0.05, 1).all()


@pytest.mark.parametrize(
    "lowering, values, kept", [("synapse", [0.1], [1]), ("namespace", [1e-5, 0.1], [0, 1])]
)
def test_a_block_alone_and_the_other_lowering(tmp_path, whole, lowering, values, kept):
    other = run_here(tmp_path, script_of(spec(values), lowering))
    for name in ("blocks", "responses"):
        mine = whole[name][whole[name].block.isna() | whole[name].block.isin(kept)].copy()
        mine["block"] = mine["block"] - kept[0]
        pd.testing.assert_frame_equal(
            other[name].reset_index(drop=True),
            mine.reset_index(drop=True),
            check_exact=True,
            check_dtype=False,
        )


def test_each_replicate_hears_its_own_order(tmp_path):
    text = spec([0.1], replicates=2).replace("order: sequential", "order: shuffled")
    found = run_here(tmp_path, script_of(text))["responses"]
    shared = found[found.layer == "AN"]
    assert shared.replicate.nunique() == 2 and shared.block.isna().all()
    both = [shared[shared.replicate == k].groupby(["phase", "stimulus"]).size() for k in (0, 1)]
    assert not both[0].equals(both[1])  # the phases cut other presentations


@pytest.mark.slow
def test_shards_have_the_same_responses(tmp_path):
    """Three shards of two replicates, one of which hears both."""
    text = spec([1e-5, 0.1], replicates=2).replace("order: sequential", "order: shuffled")
    script = script_of(text)
    whole = run_here(tmp_path, script)
    shards = [run_here(tmp_path, script, f"s{k}", more=["--shard", f"{k}/3"]) for k in (1, 2, 3)]
    for name in ("blocks", "responses"):
        keys = [
            k
            for k in ("layer", "block", "replicate", "phase", "neuron", "stimulus")
            if k in whole[name]
        ]
        both = [
            t.sort_values(keys, ignore_index=True)
            for t in (pd.concat([s[name] for s in shards], ignore_index=True), whole[name])
        ]
        pd.testing.assert_frame_equal(*both, check_exact=True)

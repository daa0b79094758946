"""Pair-based rules: their windows, and the weights that independent spike trains lead to."""

from __future__ import annotations

import numpy as np

from stdpdsl.results.reader import Results
from stdpdsl.verify.table import Replay, Row, Verification, columns


def window(results: Results) -> list[Row]:
    """`stdp_window.stdp`: 20 pairings at each lag, too far apart to interact."""
    w = columns(results, "weights", connection="stdp")
    # The post spike comes in the step after the teacher's, at 50.1 ms; the pre spike at `delay`.
    lag = 0.0501 - (0.001 + w["delay"])
    published = 20 * np.where(
        lag > -1e-9, 0.005 * np.exp(-lag / 0.02), -0.00525 * np.exp(lag / 0.02)
    )
    off = np.abs(w["w"] - w["w_initial"] - published).max()
    source = "Song et al. (2000), the window"
    return [Row("largest distance from 20 A exp(-|lag|/tau)", 0.0, float(off), 1e-9, source)]


def competition(results: Results) -> list[Row]:
    """`song_2000.stdp`: the weights move from the middle to both bounds, fewer to the upper one if
    the inputs are faster, so the target's drive stays about the same."""
    w = columns(results, "weights", connection="ff")
    spikes = columns(results, "spikes", layer="target")
    late = spikes["rate"][spikes["t"] >= 900]
    rates, counts = np.unique(late, return_counts=True)
    drive = np.array([rate * w["w"][w["rate"] == rate].mean() for rate in rates])
    source = "Song et al. (2000), fig. 2: the target's rate is regulated"
    rows = [
        # Before learning, twice the input rate gives more than twice the target rate.
        Row(
            "fastest over slowest target, inputs at 10 and 20 Hz",
            1.0,
            float(counts.max() / counts.min()),
            0.15,
            source,
        ),
        *(
            Row(
                f"mean weight times rate, over that at 10 Hz, inputs at {rate:g} Hz",
                1.0,
                float(driven / drive[0]),
                0.05,
                source,
            )
            for rate, driven in zip(rates[1:], drive[1:], strict=True)
        ),
    ]
    for rate in rates:
        x = w["w"][w["rate"] == rate] / 0.015
        middle = float(((x > 1 / 3) & (x < 2 / 3)).mean())
        quantity = f"share of weights in the middle third, inputs at {rate:g} Hz"
        rows.append(Row(quantity, 0.0, middle, 0.06, "Song et al. (2000), fig. 2: two peaks"))
    return rows


def equilibrium(results: Results, connection: str, since: float, **where: object) -> np.ndarray:
    """All samples of `w` from `since` (s) on, when the initial state no longer matters."""
    samples = columns(results, "trajectories", connection=connection, variable="w", **where)
    return samples["value"][samples["t"] >= since]


def guetig(results: Results) -> list[Row]:
    """`guetig_fixed_point.stdp`, whose alpha is 1.2."""
    rows = []
    for mu in np.unique(columns(results, "blocks")["mu"]):
        w = equilibrium(results, "guetig", 12, mu=float(mu))
        published = 1 / (1 + 1.2 ** (1 / mu))
        source = "Guetig et al. (2003), fixed point for uncorrelated inputs"
        rows.append(Row(f"mean weight, mu = {mu:g}", published, float(w.mean()), 0.015, source))
    return rows


def rubin(results: Results) -> list[Row]:
    """`guetig_fixed_point.stdp`, with the multiplicative rule."""
    w = equilibrium(results, "rubin", 12)
    source = "Rubin et al. (2001), multiplicative, uncorrelated inputs"
    return [Row("mean weight, 1/(1 + alpha)", 1 / 2.2, float(w.mean()), 0.01, source)]


def van_rossum(results: Results) -> list[Row]:
    """`van_rossum_2000.stdp`: trains of 50 Hz, tau 20 ms.

    Noise makes the equilibrium an inverse gamma distribution (the solution of the Fokker-Planck
    equation). A spike of one side meets a trace with mean m and second moment s; drift and
    diffusion are proportional to these.
    """
    source = "van Rossum et al. (2000), Fokker-Planck analysis"
    c_p, c_d, sigma = 0.007, 0.003, 0.015
    m = 50 * 0.02
    s = m / 2 + m**2
    shape = 1 + 2 * m * c_d / (2 * s * sigma**2)
    quiet, noisy = (equilibrium(results, "ff", 20, sigma=value) for value in (0.0, sigma))
    middle = c_p / c_d
    return [
        Row("mean weight without noise, c_p/c_d", middle, float(quiet.mean()), 0.05, source),
        Row("mean weight, c_p/c_d", middle, float(noisy.mean()), 0.1, source),
        Row(
            "coefficient of variation",
            1 / np.sqrt(shape - 2),
            float(noisy.std() / noisy.mean()),
            0.04,
            source,
        ),
        Row(
            "share of weights below c_p/c_d/4",
            0.0,
            float((noisy < middle / 4).mean()),
            0.01,
            "van Rossum et al. (2000): one peak, away from 0",
        ),
    ]


def morrison(results: Results) -> list[Row]:
    """`morrison_2007.stdp`: w0 is 1, mu 0.4."""
    rows = []
    for alpha in np.unique(columns(results, "blocks")["alpha"]):
        w = equilibrium(results, "ff", 15, alpha=float(alpha))
        published = alpha ** (-1 / 0.6)
        source = "Morrison et al. (2007), where drift is zero"
        quantity = f"mean weight, alpha = {alpha:g}"
        rows.append(Row(quantity, published, float(w.mean()), 0.03 * published, source))
    return rows


NEAREST = "izhikevich_desai_2003.stdp"
WINDOW = (1.03, -0.51, 1 / 0.0133, 1 / 0.0345)
"""Izhikevich & Desai's amplitudes, in 1e-5, and the rates, which are 1 over the time constants."""


def _per_pre_spike(results: Results, connection: str) -> tuple[np.ndarray, np.ndarray]:
    """The target's rates, and for each the mean change of `izhikevich_desai_2003.stdp` in 1e-5 per
    pre spike."""
    spikes = len(columns(results, "spikes", layer="pre")["t"]) / 80
    w = columns(results, "weights", connection=connection)
    rates = np.unique(w["rate"])
    change = w["w"] - w["w_initial"]
    return rates, np.array([change[w["rate"] == rate].mean() / (1e-5 * spikes) for rate in rates])


def _curve(rates: np.ndarray, published: np.ndarray, change: np.ndarray, source: str) -> list[Row]:
    return [
        Row(f"change per pre spike, target at {rate:g} Hz", float(p), float(c), 0.003, source)
        for rate, p, c in zip(rates, published, change, strict=True)
    ]


def pre_centred(results: Results) -> list[Row]:
    """For each pre spike, the post spikes just before and just after it count; at high rates they
    are close."""
    plus, minus, k_plus, k_minus = WINDOW
    rates, change = _per_pre_spike(results, "ff")
    published = plus * rates / (k_plus + rates) + minus * rates / (k_minus + rates)
    source = "Izhikevich & Desai (2003), change as a function of the rate"
    # The change is the rate times a function that crosses zero once, rising.
    turn = np.interp(0, change / rates, rates)
    threshold = -(plus * k_minus + minus * k_plus) / (plus + minus)
    return [
        *_curve(rates, published, change, source),
        Row("rate at which depression turns", threshold, float(turn), 1.0, source),
    ]


def both_nearest(results: Results) -> list[Row]:
    """A post spike is paired with the last pre spike, at a rate of 20 Hz, and a pre spike with the
    last post spike."""
    plus, minus, k_plus, k_minus = WINDOW
    rates, change = _per_pre_spike(results, "symmetric")
    published = plus * rates / (k_plus + 20) + minus * rates / (k_minus + rates)
    source = "Morrison et al. (2008), fig. 7A: mean change of independent Poisson trains"
    return _curve(rates, published, change, source)


def neighbours(results: Results) -> list[Row]:
    """A pair counts if neither train has a spike in between."""
    plus, minus, k_plus, k_minus = WINDOW
    rates, change = _per_pre_spike(results, "reduced")
    both = 20 + rates
    published = plus * rates / (k_plus + both) + minus * rates / (k_minus + both)
    source = "Morrison et al. (2008), fig. 7C: mean change of independent Poisson trains"
    return _curve(rates, published, change, source)


TEST = "tests/rules/test_pairs.py::test_a_rule_is_its_reference"
NEST = "tests/nest/test_nest.py::test_the_reference_is_nest"


def _rule(rule: str, nest: str, *replays: Replay) -> Verification:
    return Verification(rule, f"{TEST}[{rule}-synapse]", f"{NEST}[{nest}-10]", replays)


FAMILY = (
    _rule(
        "pair_additive",
        "additive",
        Replay("stdp_window.stdp", window),
        Replay("song_2000.stdp", competition),
    ),
    _rule("pair_multiplicative", "multiplicative", Replay("guetig_fixed_point.stdp", rubin)),
    _rule("pair_mixed", "mixed", Replay("van_rossum_2000.stdp", van_rossum)),
    _rule("pair_guetig", "guetig", Replay("guetig_fixed_point.stdp", guetig)),
    _rule("pair_power_law", "power law", Replay("morrison_2007.stdp", morrison)),
    _rule("pair_nearest_symmetric", "nearest symmetric", Replay(NEAREST, both_nearest)),
    _rule("pair_nearest_pre_centred", "nearest pre-centred", Replay(NEAREST, pre_centred)),
    _rule("pair_nearest_reduced", "nearest reduced", Replay(NEAREST, neighbours)),
)

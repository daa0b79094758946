"""Short-term rules: steady states, and the statistics of quantal release."""

from __future__ import annotations

import numpy as np

from stdpdsl.results.reader import Results
from stdpdsl.verify.table import Replay, Row, Verification, columns

SETS = {"depressing": (0.5, 0.8, 0.0), "facilitating": (0.03, 0.13, 0.53)}
"""U, tau_rec (s) and tau_fac (s) of the presets."""


def steady(rate: float, U: float, tau_rec: float, tau_fac: float) -> tuple[float, float]:
    """u and x at a spike of a long regular train: the fixed point of the paper's recursions."""
    facilitated = np.exp(-1 / (rate * tau_fac)) if tau_fac else 0.0
    lost = np.exp(-1 / (rate * tau_rec))
    u = U / (1 - (1 - U) * facilitated)
    return u, (1 - lost) / (1 - (1 - u) * lost)


def steady_states(results: Results) -> list[Row]:
    """`tsodyks_markram_1998.stdp`: the run ends when the next spike would come."""
    source = "Tsodyks, Pawelzik & Markram (1998): the fixed point of u and R"
    rows = []
    used, spent = (columns(results, "trajectories", variable=name) for name in ("u", "z"))
    last = used["t"] > 9.9999
    for preset, rate, u, z in zip(
        used["preset"][last],
        used["rate"][last],
        used["value"][last],
        spent["value"][last],
        strict=True,
    ):
        U = SETS[preset][0]
        release = (u + U * (1 - u)) * (1 - z)
        quantity = f"steady u x, {preset}, {rate:g} Hz"
        published = float(np.prod(steady(rate, *SETS[preset])))
        # At 1 Hz the effect of the first spikes has not quite decayed after 10 s.
        rows.append(Row(quantity, published, float(release), 1e-5, source))
    return rows


def inactivating(rate: float, U: float, tau_rec: float, tau_fac: float, tau_in: float) -> float:
    """The release by a spike of a long regular train, if active resources y become inactive ones z
    with time constant tau_in, and these return to x = 1 - y - z with tau_rec."""
    u, _ = steady(rate, U, tau_rec, tau_fac)
    active, lost = np.exp(-1 / (rate * tau_in)), np.exp(-1 / (rate * tau_rec))
    # Per release: y just before the next spike, and z, into which y decays.
    y = active / (1 - active)
    z = tau_rec / (tau_rec - tau_in) * (lost - active) / (1 - active) / (1 - lost)
    return float(u / (1 + u * (y + z)))


def _releases(results: Results, variable: str) -> list[tuple[float, float]]:
    """The rates of `tsodyks_markram_1997.stdp`, and what a spike in the last second delivers."""
    s = columns(results, "trajectories", variable=variable)
    return [
        (float(rate), float(np.diff(s["value"][s["rate"] == rate])[-1] / rate))
        for rate in np.unique(s["rate"])
    ]


def resources(results: Results) -> list[Row]:
    """`tsodyks_markram_1997.stdp`, the synapse onto a pyramidal cell; its weight is 250."""
    source = "Tsodyks & Markram (1997): stationary release of a regular train"
    return [
        Row(
            f"steady release, {rate:g} Hz",
            inactivating(rate, 0.67, 0.8, 0.0, 3e-3),
            delivered / 250,
            1e-5,
            source,
        )
        for rate, delivered in _releases(results, "pyramidal")
    ]


def efficacy(results: Results) -> list[Row]:
    """The same synapse: a delivery is the release times the absolute efficacy."""
    source = "Tsodyks et al. (1998): the absolute efficacy A multiplies what is released"
    return [
        Row(
            f"delivered, A = 250, {rate:g} Hz",
            250 * inactivating(rate, 0.67, 0.8, 0.0, 3e-3),
            delivered,
            2.5e-3,
            source,
        )
        for rate, delivered in _releases(results, "pyramidal")
    ]


def uziel(results: Results) -> list[Row]:
    """`tsodyks_markram_1997.stdp`, the presets of Tsodyks, Uziel & Markram."""
    source = "Tsodyks et al. (2000), eqs. 3 and 4: stationary release of a regular train"
    rows = []
    for name, known in (("excitatory", (0.5, 0.8, 0.0)), ("inhibitory", (0.04, 0.1, 1.0))):
        for rate, delivered in _releases(results, name):
            quantity = f"steady release, to {name}, {rate:g} Hz"
            published = inactivating(rate, *known, 3e-3)
            rows.append(Row(quantity, published, delivered, 1e-5, source))
    return rows


def release(results: Results) -> list[Row]:
    """`quantal_release.stdp`: five sites, each of which empties with probability u."""
    n, rate, tau_rec = 5, 20.0, 0.2
    rows = []
    for U in (0.2, 0.6):
        s = columns(results, "trajectories", variable="released", U=U)
        first = s["value"][np.abs(s["t"] - 0.1) < 1e-6]
        later = s["value"][s["t"] > 1.05]
        mean = n * U * steady(rate, U, tau_rec, 0.0)[1]
        refill = -np.expm1(-1 / (rate * tau_rec))
        empty = U * (1 - refill) / (1 - (1 - U) * (1 - refill))
        released = U * (1 - empty)
        source = "Fuhrmann et al. (2002): independent sites"
        rows += [
            Row(f"mean number released at first, U = {U:g}", n * U, first.mean(), 0.15, source),
            # Four standard errors of the fraction.
            Row(
                f"share of failures at first, U = {U:g}",
                (1 - U) ** n,
                float((first == 0).mean()),
                4 * float(np.sqrt((1 - U) ** n * (1 - (1 - U) ** n) / first.size)),
                source,
            ),
            Row(f"mean number released, steady, U = {U:g}", mean, later.mean(), 0.05, source),
            Row(
                f"share of failures, steady, U = {U:g}",
                (1 - released) ** n,
                float((later == 0).mean()),
                0.02,
                source,
            ),
        ]
    return rows


INACTIVATING = "tsodyks_markram_1997.stdp"


def _rule(name: str, test: str, nest: str, *replays: Replay) -> Verification:
    proven = f"tests/nest/test_nest_short_term.py::test_{nest}"
    return Verification(name, f"tests/rules/test_short_term.py::test_{test}", proven, replays)


FAMILY = (
    _rule(
        "tsodyks_markram",
        "tsodyks_markram",
        "tsodyks2",
        Replay("tsodyks_markram_1998.stdp", steady_states),
    ),
    _rule(
        "tsodyks_markram_1997", "tsodyks_markram_1997", "tsodyks", Replay(INACTIVATING, resources)
    ),
    _rule("tsodyks_uziel_markram", "tsodyks_uziel_markram", "tsodyks", Replay(INACTIVATING, uziel)),
    _rule("quantal_release", "quantal_release", "quantal", Replay("quantal_release.stdp", release)),
    Verification(
        "fixed_weight",
        "tests/rules/test_short_term.py::test_beside_a_fixed_weight",
        replays=(Replay(INACTIVATING, efficacy),),
        without_nest="a weight that stays is NEST's static_synapse",
    ),
)

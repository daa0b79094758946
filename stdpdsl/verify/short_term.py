"""Short-term rules: steady states, and the statistics of quantal release."""

from __future__ import annotations

import numpy as np

from stdpdsl.results import Results
from stdpdsl.verify.table import Replay, Row, Verification, columns

SETS = {"depressing": (0.5, 0.8, 0.0), "facilitating": (0.03, 0.13, 0.53)}
"""U, tau_rec and tau_fac in s of the presets."""


def steady(rate: float, U: float, tau_rec: float, tau_fac: float) -> tuple[float, float]:
    """u and x at a spike of a long regular train: the fixed point of the paper's recursions."""
    facilitated = np.exp(-1 / (rate * tau_fac)) if tau_fac else 0.0
    lost = np.exp(-1 / (rate * tau_rec))
    u = U / (1 - (1 - U) * facilitated)
    return u, (1 - lost) / (1 - (1 - u) * lost)


def steady_states(results: Results) -> list[Row]:
    """`tsodyks_markram_1998.stdp`: the run ends where the next spike would come."""
    source = "Tsodyks, Pawelzik & Markram (1998): the fixed point of u and R"
    rows = []
    used, spent = (columns(results, "trajectories", variable=name) for name in ("u", "z"))
    last = used["t"] > 9.9999
    for preset, rate, u, z in zip(
        used["preset"][last], used["rate"][last], used["value"][last], spent["value"][last],
        strict=True,
    ):  # fmt: skip
        U = SETS[preset][0]
        release = (u + U * (1 - u)) * (1 - z)
        quantity = f"steady u x, {preset}, {rate:g} Hz"
        published = float(np.prod(steady(rate, *SETS[preset])))
        # At 1 Hz the state of the first spikes has not quite gone after 10 s.
        rows.append(Row(quantity, published, float(release), 1e-5, source))
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
            Row(f"share of failures at first, U = {U:g}", (1 - U) ** n,
                float((first == 0).mean()), 0.05, source),
            Row(f"mean number released, steady, U = {U:g}", mean, later.mean(), 0.05, source),
            Row(f"share of failures, steady, U = {U:g}", (1 - released) ** n,
                float((later == 0).mean()), 0.02, source),
        ]  # fmt: skip
    return rows


def _rule(name: str, test: str, nest: str, *replays: Replay) -> Verification:
    proven = f"tests/nest/test_nest_short_term.py::test_{nest}"
    return Verification(name, f"tests/rules/test_short_term.py::test_{test}", proven, replays)


FAMILY = (
    _rule("tsodyks_markram", "tsodyks_markram", "tsodyks2",
          Replay("tsodyks_markram_1998.stdp", steady_states)),
    _rule("tsodyks_markram_1997", "tsodyks_markram_1997", "tsodyks"),
    _rule("tsodyks_uziel_markram", "tsodyks_uziel_markram", "tsodyks"),
    _rule("quantal_release", "quantal_release", "quantal", Replay("quantal_release.stdp", release)),
    Verification(
        "fixed_weight",
        "tests/rules/test_short_term.py::test_beside_a_fixed_weight",
        without_nest="a weight that stays is NEST's static_synapse",
    ),
)  # fmt: skip

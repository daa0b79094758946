"""STDP on the FACETS wafer: Pfeil et al. (2012), with the look-up tables that NEST ships."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from oracles.pairs import since_last
from oracles.trains import DT, Event, Parameters, nearest

CAUSAL = [2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 15]
ACAUSAL = [0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11, 12, 13]


def facets(events: Sequence[Event], p: Parameters, w: float, deferred: bool = False) -> np.ndarray:
    """Pairs in the reduced symmetric scheme charge two capacitors. The first pre spike after each
    readout time compares them with `threshold` and looks the new 4-bit weight up.

    `deferred` (NEST): a causal pair charges its capacitor only at the next pre spike, after the
    readout, whereas on the chip it does so at its post spike.
    """
    cycle = round(p.cycle / DT)
    readout = 0
    causal = acausal = waiting = 0.0
    weights = []
    for event in events:
        if event.kind == "pre":
            if event.step > readout:
                entry = int(np.floor(w / (p.wmax / 15) + 0.5))
                up, down = causal > p.threshold, acausal > p.threshold
                if up and not down:
                    entry = CAUSAL[entry]
                if down and not up:
                    entry = ACAUSAL[entry]
                if up or down:
                    causal = acausal = 0.0
                w = entry * p.wmax / 15
                while event.step > readout:
                    readout += cycle
            acausal += nearest(since_last(event, "post"), p.tau_minus)
            causal, waiting = causal + waiting, 0.0
        else:
            pair = nearest(since_last(event, "pre"), p.tau_plus)
            if deferred:
                waiting += pair
            else:
                causal += pair
        weights.append(w)
    return np.array(weights)

"""Small results, as a script would write them, for the tests of what shows them."""

import numpy as np

from stdpdsl.runtime import results as support

MEASURES = {
    "ff_before_mean": "float64",
    "ff_before_sd": "float64",
    "ff_before_at_bounds": "float64",
    "ff_after_mean": "float64",
    "ff_after_sd": "float64",
    "ff_after_at_bounds": "float64",
    "IN_spikes": "int64",
    "IN_rate": "float64",
    "A1_spikes": "int64",
    "A1_rate": "float64",
}


def product(**axes):
    """The columns of a grid, the last axis fastest."""
    places = np.indices([len(v) for v in axes.values()]).reshape(len(axes), -1)
    return {n: np.asarray(v)[k] for (n, v), k in zip(axes.items(), places, strict=True)}


def write(
    path,
    sweep,
    *,
    phases=(),
    spec="",
    units=None,
    metadata=None,
    outcome=None,
    tables=None,
    neurons=6,
    delay=1e-3,
    columns=None,
    own=(),
    stimuli=0,
    recorded=None,
):
    """A dataset of one connection, an input layer that exists once and a layer per block.

    `outcome(k)` is the mean weight of block k; by default it grows with k. `columns` replace
    measures, `own` are measures of the spec; `stimuli` are as many rows of responses per neuron;
    `recorded` are the blocks that have trajectories, all by default.
    """
    count = len(next(iter(sweep.values()))) if sweep else 1
    outcome = outcome or (lambda k: 0.2 + 0.6 * k / max(1, count - 1))
    after = np.array([outcome(k) for k in range(count)], dtype=float)
    wanted = {"blocks": MEASURES | dict.fromkeys(own, "float64"), "weights": {}}
    wanted |= {"trajectories": {}, "spikes": {}, **({"responses": {}} if stimuli else {})}
    if tables is not None:
        wanted = {name: wanted[name] for name in tables}
    data = {"model": "small", "spec": spec, "seed": 3, "dt": 1e-4, "target": "numpy"}
    data |= {"time_asked": 1.0, "time_reached": 1.0, "versions": {"numpy": "2.3"}}
    data |= {"integration": {"A1": {"v": "exact"}, "ff": {"apre": "event-driven"}}}
    data |= {"rounded_delays": []}
    data |= metadata or {}
    several = len(phases) > 1
    with support.Results(path, sweep, units or {}, data, wanted, phases=several) as results:
        for number, phase in enumerate(phases or (None,)):
            ones = np.ones(count)
            rate = np.nan_to_num(after, nan=0.0) * 20 + 5 * number
            measures = {
                "ff_before_mean": 0.5 * ones,
                "ff_before_sd": 0.1 * ones,
                "ff_before_at_bounds": 0 * ones,
                "ff_after_mean": after,
                "ff_after_sd": 0.1 + 0.05 * after,
                "ff_after_at_bounds": 0 * ones,
                "IN_spikes": 20 + 0 * np.arange(count),
                "IN_rate": 10 * ones,
                "A1_spikes": np.rint(rate * neurons).astype(int),
                "A1_rate": rate,
                **(columns or {}),
            }
            status = np.where(np.isfinite(after), "ok", "nan")
            measures = {name: np.asarray(values) for name, values in measures.items()}
            named = {"phase": phase} if several else {}
            results.blocks(np.arange(count), {"status": status, **measures}, **named)
        draw = np.random.default_rng(5)
        pairs = neurons * neurons
        pre, post = np.indices((neurons, neurons)).reshape(2, -1)
        first = draw.uniform(0, 1, pairs)
        block = np.repeat(np.arange(count), pairs)
        last = np.clip(np.tile(first, count) + np.repeat(after, pairs) - 0.5, 0, 1)

        def tile(values):
            return np.tile(values, count)

        if "weights" in wanted:
            results.weights("ff", block, tile(pre), tile(post), delay, tile(first), last)
        for phase in (phases or (None,)) if stimuli else ():
            neuron, stimulus = np.indices((neurons, stimuli)).reshape(2, -1)
            labels = np.array([f"{100 * 2**k} Hz" for k in stimulus], dtype=object)
            named = {"phase": phase} if several else {}
            for k in range(count):
                results.responses(
                    "A1",
                    np.full(len(neuron), k),
                    neuron,
                    stimulus,
                    labels,
                    20.0 * (neuron % stimuli == stimulus) + k,
                    **named,
                )
        said = {"phase": phases[0]} if several else {}
        if "spikes" in wanted:
            t = np.sort(draw.uniform(0, 1, 40))
            results.spikes("IN", None, draw.integers(0, neurons, 40), t, **said)
            for k in range(count):
                n = int(np.nan_to_num(after[k]) * 60)
                results.spikes(
                    "A1",
                    np.full(n, k),
                    draw.integers(0, neurons, n),
                    np.sort(draw.uniform(0, 1, n)),
                    **said,
                )
        if "trajectories" in wanted:
            t = np.linspace(0, 1, 11)
            which = np.arange(count) if recorded is None else np.asarray(recorded)
            start, source, target = (np.tile(v[:8], len(which)) for v in (first, pre, post))
            slope = (np.repeat(after[which], 8) - 0.5)[:, None]
            results.trajectories(
                "w",
                t,
                start[:, None] + slope * t,
                block=np.repeat(which, 8),
                connection="ff",
                pre=source,
                post=target,
                **said,
            )
            results.trajectories(
                "v",
                t,
                -0.06 + 0.01 * np.sin(9 * t)[None, :],
                block=which[:1],
                layer="A1",
                neuron=[0],
                **said,
            )
        results.commit()
    return path

"""Runs a rule of the library on given spike trains, all its parameters swept at once.

One spec holds a connection for each delay setting, from an input layer to an input layer, and a
block for each row of parameters. Each synapse of it is judged by a reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from oracles.trains import DT, Event, events, random_train
from running import run_apart, run_here, script_of

STEPS = 2500
COUNT = 32
DELAYS = ((0, 0), (7, 0), (0, 13), (7, 13))
"""Axonal and dendritic delays, in steps."""


@dataclass(frozen=True)
class Case:
    """A rule, its reference, and per parameter its values in four blocks.

    Values are in the unit that `units` gives for the name, else without one. `start` are the bounds
    of the initial weights. `neuron` makes the target a layer of neurons, which a rule with post
    equations or requirements needs. `variable` is what starts there and is judged.
    """

    rule: str
    reference: Callable[[list[Event], SimpleNamespace, float], np.ndarray]
    parameters: dict[str, tuple[float, float, float, float]]
    start: tuple[float, float] = (0.2, 0.8)
    units: dict[str, str] = field(default_factory=dict)
    neuron: bool = False
    variable: str = "w"

    def unit(self, name: str) -> str:
        return self.units.get(name, "ms" if name.startswith("tau") else "")

    def row(self, block: int) -> SimpleNamespace:
        """A block's parameters in SI units."""
        scale = {"ms": 1e-3}
        return SimpleNamespace(
            **{n: v[block] * scale.get(self.unit(n), 1.0) for n, v in self.parameters.items()}
        )


def trains(seed: int, pres: int = 3, posts: int = 3) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Post trains share spikes with every pre train, at each difference of the delays."""
    rng = np.random.default_rng(seed)
    pre = [random_train(rng, COUNT, STEPS) for _ in range(pres)]
    post = []
    for _ in range(posts):
        shared = [
            rng.choice(train, size=2) + axonal - dendritic
            for train in pre
            for axonal, dendritic in DELAYS
        ]
        steps = np.unique(np.concatenate([*shared, random_train(rng, COUNT // 2, STEPS)]))
        steps = steps[(steps > 0) & (steps < STEPS)]
        # A relay's reset would swallow what its teacher sends in the very next step.
        post.append(steps[np.diff(steps, prepend=-2) > 1])
    return pre, post


def layer(name: str, neurons: list[np.ndarray], scope: str) -> str:
    times = ", ".join(f"({n}, {s / 10} ms)" for n, train in enumerate(neurons) for s in train)
    return f"layer {name}:\n    spikes: [{times}]\n    size: {len(neurons)}\n    scope: {scope}\n"


RELAYS = """neuron relay:
    equations:
        v : 1
        z : 1
    threshold: v > 0.5
    reset: v = 0

layer outputs:
    neuron: relay
    size: {size}
    initial: z = 0.25

connect teachers -> outputs as force:
    pattern: one_to_one
    weight: 1
    deliver: w to v
"""


def outputs(post: list[np.ndarray], neuron: bool) -> str:
    """The layer that spikes at given times; neurons do so in the step after their teachers."""
    if not neuron:
        return layer("outputs", post, "block")
    return layer("teachers", [train - 1 for train in post], "shared") + RELAYS.format(
        size=len(post)
    )


def spec(case: Case, pre: list[np.ndarray], post: list[np.ndarray], ties: str, rows: range) -> str:
    connections = [
        f"connect inputs -> outputs as c{k}:\n"
        f"    pattern: all_to_all\n"
        f"    plasticity: {case.rule}\n"
        + ("    deliver: 0 * w to v\n" if case.neuron else "")
        + f"    initial: {case.variable} = uniform({case.start[0]}, {case.start[1]})\n"
        + (f"    axonal delay: {axonal / 10} ms\n" if axonal else "")
        + (f"    dendritic delay: {dendritic / 10} ms\n" if dendritic else "")
        + (f"    ties: {ties}\n" if ties != "pre first" else "")
        for k, (axonal, dendritic) in enumerate(DELAYS)
    ]
    columns = [(f"c{k}.{name}", name) for k in range(len(DELAYS)) for name in case.parameters]
    heads = [path + (f" [{case.unit(n)}]" if case.unit(n) else "") for path, n in columns]
    table = [heads] + [[repr(case.parameters[n][row]) for _, n in columns] for row in rows]
    lines = "\n".join("        | " + " | ".join(cells) + " |" for cells in table)
    record = "\n".join(f"    {case.variable} of c{k} every 10 ms" for k in range(len(DELAYS)))
    return (
        f'"""Judged by a reference."""\nmodel judged\n\n{layer("inputs", pre, "shared")}\n'
        f"{outputs(post, case.neuron)}\n{chr(10).join(connections)}\n"
        f"sweep:\n    table:\n{lines}\n\nrecord:\n{record}\n\n"
        f"run:\n    duration: {STEPS / 10} ms\n    dt: 0.1 ms\n    seed: 1\n"
    )


def run(folder: Path, text: str, lowering: str, target: str = "numpy") -> dict[str, pd.DataFrame]:
    script = script_of(text, lowering, folder, target)
    if target == "numpy":
        return run_here(folder, script)
    return run_apart(folder, script, target=target)


def judge(
    case: Case, folder: Path, lowering: str, target: str = "numpy", ties: str = "pre first"
) -> pd.DataFrame:
    """Every synapse, in every block, for every delay: at the end and each 10 ms, to 1e-9.

    Returns the table of weights.
    """
    pre, post = trains(sum(map(ord, case.rule)))
    tables = run(folder, spec(case, pre, post, ties, range(4)), lowering, target)
    weights = tables["weights"]
    weights = weights[weights["connection"] != "force"]
    samples = tables["trajectories"].set_index(["connection", "block", "pre", "post"]).sort_index()
    assert len(weights) == 4 * len(DELAYS) * len(pre) * len(post)
    coincidences = 0
    for row in weights.itertuples():
        axonal, dendritic = DELAYS[int(row.connection[1:])]
        i, j = int(row.pre), int(row.post)
        made = events(pre[i], post[j], axonal, dendritic, ties, stop=STEPS)
        coincidences += len(np.intersect1d(pre[i] + axonal, post[j] + dendritic))
        sampled = samples.loc[(row.connection, row.block, row.pre, row.post)].sort_values("t")
        start = sampled["value"].iloc[0]
        path = case.reference(made, case.row(int(row.block)), start)
        where = f"{row.connection} block {row.block} synapse {i} -> {j}"
        end = getattr(row, case.variable)
        np.testing.assert_allclose(end, path[-1], rtol=1e-9, atol=1e-14, err_msg=where)
        steps = np.rint(sampled["t"].to_numpy() / DT).astype(int)
        so_far = np.concatenate([[start], path])
        # A sample is taken at the start of its step, before the spikes of that step.
        passed = np.searchsorted([event.step for event in made], steps, side="left")
        np.testing.assert_allclose(
            sampled["value"], so_far[passed], rtol=1e-9, atol=1e-14, err_msg=where
        )
    assert coincidences > len(weights)
    return weights

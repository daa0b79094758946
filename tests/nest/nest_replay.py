"""One plastic synapse in NEST, driven by given spike trains."""

from __future__ import annotations

from typing import Any

import numpy as np
from oracles.trains import DT

MS = DT * 1e3


def replay(
    model: str,
    pre: np.ndarray,
    post: np.ndarray,
    delay: int,
    weight: float,
    common: dict[str, Any],
    own: dict[str, Any],
    neuron: dict[str, Any],
) -> np.ndarray:
    """The weight after each pre spike. Trains and the dendritic delay are in steps.

    `common` are properties of the model, `own` of the synapse, `neuron` of the target, which holds
    the postsynaptic time constants. Two parrots repeat the trains; port 1 keeps the target from
    repeating what the synapse delivers.
    """
    import nest

    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = MS
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(model, "plastic", {"weight_recorder": recorder, **common})
    source, target = nest.Create("parrot_neuron"), nest.Create("parrot_neuron", params=neuron)
    for train, parrot in ((pre, source), (post, target)):
        # One step is the shortest way from a generator to its parrot.
        times = np.round((train - 1) * MS, 6)
        generator = nest.Create("spike_generator", params={"spike_times": times})
        nest.Connect(generator, parrot, syn_spec={"delay": MS})
    spec = {"synapse_model": "plastic", "receptor_type": 1, "delay": round(delay * MS, 6)}
    nest.Connect(source, target, syn_spec={**spec, "weight": weight, **own})
    nest.Simulate(round((max(pre[-1], post[-1]) + delay + 10) * MS, 6))
    seen = recorder.events
    return np.asarray(seen["weights"])[np.argsort(seen["times"], kind="stable")]

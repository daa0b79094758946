"""One synapse of each exported rule in NEST, beside NEST's own, all driven by the same trains.

As a script: it reads a JSON of what is given from a file, and writes one of the weights.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nest
import numpy as np

MS = 0.1


def relayed(train: list[int], relay: Any, lag: int, **how: Any) -> None:
    """The relay spikes at these steps; its generator `lag` steps before."""
    times = np.round((np.array(train) - lag) * MS, 6)
    generator = nest.Create("spike_generator", params={"spike_times": times})
    nest.Connect(generator, relay, syn_spec={"delay": MS, **how})


def set_exported(model: str, rule: str, neuron: Any, parameters: dict[str, float]) -> dict:
    """What belongs to a post trace went to the neuron, under names of its own."""
    known, own = nest.GetDefaults(model), {}
    for name, value in parameters.items():
        there = f"{name}__for_{rule}_synapse"
        held = [neuron.set({there: value})] if there in neuron.get() else []
        if name in known:
            own[name] = value
        else:
            assert held, name
    return own


def main(given: dict[str, Any]) -> dict[str, Any]:
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = MS
    nest.Install(given["module"])
    delay = round(given["delay"] * MS, 6)
    paired = next(m for m in nest.node_models if m.startswith("relay_neuron__with_"))
    port = nest.GetDefaults(paired)["receptor_types"]
    source, spikes = nest.Create("parrot_neuron"), nest.Create("spike_recorder")
    relayed(given["pre"], source, 1)
    messenger = nest.Create("parrot_neuron")
    volume = nest.Create("volume_transmitter", params={"deliver_interval": 1})
    relayed(given["reward"], messenger, 1)
    nest.Connect(messenger, volume, syn_spec={"delay": delay})

    silent = nest.Create("parrot_neuron")
    plastic = {}

    def connect(name: str, model: str, target: Any, common: dict, own: dict) -> None:
        recorder = nest.Create("weight_recorder")
        if name.removeprefix("nest_") in given["modulated"]:
            common = {**common, "volume_transmitter": volume}
        nest.CopyModel(model, name, {"weight_recorder": recorder, **common})
        spec = {"synapse_model": name, "delay": delay, "weight": given["weight"], **own}
        nest.Connect(source, target, syn_spec=spec)
        plastic[name] = nest.GetConnections(synapse_model=name), recorder
        if given["keep"]:  # a spike that one synapse has not yet seen stays in the history
            nest.Connect(silent, target, syn_spec=spec)

    for rule, parameters in given["rules"].items():
        model = next(m for m in nest.synapse_models if m.startswith(f"{rule}_synapse__with_"))
        neuron = nest.Create(paired)
        nest.Connect(neuron, spikes)
        relayed(given["post"], neuron, 1, receptor_type=port["TEACHER"])
        own = set_exported(model, rule, neuron, parameters)
        own["receptor_type"] = port["LEARNED"]
        connect(rule, model, neuron, {}, own)
    for name, (model, common, own, held) in given["shipped"].items():
        target = nest.Create("parrot_neuron", params=held)
        relayed(given["post"], target, 1)
        connect(f"nest_{name}", model, target, common, {**own, "receptor_type": 1})

    after: dict[str, list[float]] = {name: [] for name in plastic}
    now = 0
    for step in given["pre"]:
        nest.Simulate(round((step + 2 - now) * MS, 6))
        now = step + 2
        for name, (synapse, _) in plastic.items():
            after[name].append(synapse.get("weight"))
    delivered = {
        name: recorder.events["weights"].tolist() for name, (_, recorder) in plastic.items()
    }
    post = np.rint(spikes.events["times"] / MS).astype(int).tolist()
    return {"after": after, "delivered": delivered, "post": post}


if __name__ == "__main__":
    asked, answer = map(Path, sys.argv[1:])
    answer.write_text(json.dumps(main(json.loads(asked.read_text()))))

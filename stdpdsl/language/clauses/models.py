"""The clauses of neurons and rules."""

from __future__ import annotations

from .clause import EQUATIONS, EVERY, INITIAL, METHOD, ON, PARAMETERS, Clause

NEURON: dict[str, Clause] = {
    "parameters": PARAMETERS,
    "equations": EQUATIONS,
    "threshold": Clause(
        "threshold: CONDITION",
        "When the neuron spikes; `poisson(RATE)` spikes at random.",
        "`threshold=`",
        "a condition",
        "the neuron never spikes",
    ),
    "reset": Clause("reset: STATEMENT", "What happens at a spike.", "`reset=`", default="nothing"),
    "refractory": Clause(
        "refractory: TIME",
        "For how long after a spike, or while which condition holds, no other can come. "
        "Equations marked `(unless refractory)` stand still.",
        "`refractory=`",
        "time, or a condition",
        "not refractory",
    ),
    "initial": INITIAL,
    "event": Clause(
        "event NAME: CONDITION",
        "An event of your own, for `on NAME:`.",
        "`events={NAME: CONDITION}`",
        "a condition",
    ),
    "method": METHOD,
    "on": ON,
    "every": EVERY,
}

RULE: dict[str, Clause] = {
    "requires post": Clause(
        "requires post:",
        "Variables that the target layer must have, with their units.",
        "`NAME_post` in the code",
    ),
    "ports": Clause(
        "ports:",
        "What a connection joins to the rule: `NAME` takes the spikes of a layer, "
        "`NAME : unit` a variable of a layer with one neuron.",
        "a second `Synapses` for spikes, a linked variable for values",
    ),
    "parameters": PARAMETERS,
    "equations": EQUATIONS,
    "post equations": Clause(
        "post equations:",
        "Variables of each target neuron, which all its synapses share.",
        "equations in the target's `NeuronGroup`",
    ),
    "post reset": Clause(
        "post reset:",
        "Statements that run once per spike of the target neuron.",
        "lines of the target's `reset=`",
    ),
    "initial": INITIAL,
    "advance": Clause(
        "advance:",
        "Statements that bring a synapse from its last event to the time `t`, by a formula. "
        "They run before each `on ...:` and whenever values are read.",
        "lines before `on_pre` and `on_post`, and NumPy code when values are read",
    ),
    "presets": Clause(
        "presets:",
        "Sets of parameter values with names, for `plasticity: RULE.PRESET`.",
        "nothing: the values are put in",
    ),
    "method": METHOD,
    "on": ON,
}

"""The names that the language knows: functions, constants, lists, draws, patterns, integrators."""

from __future__ import annotations

from ..dataclass import dataclass


@dataclass(frozen=True)
class Function:
    """A function of expressions, elementwise.

    `rule` says how units pass: "none" (arguments and result without unit), "same" (all arguments
    share one unit, which is the result's), "ratio" (all share one unit, result without), "root"
    (square root), "free" (any unit, result without). `result` is "float" or "integer". `brian2` and
    `numpy` are its names there; {0}, {1} stand for arguments if the form is not a plain call.
    `maker` makes it if Brian2 does not have it.
    """

    arity: int
    rule: str
    numpy: str
    brian2: str
    result: str = "float"
    maker: str = ""


FUNCTIONS: dict[str, Function] = {
    "exp": Function(1, "none", "np.exp", "exp"),
    "expm1": Function(1, "none", "np.expm1", "expm1"),
    "log": Function(1, "none", "np.log", "log"),
    "log1p": Function(1, "none", "np.log1p", "log1p"),
    "log10": Function(1, "none", "np.log10", "log10"),
    "exprel": Function(1, "none", "exprel", "exprel"),
    "sin": Function(1, "none", "np.sin", "sin"),
    "cos": Function(1, "none", "np.cos", "cos"),
    "tan": Function(1, "none", "np.tan", "tan"),
    "arcsin": Function(1, "none", "np.arcsin", "arcsin"),
    "arccos": Function(1, "none", "np.arccos", "arccos"),
    "arctan": Function(1, "none", "np.arctan", "arctan"),
    "arctan2": Function(2, "ratio", "np.arctan2", "angle__arctan2", maker="angle_functions"),
    "sinh": Function(1, "none", "np.sinh", "sinh"),
    "cosh": Function(1, "none", "np.cosh", "cosh"),
    "tanh": Function(1, "none", "np.tanh", "tanh"),
    "sqrt": Function(1, "root", "np.sqrt", "sqrt"),
    "abs": Function(1, "same", "np.abs", "abs"),
    "sign": Function(1, "free", "np.sign", "sign"),
    "floor": Function(1, "none", "np.floor", "floor"),
    "ceil": Function(1, "none", "np.ceil", "ceil"),
    "int": Function(1, "none", "as_int", "int", result="integer"),
    "clip": Function(3, "same", "np.clip", "clip"),
    "min": Function(2, "same", "np.minimum", "clip({0}, -{inf}, {1})"),
    "max": Function(2, "same", "np.maximum", "clip({0}, {1}, {inf})"),
}

CONSTANTS: dict[str, float | bool] = {
    "pi": 3.141592653589793,
    "e": 2.718281828459045,
    "inf": float("inf"),
    "true": True,
    "false": False,
}


@dataclass(frozen=True)
class ListFunction:
    """Makes a list of values. `units`: one letter per argument, "v" carries the list's unit, "n"
    is a count, "x" has no unit."""

    arguments: tuple[str, ...]
    units: str
    numpy: str


LISTS: dict[str, ListFunction] = {
    "linspace": ListFunction(("start", "stop", "count"), "vvn", "np.linspace"),
    "geomspace": ListFunction(("start", "stop", "count"), "vvn", "np.geomspace"),
    "logspace": ListFunction(("start", "stop", "count"), "xxn", "np.logspace"),
    "arange": ListFunction(("start", "stop", "step"), "vvv", "np.arange"),
    "erbspace": ListFunction(("low", "high", "count"), "vvn", "erbspace"),
}


@dataclass(frozen=True)
class Distribution:
    """A draw. Its base draw (`base`: "uniform" in [0, 1) or "normal" with mean 0 and sd 1) is
    independent of parameters; `transform` turns it into the value: {u} is the base draw, {0}, {1}
    the arguments. `units` as in ListFunction. `quantile` is our function that it calls,
    `quantile__...` in Brian2's code; `maker` makes it."""

    arguments: tuple[str, ...]
    units: str
    base: str
    transform: str
    result: str = "float"
    quantile: str = ""
    maker: str = ""


DISTRIBUTIONS: dict[str, Distribution] = {
    "uniform": Distribution(("low", "high"), "vv", "uniform", "{0} + ({1} - {0})*{u}"),
    "normal": Distribution(("mean", "sd"), "vv", "normal", "{0} + {1}*{u}"),
    # Parameters of the logarithm; LOGNORMAL_BY_MEAN has those of the variable itself, by argument
    # name.
    "lognormal": Distribution(("mu", "sigma"), "xx", "normal", "np.exp({0} + {1}*{u})"),
    "loguniform": Distribution(("low", "high"), "vv", "uniform", "{0}*({1}/{0})**{u}"),
    "exponential": Distribution(("mean",), "v", "uniform", "-{0}*np.log1p(-{u})"),
    "integers": Distribution(
        ("low", "high"), "nn", "uniform", "np.floor({0} + ({1} - {0})*{u})", result="integer"
    ),
    "bernoulli": Distribution(("p",), "x", "uniform", "1.0*({u} < {0})"),
    "binomial": Distribution(
        ("n", "p"),
        "xx",
        "uniform",
        "binomial_quantile({u}, {0}, {1})",
        quantile="binomial_quantile",
    ),
    "gamma": Distribution(
        ("shape", "scale"),
        "xv",
        "uniform",
        "{1}*gamma_quantile({u}, {0})",
        quantile="gamma_quantile",
        maker="gamma_functions",
    ),
    "truncated_normal": Distribution(
        ("mean", "sd", "low", "high"),
        "vvvv",
        "uniform",
        "np.clip({0} + {1}*truncated_normal_quantile({u}, ({2} - {0})/{1}, ({3} - {0})/{1}),"
        " {2}, {3})",
        quantile="truncated_normal_quantile",
        maker="truncated_normal_functions",
    ),
}

# sigma**2 = log(1 + (sd/mean)**2), mu = log(mean) - sigma**2/2
LOGNORMAL_BY_MEAN = Distribution(
    ("mean", "sd"),
    "vv",
    "normal",
    "({0})/np.sqrt(1 + ({1}/{0})**2)*np.exp(np.sqrt(np.log1p(({1}/{0})**2))*{u})",
)

PATTERNS = {
    "all_to_all": None,
    "one_to_one": None,
    "random": "p",
    "symmetric": "p",
    "fixed_indegree": "k",
    "fixed_outdegree": "k",
    "pairs": None,
}

# The Brian2 integrators that a `method:` may name.
METHODS = (
    "exact",
    "linear",
    "exponential_euler",
    "euler",
    "rk2",
    "rk4",
    "heun",
    "milstein",
    "gsl",
    "gsl_rk2",
    "gsl_rk4",
    "gsl_rkf45",
    "gsl_rkck",
    "gsl_rk8pd",
)

# The precision of a network in bits: `precision:` of a run.
PRECISIONS = ("double", "single")

# Variables that all neurons have without declaring them: name -> (unit's base dimension, kind).
NEURON_VARIABLES = {"i": "integer", "N": "integer", "t": "time", "dt": "time", "lastspike": "time"}
SYNAPSE_VARIABLES = {
    "i": "integer",
    "j": "integer",
    "N_pre": "integer",
    "N_post": "integer",
    "N_incoming": "integer",
    "N_outgoing": "integer",
    "synapse_number": "integer",
    "t": "time",
    "dt": "time",
}

# Measures over the elements of a component, and how the unit passes (as Function.rule; "if" takes a
# condition): one number per block.
REDUCTIONS = {
    "mean": "same",
    "sd": "same",
    "min": "same",
    "max": "same",
    "sum": "same",
    "fraction": "if",
}

ACCURACY = "accuracy"
"""`accuracy(PHASE)` of a layer: the fraction of a phase's stimuli whose label its neurons tell,
each of them assigned, in another phase, to the label to which it responded most."""

MEASURES = {
    "before_mean": ("mean weight before", "w"),
    "after_mean": ("mean weight", "w"),
    "before_sd": ("spread of weights before", "w"),
    "after_sd": ("spread of weights (sd)", "w"),
    "before_bimodality": ("bimodality of weights before", ""),
    "after_bimodality": ("bimodality of weights", ""),
    "before_at_bounds": ("weights at a bound before", ""),
    "after_at_bounds": ("weights at a bound (fraction)", ""),
    "before_entropy": ("entropy of weights before", "bits"),
    "after_entropy": ("entropy of weights", "bits"),
    "change": ("mean change of a weight", "w"),
    "settled": ("weights settled after", "s"),
    "spikes": ("spikes", ""),
    "rate": ("mean rate", "Hz"),
    "cv": ("irregularity of intervals (CV)", ""),
    "synchrony": ("synchrony", ""),
    "selectivity": ("selectivity for stimuli", ""),
    "sparseness": ("sparseness of responses", ""),
}
"""The endings of measures' names: in words, and the unit; `w` stands for that of the weight."""

READ_AS = {
    "bimodality": "1 for two points, 5/9 for even weights, 1/3 for normal ones",
    "entropy": "of 16 bins between the bounds: 0 all weights in one, 4 spread evenly",
    "settled": "from then on the weights stay near what they end as",
    "cv": "sd/mean of a neuron's intervals: 1 Poisson, 0 a clock",
    "synchrony": "1 if all neurons spike alike, 1/sqrt(N) if they are independent",
    "selectivity": "0 if a neuron responds equally to all stimuli, 1 if to one only",
    "sparseness": "0 if all neurons respond equally to a stimulus, 1 if one only",
}
"""The meaning of a measure's values, by the last word of its name, if the name does not tell it."""


def weight_measures(bounded: bool, recorded: bool) -> list[str]:
    """The measures of a connection with a weight, which may have bounds and be recorded."""
    ends = ["mean", "sd", "bimodality", *(("at_bounds", "entropy") if bounded else ())]
    ends = [f"{when}_{end}" for when in ("before", "after") for end in ends]
    return [*ends, "change", *(["settled"] if recorded else [])]


def layer_measures(recorded: bool, several: bool, hears: bool) -> list[str]:
    """The measures of a layer that spikes. There are more if its spikes are recorded, if it has
    several neurons, or if the network hears one sound."""
    ends = ["spikes", "rate"]
    if recorded:
        ends += ["cv", *(["synchrony"] if several else [])]
        ends += ["selectivity", "sparseness"] if hears else []
    return ends

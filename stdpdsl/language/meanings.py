"""The words of builtins.py in one line each, for people who ask: name -> (how to write it, what it
is). Sounds and filters carry theirs in builtins_audio.py."""

from __future__ import annotations

MEANINGS: dict[str, tuple[str, str]] = {
    # Functions of expressions
    "exp": ("exp(x)", "e to the power of x"),
    "expm1": ("expm1(x)", "exp(x) - 1, exact where x is small"),
    "log": ("log(x)", "the natural logarithm"),
    "log1p": ("log1p(x)", "log(1 + x), exact where x is small"),
    "log10": ("log10(x)", "the logarithm to base 10"),
    "exprel": ("exprel(x)", "(exp(x) - 1)/x, and 1 at x = 0"),
    "sin": ("sin(x)", "the sine of an angle in radians"),
    "cos": ("cos(x)", "the cosine of an angle in radians"),
    "tan": ("tan(x)", "the tangent of an angle in radians"),
    "arcsin": ("arcsin(x)", "the angle in radians with this sine"),
    "arccos": ("arccos(x)", "the angle in radians with this cosine"),
    "arctan": ("arctan(x)", "the angle in radians with this tangent"),
    "arctan2": ("arctan2(y, x)", "the angle in radians of the point (x, y), from -pi to pi"),
    "sinh": ("sinh(x)", "the hyperbolic sine"),
    "cosh": ("cosh(x)", "the hyperbolic cosine"),
    "tanh": ("tanh(x)", "the hyperbolic tangent"),
    "sqrt": ("sqrt(x)", "the square root; that of the unit, too"),
    "abs": ("abs(x)", "x without its sign; the unit stays"),
    "sign": ("sign(x)", "-1, 0 or 1, without unit"),
    "floor": ("floor(x)", "the whole number below"),
    "ceil": ("ceil(x)", "the whole number above"),
    "int": ("int(x)", "towards 0, as an integer; 1 or 0 of a condition"),
    "clip": ("clip(x, low, high)", "x, but not below low and not above high"),
    "min": ("min(a, b)", "the lower of two"),
    "max": ("max(a, b)", "the higher of two"),
    # Numbers
    "pi": ("pi", "3.14159..."),
    "e": ("e", "2.71828..."),
    "inf": ("inf", "infinity"),
    # Lists
    "linspace": ("linspace(start, stop, count)", "evenly spaced values, both ends included"),
    "geomspace": ("geomspace(start, stop, count)", "values in equal ratios, both ends included"),
    "logspace": ("logspace(start, stop, count)", "10**start to 10**stop in equal ratios"),
    "arange": ("arange(start, stop, step)", "start, start + step, ...: stop is excluded"),
    "erbspace": ("erbspace(low, high, count)", "frequencies evenly spaced on the ERB scale"),
    # Draws
    "uniform": ("uniform(low, high)", "a draw, evenly between low and high"),
    "normal": ("normal(mean, sd)", "a draw from the normal distribution"),
    "lognormal": (
        "lognormal(mu, sigma)",
        "exp of a draw from the normal distribution; or `mean = ..., sd = ...` of the draw itself",
    ),
    "loguniform": ("loguniform(low, high)", "a draw whose logarithm is uniform"),
    "exponential": ("exponential(mean)", "a draw from the exponential distribution"),
    "integers": ("integers(low, high)", "a whole number drawn evenly; high is excluded"),
    "bernoulli": ("bernoulli(p)", "1 with probability p, else 0"),
    "binomial": ("binomial(n, p)", "how many of n trials succeed with probability p"),
    "gamma": ("gamma(shape, scale)", "a draw from the gamma distribution; its mean is shape*scale"),
    "truncated_normal": (
        "truncated_normal(mean, sd, low, high)",
        "a draw from the normal distribution between low and high; mean and sd are those before",
    ),
    "poisson": ("poisson(RATE)", "as a threshold: random spikes at this rate"),
    # Patterns
    "all_to_all": ("all_to_all", "every pair of neurons"),
    "one_to_one": ("one_to_one", "neuron i to neuron i"),
    "random": ("random(p = 0.1)", "each pair with probability p"),
    "fixed_indegree": ("fixed_indegree(k)", "k sources for each target"),
    "fixed_outdegree": ("fixed_outdegree(k)", "k targets for each source"),
    "pairs": ('pairs from "FILE.csv"', "the pairs of a file: columns `pre` and `post`"),
    # What every neuron and synapse has
    "i": ("i", "counts the neurons of the layer, or of the source layer"),
    "j": ("j", "counts the neurons of the target layer"),
    "N": ("N", "how many neurons the layer has"),
    "N_pre": ("N_pre", "how many neurons the source layer has"),
    "N_post": ("N_post", "how many neurons the target layer has"),
    "N_incoming": ("N_incoming", "how many synapses of the connection the target neuron has"),
    "N_outgoing": ("N_outgoing", "how many synapses of the connection the source neuron has"),
    "t": ("t", "the time since the run began"),
    "dt": ("dt", "the time step"),
    "lastspike": ("lastspike", "when the neuron spiked last"),
}

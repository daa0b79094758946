"""Draws: base draws from named streams, keyed by neuron or by (i, j), independent of parameters."""

import hashlib

import numpy as np

from .code_functions import code_function

SEED = 0  # of the script that runs: see seed_draws


def seed_draws(seed):
    """Make all streams of this process depend on a seed."""
    global SEED
    SEED = seed


def stream(*key):
    """The generator of one named stream: (component, variable, replicate, ...)."""
    return seeded_stream(SEED, *key)


def seeded_stream(seed, *key):
    """The generator of a stream under a given seed."""
    digest = hashed_name(seed, key)
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def digest_of(key):
    """SHA-256 of a stream's name under the seed."""
    return hashed_name(SEED, key)


def hashed_name(seed, key):
    """Hash of a stream's name under a given seed."""
    # NumPy's whole numbers print differently from Python's, but must name the same stream.
    plain = tuple(part if isinstance(part, str | tuple) else int(part) for part in key)
    return hashlib.sha256(repr((seed, *plain)).encode()).digest()


def row_key(row, block):
    """A row's columns and values, for draws that are independent per block."""
    return tuple(
        (name, str(values[block]) if values.dtype == object else float(values[block]))
        for name, values in sorted(row.items())
        if name != "replicate"
    )


def copy_keys(key, copies, row=None):
    """The stream name of each copy: by replicate, and also by row if draws differ between
    blocks."""
    if row is None:
        return [(*key, copy) for copy in copies]
    return [(*key, copy, row_key(row, block)) for block, copy in enumerate(copies)]


def neuron_draws(kind, key, copies, size, row=None):
    """Base draws of a layer's neurons, one row per copy."""
    made = {}
    names = copy_keys(key, copies, row)
    for name in names:
        if name not in made:
            rng = stream(*name)
            made[name] = rng.random(size) if kind == "uniform" else rng.standard_normal(size)
    return np.concatenate([made[name] for name in names])


def pair_draws(kind, name, *shape):
    """Base draws of one copy of a connection: an array (n_pre, n_post), or (number, n_pre, n_post)
    for synapses, because a pair may have several."""
    rng = stream(*name)
    if kind == "mirrored":
        return mirrored(rng.random(shape))
    return rng.random(shape) if kind == "uniform" else rng.standard_normal(shape)


def mirrored(draws):
    """Draws for pairs within one layer; (i, j) and (j, i) have the same draw."""
    return np.triu(draws) + np.triu(draws, 1).T


def synapse_draws(kind, key, edges, row=None):
    """Base draws of synapses."""
    values = np.empty(len(edges.copy))
    names = copy_keys(key, edges.copies, row)
    last, draws = None, np.empty((0, 0, 0))
    ends = np.searchsorted(edges.copy, np.arange(len(names) + 1))
    for copy in sorted(range(len(names)), key=lambda k: repr(names[k])):
        mine = slice(ends[copy], ends[copy + 1])
        if names[copy] != last:
            shape = edges.many, edges.n_pre, edges.n_post
            last, draws = names[copy], pair_draws(kind, names[copy], *shape)
        values[mine] = draws[edges.number[mine], edges.i[mine], edges.j[mine]]
    return values


# Draws while the network runs -------------------------------------------------------------------


def draw_key(*key):
    """The whole number, exact also as a float, that identifies a stream in the network's code."""
    return int.from_bytes(digest_of(key)[:6], "big")


def draw_keys(x, component, draw, copies, row=None):
    """One such number for each copy."""
    names = copy_keys((component, draw), copies, row)
    return np.array([draw_key(*name) for name in names], dtype=float)


DRAW_CPP = """
static inline double draw__uniform(double key, int64_t step, int64_t element) {
    uint64_t z = (uint64_t)key * 0x9E3779B97F4A7C15ull + (uint64_t)step;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    z = (z ^ (z >> 31)) + (uint64_t)element * 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    z = z ^ (z >> 31);
    return (double)(z >> 11) * (1.0 / 9007199254740992.0);
}
"""
DRAW_CYTHON = f'''
cdef extern from *:
    """{DRAW_CPP}"""
    double draw__uniform(double key, int64_t step, int64_t element)
'''


def uniform_draw(key, step, element):
    """A number in [0, 1) that depends only on its arguments and is the same on every target.

    A counter-based generator: the finaliser of SplitMix64 (Steele, Lea & Flood 2014,
    doi:10.1145/2660193.2660195), applied over key and step, then once more with the element.
    """
    golden, one, two = (
        np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
    )

    def mixed(z):
        z = (z ^ (z >> np.uint64(30))) * one
        z = (z ^ (z >> np.uint64(27))) * two
        return z ^ (z >> np.uint64(31))

    with np.errstate(over="ignore"):
        z = np.asarray(key).astype(np.uint64) * golden + np.asarray(step).astype(np.uint64)
        z = mixed(z) + np.asarray(element).astype(np.uint64) * golden
        return (mixed(z) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


def normal_draw(key, step, element):
    """A standard normal number, as the quantile of a uniform one."""
    return normal_quantile(uniform_draw(key, step, element) + 1.0 / 18014398509481984.0)


def binomial_draw(key, step, element, n, p):
    """How many of n trials with probability p succeed; each trial has its own draw."""
    n, p = np.asarray(n), np.asarray(p)
    trials = int(np.max(n, initial=0))
    count = np.zeros(np.broadcast_shapes(np.shape(element), n.shape, p.shape))
    for trial in range(trials):
        draw = uniform_draw(key, step, np.asarray(element).astype(np.int64) + (trial << 40))
        count += (trial < n) & (draw < p)
    return count


def binomial_quantile(u, n, p):
    """The number of successes at the quantile u of n trials with probability p."""
    n, p = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (n, p)))
    shape = np.broadcast_shapes(np.shape(u), n.shape)
    chance = np.broadcast_to((1 - p) ** n, shape).copy()
    reached, count = chance.copy(), np.zeros(shape)
    for k in range(1, int(np.max(n, initial=0)) + 1):
        below = (u >= reached) & (count == k - 1) & (k <= n)
        count[below] = k
        with np.errstate(divide="ignore", invalid="ignore"):
            chance = np.where(p < 1, chance * (n - k + 1) / k * p / (1 - p), 1.0 * (k == n))
        reached = reached + chance
    return count


BINOMIAL_CPP = """
static inline double draw__binomial(double key, int64_t step, int64_t element, double n, double p) {
    double count = 0;
    for (int64_t trial = 0; trial < n; trial++)
        count += draw__uniform(key, step, element + (trial << 40)) < p;
    return count;
}
"""
BINOMIAL_CYTHON = """
cdef inline double draw__binomial(double key, int64_t step, double element, double n, double p):
    cdef double count = 0
    cdef int64_t trial = 0
    while trial < n:
        if draw__uniform(key, step, <int64_t>element + (trial << 40)) < p:
            count += 1
        trial += 1
    return count
"""

# Coefficients of the quantile's three ranges: numerator, denominator, lowest power first.
QUANTILE = (
    (
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
    (
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
    (
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)


def normal_quantile(p):
    """The standard normal quantile, accurate to 1e-16: Wichura (1988), AS 241,
    doi:10.2307/2347330."""
    q = np.asarray(p) - 0.5

    def ratio(top, bottom, r):
        above = below = 0.0
        for a, b in zip(reversed(QUANTILE[top]), reversed(QUANTILE[bottom]), strict=True):
            above, below = above * r + a, below * r + b
        return above / below

    centre = q * ratio(0, 1, 0.180625 - q * q)
    r = np.sqrt(-np.log(np.where(q < 0, p, 1.0 - np.asarray(p))))
    tail = np.where(r <= 5.0, ratio(2, 3, r - 1.6), ratio(4, 5, r - 5.0))
    return np.where(np.abs(q) <= 0.425, centre, np.where(q < 0, -tail, tail))


def normal_code():
    """The quantile in C++ and Cython, from the same coefficients in the same order."""
    cpp, cython = [], []
    for number, (top, bottom) in enumerate(((0, 1), (2, 3), (4, 5))):
        texts = []
        for row in (top, bottom):
            text = "0.0"
            for coefficient in reversed(QUANTILE[row]):
                text = f"({text} * r + {coefficient!r})"
            texts.append(text)
        cpp.append(
            f"static inline double quantile__{number}(double r) {{\n"
            f"    return {texts[0]} / {texts[1]};\n}}\n"
        )
        cython.append(
            f"cdef inline double quantile__{number}(double r):\n"
            f"    return {texts[0]} / {texts[1]}\n"
        )
    cpp.append("""
static inline double quantile__normal(double p) {
    double q = p - 0.5;
    if (fabs(q) <= 0.425) return q * quantile__0(0.180625 - q * q);
    double r = sqrt(-log(q < 0 ? p : 1.0 - p));
    double tail = r <= 5.0 ? quantile__1(r - 1.6) : quantile__2(r - 5.0);
    return q < 0 ? -tail : tail;
}
""")
    cython.append("""
cdef inline double quantile__normal(double p):
    cdef double q, r, tail
    q = p - 0.5
    if fabs(q) <= 0.425:
        return q * quantile__0(0.180625 - q * q)
    r = sqrt(-log(p if q < 0 else 1.0 - p))
    tail = quantile__1(r - 1.6) if r <= 5.0 else quantile__2(r - 5.0)
    return -tail if q < 0 else tail
""")
    return "".join(cpp), "".join(cython)


NORMAL_CPP = """
static inline double draw__normal(double key, int64_t step, int64_t element) {
    return quantile__normal(draw__uniform(key, step, element) + 1.0 / 18014398509481984.0);
}
"""
NORMAL_CYTHON = """
cdef inline double draw__normal(double key, int64_t step, double element):
    return quantile__normal(
        draw__uniform(key, step, <int64_t>element) + 1.0 / 18014398509481984.0
    )
"""


def draw_function(numpy_code, cpp, cython, more=0):
    """A draw as a function in Brian2's code: of a key, a step, an element, and `more` arguments."""
    if cpp:
        # Each has its own uniform draw, because Brian2 does not keep the order of dependencies.
        own = f"draw__uniform_in_{numpy_code.__name__}"
        cpp = (DRAW_CPP + cpp).replace("draw__uniform", own)
        cython = (DRAW_CYTHON + cython).replace("draw__uniform", own)
    else:  # it is the uniform draw, which Brian2's code calls
        cpp, cython = DRAW_CPP, DRAW_CYTHON.replace("int64_t element", "double element")
    # Stateless: a draw depends only on its arguments, so a statement may contain several. The
    # number of an element is a double because it may not fit into 32 bits.
    types = ["any", "integer", "any", *["any"] * more]
    return code_function(numpy_code, [1] * (3 + more), cpp, cython, arg_types=types)


def uniform_draw_function():
    """`draw__uniform` for Brian2's code."""
    return draw_function(uniform_draw, "", "")


def normal_draw_function():
    """`draw__normal` for Brian2's code."""
    cpp, cython = normal_code()
    return draw_function(normal_draw, cpp + NORMAL_CPP, cython + NORMAL_CYTHON)


def binomial_draw_function():
    """`draw__binomial` for Brian2's code."""
    return draw_function(binomial_draw, BINOMIAL_CPP, BINOMIAL_CYTHON, 2)


def draw_functions():
    """The draws as functions that Brian2's code may call, for a namespace. Their names contain
    `__`, which no name in a spec does."""
    return {
        "draw__uniform": uniform_draw_function(),
        "draw__normal": normal_draw_function(),
        "draw__binomial": binomial_draw_function(),
    }

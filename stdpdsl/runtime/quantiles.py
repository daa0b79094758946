"""Quantiles of distributions, and `arctan2`, for NumPy and as functions of Brian2's code. Each
takes the same steps in the same order, so all targets draw the same numbers."""

import math

import numpy as np

from .code_functions import code_function
from .draws import normal_code, normal_quantile

NORMAL_BELOW = np.vectorize(lambda z: 0.5 * math.erfc(-z * 0.7071067811865476), otypes=[float])


def truncated_normal_quantile(u, low, high):
    """The quantile u of a standard normal variable between `low` and `high`. NaN if the probability
    between them is too small for a double, or if `high` is below `low`."""
    u, low, high = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (u, low, high)))
    flipped = low > 0  # above 0 the upper tail is the precise one
    a, b = np.where(flipped, -high, low), np.where(flipped, -low, high)
    u = np.where(flipped, 1.0 - u, u)
    below, above = NORMAL_BELOW(a), NORMAL_BELOW(b)
    p = below + (u + 1.0 / 18014398509481984.0) * (above - below)
    with np.errstate(all="ignore"):
        z = np.minimum(np.maximum(normal_quantile(np.minimum(p, 1.0)), a), b)
    z = np.where((a <= b) & (above > 0.0), z, np.nan)
    return np.where(flipped, -z, z)[()]


def log_gamma(a):
    """The logarithm of the gamma function, accurate to 1e-15: Stirling's series above 10."""
    product, a = np.ones(np.shape(a)), np.array(a, dtype=float)
    for _ in range(10):
        less = a < 10.0
        product = np.where(less, product * a, product)
        a = np.where(less, a + 1.0, a)
    r = 1.0 / (a * a)
    series = 8.4175084175084180e-4 - r * 1.9175269175269176e-3
    series = 8.3333333333333329e-2 - r * (
        2.7777777777777779e-3
        - r * (7.9365079365079365e-4 - r * (5.9523809523809529e-4 - r * series))
    )
    return (a - 0.5) * np.log(a) - a + 0.91893853320467278 + series / a - np.log(product)


def gamma_below(a, x, scale):
    """P(X < x) and P(X > x) of a gamma variable of shape a; `scale` is x**a*exp(-x)/gamma(a)."""
    term = total = 1.0 / a
    n = np.array(a, dtype=float)
    series = x < a + 1.0
    for _ in range(100000):
        n = n + 1.0
        term = term * (x / n)
        more = series & (total + term != total)
        if not np.any(more):
            break
        total = np.where(more, total + term, total)
    b, c = x + 1.0 - a, np.full(np.shape(x), 1e300)
    d = 1.0 / np.where(series, 1.0, b)
    h, going = d, ~series
    for k in range(1, 100000):
        factor = -k * (k - a)
        b = b + 2.0
        d = 1.0 / (factor * d + b)
        c = b + factor / c
        step = d * c
        h = np.where(going, h * step, h)
        going = going & (abs(step - 1.0) > 1e-16)
        if not np.any(going):
            break
    below, above = scale * total, scale * h
    return np.where(series, below, 1.0 - above), np.where(series, 1.0 - below, above)


def gamma_quantile(u, shape):
    """The quantile u of a gamma variable with scale 1: Halley's method within a bracket."""
    u, a = (np.array(v, dtype=float) for v in np.broadcast_arrays(u, shape))
    with np.errstate(all="ignore"):
        log_of = log_gamma(a)
        x = np.where(a < 1.0, np.exp((np.log(u) + log_of + np.log(a)) / a), a)
        going = (a > 0.0) & (u > 0.0) & (u < 1.0) & (x > 1e-290)
        x = np.where((a > 0.0) & (u >= 0.0) & (u < 1.0), np.where(u > 0.0, x, 0.0), np.nan)
        low, high = np.zeros(x.shape), np.full(x.shape, np.inf)
        for _ in range(60):
            if not np.any(going):
                break
            at, mine = x[going], a[going]
            scale = np.exp(mine * np.log(at) - at - log_of[going])
            below, above = gamma_below(mine, at, scale)
            ask = u[going]
            gap = np.where(ask < 0.5, below - ask, (1.0 - ask) - above)
            bottom = np.where(gap < 0.0, at, low[going])
            top = np.where(gap < 0.0, high[going], at)
            step = gap * (at / scale)
            new = at - step / (1.0 - 0.5 * step * ((mine - 1.0) / at - 1.0))
            done = (gap == 0.0) | (abs(new - at) <= 1e-13 * at)
            half = np.where(np.isinf(top), 2.0 * at, 0.5 * (bottom + top))
            new = np.where(done | ((new > bottom) & (new < top)), new, half)
            low[going], high[going] = bottom, top
            x[going] = np.where(gap == 0.0, at, new)
            going[going] = ~done
    return x[()]


TRUNCATED_CPP = """
static inline double truncated__below(double z) { return 0.5 * erfc(-z * 0.7071067811865476); }
static inline double quantile__truncated_normal(double u, double low, double high) {
    bool flipped = low > 0;
    double a = flipped ? -high : low, b = flipped ? -low : high;
    if (flipped) u = 1.0 - u;
    double below = truncated__below(a), above = truncated__below(b);
    if (!(a <= b && above > 0.0)) return NAN;
    double p = below + (u + 1.0 / 18014398509481984.0) * (above - below);
    double z = quantile__normal(p < 1.0 ? p : 1.0);
    z = z < a ? a : z;
    z = z > b ? b : z;
    return flipped ? -z : z;
}
"""
TRUNCATED_CYTHON = """
cdef extern from "math.h":
    double erfc(double)
    double NAN
cdef inline double truncated__below(double z):
    return 0.5 * erfc(-z * 0.7071067811865476)
cdef inline double quantile__truncated_normal(double u, double low, double high):
    cdef bint flipped = low > 0
    cdef double a, b, below, above, p, z
    a = -high if flipped else low
    b = -low if flipped else high
    if flipped:
        u = 1.0 - u
    below = truncated__below(a)
    above = truncated__below(b)
    if not (a <= b and above > 0.0):
        return NAN
    p = below + (u + 1.0 / 18014398509481984.0) * (above - below)
    z = quantile__normal(p if p < 1.0 else 1.0)
    z = a if z < a else z
    z = b if z > b else z
    return -z if flipped else z
"""
GAMMA_CPP = """
static inline double gamma__log(double a) {
    double product = 1.0;
    for (int k = 0; k < 10; k++)
        if (a < 10.0) { product = product * a; a = a + 1.0; }
    double r = 1.0 / (a * a);
    double series = 8.4175084175084180e-4 - r * 1.9175269175269176e-3;
    series = 8.3333333333333329e-2 - r * (
        2.7777777777777779e-3
        - r * (7.9365079365079365e-4 - r * (5.9523809523809529e-4 - r * series)));
    return (a - 0.5) * log(a) - a + 0.91893853320467278 + series / a - log(product);
}
static inline double quantile__gamma(double u, double a) {
    if (!(a > 0.0 && u >= 0.0 && u < 1.0)) return NAN;
    if (u == 0.0) return 0.0;
    double log_of = gamma__log(a), low = 0.0, high = INFINITY;
    double x = a < 1.0 ? exp((log(u) + log_of + log(a)) / a) : a;
    if (!(x > 1e-290)) return x;
    for (int round = 0; round < 60; round++) {
        double scale = exp(a * log(x) - x - log_of), below, above;
        if (x < a + 1.0) {
            double term = 1.0 / a, total = term, n = a;
            for (int k = 0; k < 100000; k++) {
                n = n + 1.0;
                term = term * (x / n);
                if (total + term == total) break;
                total = total + term;
            }
            below = scale * total;
            above = 1.0 - below;
        } else {
            double b = x + 1.0 - a, c = 1e300, d = 1.0 / b, h = d;
            for (int k = 1; k < 100000; k++) {
                double factor = -k * (k - a);
                b = b + 2.0;
                d = 1.0 / (factor * d + b);
                c = b + factor / c;
                double step = d * c;
                h = h * step;
                if (!(fabs(step - 1.0) > 1e-16)) break;
            }
            above = scale * h;
            below = 1.0 - above;
        }
        double gap = u < 0.5 ? below - u : (1.0 - u) - above;
        if (gap == 0.0) return x;
        if (gap < 0.0) low = x; else high = x;
        double step = gap * (x / scale);
        double next = x - step / (1.0 - 0.5 * step * ((a - 1.0) / x - 1.0));
        if (fabs(next - x) <= 1e-13 * x) return next;
        if (!(next > low && next < high)) next = std::isinf(high) ? 2.0 * x : 0.5 * (low + high);
        x = next;
    }
    return x;
}
"""
GAMMA_CYTHON = """
cdef extern from "math.h":
    double NAN
    double INFINITY
cdef inline double gamma__log(double a):
    cdef double product = 1.0, r, series
    cdef int k
    for k in range(10):
        if a < 10.0:
            product = product * a
            a = a + 1.0
    r = 1.0 / (a * a)
    series = 8.4175084175084180e-4 - r * 1.9175269175269176e-3
    series = 8.3333333333333329e-2 - r * (
        2.7777777777777779e-3
        - r * (7.9365079365079365e-4 - r * (5.9523809523809529e-4 - r * series)))
    return (a - 0.5) * log(a) - a + 0.91893853320467278 + series / a - log(product)
cdef inline double quantile__gamma(double u, double a):
    cdef double log_of, low, high, x, scale, below, above, term, total, n, b, c, d, h, factor, step
    cdef double gap, next_x
    cdef int k, attempt
    if not (a > 0.0 and u >= 0.0 and u < 1.0):
        return NAN
    if u == 0.0:
        return 0.0
    log_of = gamma__log(a)
    low = 0.0
    high = INFINITY
    x = exp((log(u) + log_of + log(a)) / a) if a < 1.0 else a
    if not (x > 1e-290):
        return x
    for attempt in range(60):
        scale = exp(a * log(x) - x - log_of)
        if x < a + 1.0:
            term = 1.0 / a
            total = term
            n = a
            for k in range(100000):
                n = n + 1.0
                term = term * (x / n)
                if total + term == total:
                    break
                total = total + term
            below = scale * total
            above = 1.0 - below
        else:
            b = x + 1.0 - a
            c = 1e300
            d = 1.0 / b
            h = d
            for k in range(1, 100000):
                factor = -k * (k - a)
                b = b + 2.0
                d = 1.0 / (factor * d + b)
                c = b + factor / c
                step = d * c
                h = h * step
                if not (fabs(step - 1.0) > 1e-16):
                    break
            above = scale * h
            below = 1.0 - above
        gap = below - u if u < 0.5 else (1.0 - u) - above
        if gap == 0.0:
            return x
        if gap < 0.0:
            low = x
        else:
            high = x
        step = gap * (x / scale)
        next_x = x - step / (1.0 - 0.5 * step * ((a - 1.0) / x - 1.0))
        if fabs(next_x - x) <= 1e-13 * x:
            return next_x
        if not (next_x > low and next_x < high):
            next_x = 2.0 * x if high == INFINITY else 0.5 * (low + high)
        x = next_x
    return x
"""
ARCTAN2_CPP = "static inline double angle__arctan2(double y, double x) { return atan2(y, x); }"
ARCTAN2_CYTHON = """
cdef extern from "math.h":
    double atan2(double, double)
cdef inline double angle__arctan2(double y, double x):
    return atan2(y, x)
"""


def truncated_normal_functions():
    """`quantile__truncated_normal`, which draws in Brian2's code call, for a namespace."""
    cpp, cython = (code.replace("quantile__", "truncated__quantile_") for code in normal_code())
    own = [
        text.replace("quantile__normal", "truncated__quantile_normal")
        for text in (TRUNCATED_CPP, TRUNCATED_CYTHON)
    ]
    made = code_function(truncated_normal_quantile, [1, 1, 1], cpp + own[0], cython + own[1])
    return {"quantile__truncated_normal": made}


def gamma_functions():
    """`quantile__gamma`, which draws in Brian2's code call, for a namespace."""
    return {"quantile__gamma": code_function(gamma_quantile, [1, 1], GAMMA_CPP, GAMMA_CYTHON)}


def angle_functions():
    """`arctan2` of two values with the same unit, for a namespace."""
    made = code_function(np.arctan2, [None, None], ARCTAN2_CPP, ARCTAN2_CYTHON)
    return {"angle__arctan2": made}

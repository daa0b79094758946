"""exp() as part of the code that needs it, with the bits that the C library gives.

A pathway needs one exp() for each synapse that a spike reaches. Around a call of the library, the
compiler stores in memory and loads again all that it has in registers, which takes longer than the
exp(). What is put in its place is the algorithm of the GNU C library since version 2.28, by
Szabolcs Nagy (https://github.com/ARM-software/optimized-routines): a table of 2**(k/128), and a
polynomial. When a program starts, it compares some values with the library's. If one differs, as
with another library or on a processor that rounds in between, the program calls the library.
"""

import re
import struct
from decimal import Decimal, localcontext

ENTRIES = 128
# exp(-k/1024) has other bits if products are rounded before they are added.
TELLING = [1467, 2571, 3459, 3626, 4466, 5753, 10713, 11186, 12040, 13374, 15054, 16853, 18003]

# Goes into namespace brian.
EXP_SUPPORT = """
extern const double most_inline;  // arguments from here on go to the library
template <class T> auto inline_exp(T x) -> decltype(std::exp(x)) { return std::exp(x); }
#if defined(__FMA__) || defined(__AVX512F__)
static const uint64_t exp_table[] = {TABLE};
inline double inline_exp_of(double x) {
    double k = __builtin_fma(184.6649652337873, x, 6755399441055744.);  // 128/log(2), 1.5*2**52
    uint64_t bits, whole;
    std::memcpy(&bits, &k, sizeof k);
    k -= 6755399441055744.;
    // -log(2)/128, in two parts
    double r = __builtin_fma(k, -0.005415212348111709, x);
    r = __builtin_fma(k, -1.2864023111638344e-14, r);
    double small, power;
    std::memcpy(&small, &exp_table[2*(bits % ENTRIES)], sizeof small);
    whole = exp_table[2*(bits % ENTRIES) + 1] + (bits << 45);
    std::memcpy(&power, &whole, sizeof power);
    const double second = __builtin_fma(r, 0.16666666666665886, 0.49999999999996786);
    const double fourth = __builtin_fma(r, 0.008333335853059549, 0.0416666808410674);
    const double square = r*r;
    double sum = __builtin_fma(square, second, small + r);
    sum = __builtin_fma(square*square, fourth, sum);
    return __builtin_fma(power, sum, power);
}
inline double inline_exp(double x) {
    return __builtin_expect(std::fabs(x) < most_inline, 1) ? inline_exp_of(x) : std::exp(x);
}
#endif
"""

# Goes into namespace brian of the unit that runs once.
EXP_CODE = """
static double most_equal() {
#if defined(__FMA__) || defined(__AVX512F__)
    for (const int k : {TELLING})
        if (inline_exp_of(-k/1024.) != std::exp(-k/1024.)) return 0;
    for (int k = 0; k < 1000; k++)
        if (inline_exp_of(k/7. - 100) != std::exp(k/7. - 100)) return 0;
#endif
    return 512;
}
const double most_inline = most_equal();
"""


def table():
    """For each k, the bits of the error of the double nearest to 2**(k/128), as a part of it, and
    of that double without k's share in its exponent."""
    entries = []
    with localcontext() as context:
        context.prec = 60
        for k in range(ENTRIES):
            power = (Decimal(2).ln() * k / ENTRIES).exp()
            nearest = float(power)
            entries += [bits(float(power / Decimal(nearest) - 1)), bits(nearest) - (k << 45)]
    return entries


def bits(number):
    return int.from_bytes(struct.pack("<d", number), "little")


def exp_support():
    """C++ for both units, and for the one that runs once."""
    support = EXP_SUPPORT.replace("TABLE", ", ".join(f"{entry:#x}" for entry in table()))
    code = EXP_CODE.replace("TELLING", ", ".join(map(str, TELLING)))
    return support.replace("ENTRIES", str(ENTRIES)), code


def inline_exps(text):
    """The text of a code object whose loop over synapses has no calls of exp()."""
    head, loop, body = text.partition("_spiking_synapse_idx++)")
    return head + loop + re.sub(r"(?<![\w.>:])exp\(", "brian::inline_exp(", body)

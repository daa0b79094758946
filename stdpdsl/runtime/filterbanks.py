"""Filterbanks: brian2hears' filters on a mono sound, computed in chunks of bounded memory.

A filter is a function of a source (a brian2hears object) and SI floats (Hz, s) and returns the next
brian2hears object. A parameter that may differ between channels takes a number or a list. A source
with one channel is repeated for each channel of the filter that follows.
"""

import numpy as np

from .errors import fail

ROWS_PER_CHUNK = 8192  # samples: 0.19 s at 44.1 kHz
NEGLIGIBLE = 1e-200  # a filter state below this becomes 0, because denormal numbers are slow


def filterbank(samples, samplerate, filters, output=None):
    """Yield the filtered sound in chunks of (rows, channels), with one row per sample in `samples`.

    samples: pressures (Pa) at `samplerate` (Hz). filters: [(filter, {parameter: value}), …] in the
    order of processing. output: an elementwise function of the last filter's array.
    """
    bank = filter_chain(samples, samplerate, filters)
    rows = chunk_length(bank)
    for start in range(0, len(samples), rows):
        chunk = np.asarray(bank.buffer_fetch(start, min(start + rows, len(samples))))
        yield chunk if output is None else np.broadcast_to(output(chunk), chunk.shape)


def filter_chain(samples, samplerate, filters):
    """The brian2hears object at the end of the chain, ready to be read from its first sample."""
    import brian2hears as hears
    from brian2 import Hz
    from brian2hears.filtering import linearfilterbank

    bank = hears.Sound(np.asarray(samples, dtype=np.float64)[:, None], samplerate=samplerate * Hz)
    cython = linearfilterbank.Cython
    # Otherwise each filter would start a compiler for its inner loop.
    linearfilterbank.Cython = None
    try:
        for make, parameters in filters:
            bank = make(bank, **parameters)
    finally:
        linearfilterbank.Cython = cython
    speed_up(bank)
    bank.buffer_init()
    return bank


def chunk_length(bank):
    """Samples per chunk, in whole update intervals of the filters; otherwise the results would
    depend on the chunks."""
    intervals = [getattr(part, "maximum_buffer_size", 1) for part in parts_of_chain(bank)]
    common = int(np.lcm.reduce(intervals))
    return max(ROWS_PER_CHUNK // common, 1) * common


def speed_up(bank):
    """Give each linear filter of the chain its fastest inner loop.

    This is scipy's, except in chains whose filters control one another. Those advance a few samples
    at a time, and brian2hears' own Cython loop is faster there.
    """
    import brian2hears as hears

    parts = parts_of_chain(bank)
    linear = [part for part in parts if isinstance(part, hears.LinearFilterbank)]
    if any(isinstance(part, hears.ControlFilterbank) for part in parts):
        for part, loop in zip(linear, compiled_loops(len(linear)), strict=False):
            part.cython_func, part.use_cython = loop, True
    else:
        for part in linear:
            part.buffer_apply = fast_linear(part)


def parts_of_chain(bank):
    """`bank` and everything that it reads from."""
    found, waiting = [], [bank]
    while waiting:
        part = waiting.pop()
        if any(part is known for known in found):
            continue
        found.append(part)
        for name in ("source", "output", "inputs"):
            inner = getattr(part, name, None)
            waiting.extend(inner if isinstance(inner, (list, tuple)) else [inner])
        waiting = [part for part in waiting if part is not None]
    return found


def compiled_loops(count):
    """brian2hears' Cython loop, `count` times; none if Cython cannot compile."""
    from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
    from brian2hears.filtering.linearfilterbank import CythonLinearFilterbankApply

    return [CythonLinearFilterbankApply()] * count if CythonCodeObject.is_available() else []


def fast_linear(bank):
    """A replacement of a LinearFilterbank's `buffer_apply`: scipy's lfilter, channel by channel.

    It does the operations of brian2hears' NumPy loop in the same order. So its samples are equal to
    the last bit (except for states below 1e-200), and it is some hundred times faster.
    """
    from scipy.signal import lfilter

    def apply(x):
        b, a, state = bank.filt_b, bank.filt_a, bank.filt_state
        state[np.abs(state) < NEGLIGIBLE] = 0.0
        filtered = np.empty((x.shape[1], x.shape[0]))
        for c in range(b.shape[0]):
            y = np.ascontiguousarray(x[:, c])
            for k in range(b.shape[2]):
                y, state[c, :-1, k] = lfilter(b[c, :, k], a[c, :, k], y, zi=state[c, :-1, k])
            filtered[c] = y
        return np.ascontiguousarray(filtered.T)

    return apply


def channel_count(source, **parameters):
    """How many channels a filter has: the length of its lists, or else its source's channels."""
    lengths = {name: np.size(value) for name, value in parameters.items() if np.size(value) > 1}
    counts = set(lengths.values()) | ({source.nchannels} if source.nchannels > 1 else set())
    if len(counts) > 1:
        given = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        fail(
            f"a filter's lists must have one value per channel: {given}; its source has "
            f"{source.nchannels} channels"
        )
    return counts.pop() if counts else 1


def per_channel(count, values):
    """`values` as one float64 per channel."""
    return np.broadcast_to(np.asarray(values, dtype=np.float64).ravel(), count).copy()

"""Events of one synapse in the order in which they take effect. Times are in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def timeline(
    streams: dict[str, Sequence[float]],
    shift: dict[str, float] | None = None,
    stop: float = float("inf"),
    end: bool = False,
) -> Iterator[tuple[float, str]]:
    """(time, stream) sorted by time; streams that meet (to 1 ns) go in the order of `streams`.

    `shift` delays a stream: an axonal delay the spikes of "pre", a dendritic one those of "post".
    What arrives at `stop` or later is left out; with `end`, (stop, "end") comes last.
    """
    moved = [
        (round((t + (shift or {}).get(name, 0.0)) * 1e9), rank, name)
        for rank, (name, times) in enumerate(streams.items())
        for t in times
    ]
    for nanoseconds, _, name in sorted(moved):
        if nanoseconds * 1e-9 < stop - 1e-9:
            yield nanoseconds * 1e-9, name
    if end and stop < float("inf"):
        yield stop, "end"

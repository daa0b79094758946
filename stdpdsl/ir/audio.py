"""Sounds and filterbanks; (name, code) of their arguments."""

from __future__ import annotations

from ..dataclass import dataclass

Arguments = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Stimuli that a function makes, the number of its arguments given by `position`, and how they
    are presented: one after another, `shuffled` or in order. `from_files`: the sounds are the
    user's."""

    name: str
    samplerate: str
    function: str
    arguments: Arguments
    position: int
    options: Arguments
    shuffled: bool = False
    from_files: bool = False


@dataclass(frozen=True, kw_only=True)
class Filterbank:
    """Filters, (function, arguments), that a sound passes one after another, and code for what is
    computed from their output `x`; empty for `x` itself."""

    name: str
    sound: str
    filters: tuple[tuple[str, Arguments], ...]
    output: str = ""

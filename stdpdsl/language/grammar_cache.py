"""The parser's tables, kept between runs because making them takes longer than the rest of `check`.

The file's name contains a hash of all that the tables depend on. The file appears in one step, so
no process reads what another has half written. If it cannot be kept, nothing is.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..runtime import cache


class CachePath(str):
    """A path to lark. lark hashes `str()` of its options, including this one, so it would take a
    moved file for that of another grammar."""

    def __str__(self) -> str:
        return "cache"


@contextmanager
def kept(grammars: Iterable[Path], *depends: str) -> Iterator[str | bool]:
    """What to give to lark as `cache`: the file to read, or a new file that then replaces it.
    `depends` is all that the tables depend on besides the grammars."""
    folder = cache_folder()
    if folder is None:
        yield False
        return
    key = [sys.version, *depends]
    key += [path.read_text(encoding="utf-8") for path in grammars]
    name = hashlib.sha256("\0".join(key).encode()).hexdigest()[:24]
    target = folder / f"grammar-{name}.pickle"
    if target.exists():
        yield CachePath(target)
        return
    try:
        handle, new = tempfile.mkstemp(dir=folder, suffix=".new")
        os.close(handle)
        os.unlink(new)
    except OSError:
        yield False
        return
    try:
        yield CachePath(new)
        with suppress(OSError):
            os.replace(new, target)
    finally:
        with suppress(OSError):
            os.unlink(new)


def cache_folder() -> Path | None:
    """The user's own folder for such files; None if there is none.

    The tables are a pickle, which can run code, so only the user may be able to write to the
    folder.
    """
    folder: Path | None = cache.stdpdsl_cache()
    try:
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return None if folder is None or cache.open_to_others(folder) else folder
    except OSError:
        return None

"""What takes long to make and depends on files alone, kept as JSON in the user's cache.

A file's name contains a hash of all that its contents depend on. It appears in one step, so no
process reads what another has half written. If it cannot be kept, nothing is.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .outputs import write_whole
from .runtime.cache import own_cache


def cached(name: str, depends: Sequence[str], module: str, make: Callable[[], Any]) -> Any:
    """What `make` returns for these `depends`, from the cache's folder `name` if it is there. It
    must be such that JSON can hold it. `module` is the file of the code that makes it, because
    another version may make something else."""
    code = Path(module).read_text(encoding="utf-8")
    key = hashlib.sha256("\0".join([sys.version, code, *depends]).encode()).hexdigest()
    kept = own_cache(name) / f"{key[:24]}.json"
    with suppress(OSError, ValueError):  # none is kept, or what is there is not whole
        told, found = json.loads(kept.read_bytes())
        if told == key:
            return found
    found = make()
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, json.dumps([key, found]).encode())
    return found

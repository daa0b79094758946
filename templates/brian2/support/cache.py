"""Where compiled code is kept between runs."""

import hashlib
import os
import tempfile
from pathlib import Path


def stdpdsl_cache():
    """The folder of all that is kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home) / "stdpdsl"


def cython_cache(*key):
    """A folder for Brian2's Cython extensions, by all that decides what they compute.

    Brian2 finds extensions by their source alone: one compiled earlier with other flags, such as
    the default -ffast-math, would be taken for ours. So the flags and Brian2's version are the key.
    """
    name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    folder = stdpdsl_cache() / f"cython-{name}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:  # a home that cannot be written: compile anew each time
        return tempfile.mkdtemp(prefix="stdpdsl-cython-")

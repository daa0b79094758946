"""Where compiled code is kept between runs."""

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path


def stdpdsl_cache():
    """The cache folder, placed by the system's convention; None for a user without a home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):
        base = named
    elif sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~/AppData/Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.path.expanduser("~/.cache")
    return Path(base, "stdpdsl") if os.path.isabs(base) else None


def open_to_others(folder):
    """Whether other users can write into a folder, if it exists."""
    try:
        status = folder.stat()
    except OSError:
        return False
    return hasattr(os, "getuid") and bool(status.st_uid != os.getuid() or status.st_mode & 0o022)


def own_cache(name):
    """A subfolder of the cache. If there is none, or others could write to it, a temporary folder
    for this process, because what is kept there is executed."""
    folder = stdpdsl_cache()
    if folder is not None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:  # whoever writes there will report it
            return folder / name
    if folder is None or open_to_others(folder):
        folder = Path(tempfile.mkdtemp(prefix="stdpdsl-cache-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / name


def cython_cache(*key):
    """A folder for Brian2's Cython extensions, keyed by everything that decides what they compute.

    Brian2 finds extensions by their source alone. It would reuse one that was compiled with other
    flags, such as the default -ffast-math. So the key contains the flags and Brian2's version.
    """
    name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
    folder = own_cache(f"cython-{name}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return str(folder)
    except OSError:  # the home cannot be written: compile anew each time
        return tempfile.mkdtemp(prefix="stdpdsl-cython-")

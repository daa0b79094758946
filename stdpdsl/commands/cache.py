"""The command that deletes the cache."""

from __future__ import annotations

import argparse
import re
import shutil

from .reading import writing
from .terminal import DONE, USAGE, Stop, complain, say

_KEPT = re.compile(
    r"programs|heard|templates|grammar|definitions|cython-[0-9a-f]{16}"
    r"|grammar-[0-9a-f]{24}\.pickle|\w+\.new"  # of older versions
)
"""The patterns of the names in the cache."""


def cache(options: argparse.Namespace) -> int:
    """Delete the cache, but nothing that stdpdsl did not write."""
    from ..machine.memory import size_of
    from ..runtime.cache import stdpdsl_cache

    folder = stdpdsl_cache()
    if folder is None:
        raise Stop("error: there is no cache, because there is no home folder", USAGE)
    kept = [path for path in folder.glob("*") if _KEPT.fullmatch(path.name)]
    inside = [path for one in kept for path in (one, *one.rglob("*")) if not path.is_dir()]
    size = sum(path.lstat().st_size for path in inside)
    for path in kept:
        with writing(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    left = [path.name for path in folder.glob("*")]
    say(f"freed {size_of(size)} in {folder}\n")
    if left:
        complain(f"{folder}: kept {', '.join(left[:3])}, because stdpdsl did not write it")
    elif folder.exists():
        folder.rmdir()
    return DONE

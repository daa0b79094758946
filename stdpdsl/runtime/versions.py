"""The versions of everything that can affect a bit of the results."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from .compiler import answer_of, compiler

PACKAGES = ("brian2", "brian2hears", "numpy", "scipy", "sympy")
"""Packages whose functions compute, or write the code that does."""


def package_versions(names=PACKAGES):
    """{package: version}, "none" if it is not installed."""
    return {name: package_version(name) for name in names}


def package_version(name):
    """The version of a package, "none" if it is not installed. It is read from the name of a folder
    beside the package, because importing importlib.metadata takes a twentieth of a short run."""
    for place in map(Path, sys.path):
        found = list(place.glob(f"{name}-*.dist-info"))
        if len(found) == 1:
            return found[0].name.removeprefix(f"{name}-").removesuffix(".dist-info")
        if found:  # from an installation that was interrupted
            break
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def all_versions(ours, target, hears):
    """What results were made with: stdpdsl (`ours` is its version), the packages, Python, the C
    library for exp() and log(), and the compiler if the target uses one. `hears` tells whether
    brian2hears was used."""
    names = [n for n in PACKAGES if n != "brian2hears" or hears]
    found = {"stdpdsl": ours, "python": platform.python_version()}
    found |= package_versions([*names, "pyarrow", *(["cython"] if target == "cython" else [])])
    found["libc"] = _libc()
    if target != "numpy":
        found["compiler"] = compiler_version()
    return dict(sorted(found.items()))


def compiler_version():
    """The first line of the C++ compiler's version output."""
    return answer_of(compiler()).stdout.partition("\n")[0].strip() or "unknown"


def _libc():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or "unknown"
    except (AttributeError, OSError, ValueError):  # not Linux with glibc
        return " ".join(filter(None, platform.libc_ver())) or platform.platform()

"""The C++ compiler, and the flags that it is given."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

# As Linux and the compilers call them. What counts in the first is that comparisons give masks.
WIDE = (("avx512f", "avx512bw", "avx512dq", "avx512vl"), ("avx2",))


def compiler():
    """The C++ compiler's path, or None."""
    names = (os.environ.get("CXX"), "g++", "c++", "clang++")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def program_flags():
    """The compiler's flags: fast, and the same bits on every machine and for every number.

    No fused multiplication and addition. No constant folding of what rounds, or exp() of a constant
    would differ from exp() of a variable (3 in 10,000 do); yet exp() is known to have no side
    effect, so that two equal calls are one. Without -fno-trapping-math a choice between two sums is
    a branch, and a loop of them no vector code. Wide vectors round as narrow ones do.
    """
    flags = ["-w", "-O3", "-std=c++11", "-ffp-contract=off", "-frounding-math"]
    flags += ["-fno-math-errno", "-fno-trapping-math"]
    try:
        said = re.search(r"^flags\b.*", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        said = None
    known = set(said[0].split()) if said else set()
    wide = next((names for names in WIDE if known.issuperset(names)), ())
    return [*flags, *(f"-m{name}" for name in wide)]


@cache
def answer_of(path):
    """What the compiler at a path says of itself, as a finished process."""
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=False)

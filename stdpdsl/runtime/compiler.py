"""The C++ compiler and its flags."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

# Named as Linux and the compilers name them. The first set matters because its comparisons give
# masks.
WIDE = (("avx512f", "avx512bw", "avx512dq", "avx512vl"), ("avx2", "fma"))


def compiler():
    """The C++ compiler's path, or None."""
    names = (os.environ.get("CXX"), "g++", "c++", "clang++")
    return next((found for name in names if name and (found := shutil.which(name))), None)


def program_flags():
    """The compiler's flags: fast code with the same bits on every machine and for every number.

    No fused multiply-add. No constant folding of operations that round: exp() of a constant would
    differ from exp() of a variable (3 in 10,000 do). The compiler still knows that exp() has no
    side effects, so it merges two equal calls. Without -fno-trapping-math a choice between two sums
    is a branch, and a loop over such choices is not vectorised. Wide vectors round as narrow ones
    do.
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
    """What the compiler at a path prints about itself, as a finished process."""
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=False)

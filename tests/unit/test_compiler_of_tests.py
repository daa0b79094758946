"""The compiler of the tests, `tests/cxx`: what it asks of g++, and that a project is still one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CXX = Path(__file__).parents[1] / "cxx"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it is a shell script")
OF_BRIAN2 = "-c -Wno-write-strings -w -O3 -std=c++11 -I."


def cxx(folder, words, headers="", path=""):
    paths = os.pathsep.join([*([str(path)] if path else []), os.environ["PATH"]])
    environment = {**os.environ, "PATH": paths, "TESTS_HEADERS": str(headers)}
    done = subprocess.run(
        [CXX, *words.split()], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "words, plain",
    [
        (f"{OF_BRIAN2} main.cpp -o main.o", True),
        (f"{OF_BRIAN2} code_objects/a.cpp -o code_objects/a.o", True),
        ("-O3 -fPIC -I. -c extension.cpp -o extension.o -w -O3", True),
        ("-w -O3 -std=c++11 -O1 -I. -c unit1.cc -o unit1.o", True),
        ("-w -O3 -std=c++11 -I. -c unit0.cc -o unit0.o", False),
        ("-O3 -fPIC -c a.c -o a.o", False),
    ],
)
def test_what_is_not_optimised(tmp_path, words, plain):
    fake = tmp_path / ("gcc" if "a.c " in words else "g++")
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    said = cxx(tmp_path, words, path=tmp_path).split()
    assert ("-O0" in said) == plain
    assert [word for word in said if word not in ("-O0", "-g0")] == words.split()


UNIT = """#include "brianlib/given.h"
////// SUPPORT CODE ///////
namespace {
    inline int helper() { return %d; }
}
int run_%s() {
    using namespace brian;
    return helper() + one;
}
"""
MAIN = """#include <iostream>
int run_a();
int run_b();
int main() { std::cout << run_a() + run_b(); }
"""

HAS_GXX = pytest.mark.skipif(sys.platform != "linux" or not shutil.which("g++"), reason="no g++")


@pytest.mark.slow
@HAS_GXX
def test_the_same_text_is_compiled_once(tmp_path):
    """In any folder; what differs in its flags or its headers is another."""
    broken = tmp_path / "g++"
    broken.write_text("#!/bin/sh\necho called; exit 0")
    broken.chmod(0o755)
    headers, objects = tmp_path / "headers", []
    for folder, value in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "given.h").write_text(f"const int one = {value};")
        (tmp_path / folder / "unit0.cc").write_text('#include "given.h"\nint f() { return one; }')
        words, path = "-w -O2 -I. -c unit0.cc -o unit0.o", broken if folder == "b" else ""
        assert cxx(tmp_path / folder, words, headers, path and tmp_path) == ""
        objects.append((tmp_path / folder / "unit0.o").read_bytes())
    assert objects[0] == objects[1] != objects[2]
    assert "called" in cxx(tmp_path / "a", words.replace("-w", "-w -DX"), headers, tmp_path)


@pytest.mark.slow
@HAS_GXX
@pytest.mark.parametrize("tracked", ["", " -MMD -MP -MF {0}.d -MT {0}.o"], ids=["2.9", "2.11"])
def test_code_objects_are_one_unit(tmp_path, tracked):
    """With functions of one name, and other values, in their support code. Brian2 2.11 also has
    their headers listed."""
    for folder in ("code_objects", "brianlib", "headers"):
        (tmp_path / folder).mkdir()
    (tmp_path / "brianlib/given.h").write_text(
        "#pragma once\nnamespace brian { const int one = 1; }\n"
    )
    (tmp_path / "main.cpp").write_text(MAIN)
    for name, value in (("a", 10), ("b", 200)):
        (tmp_path / f"code_objects/{name}.cpp").write_text(UNIT % (value, name))
    objects = ["code_objects/a", "code_objects/b", "main"]
    for name in objects:
        words = f"{OF_BRIAN2}{tracked.format(name)} {name}.cpp -o {name}.o"
        cxx(tmp_path, words, tmp_path / "headers")
    assert (tmp_path / "code_objects/a.o").read_text().startswith("namespace of_a")
    cxx(tmp_path, " ".join(f"{n}.o" for n in objects) + " -o main", tmp_path / "headers")
    assert subprocess.check_output([tmp_path / "main"], text=True) == "212"
    rules = cxx(tmp_path, f"{OF_BRIAN2} -MM main.cpp", tmp_path / "headers")
    assert rules == "main.o: $(wildcard *.h */*.h)\n"

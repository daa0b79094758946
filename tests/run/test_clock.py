"""A clock that is set while a run is under way changes nothing: neither results nor times told."""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from running import assert_same, tables_in
from test_faults import IN_SHARDS, ROOT, SHORT, children, command, left

pytestmark = pytest.mark.real_process

# Of each process, by its age: right, an hour slow, a day fast, and so on, each for 0.4 s. What
# measures how long something takes, CLOCK_MONOTONIC, is as it was.
CLOCK = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct timespec born;

__attribute__((constructor)) static void begin(void) {
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &born);
}

static time_t wrong(void) {
    static const time_t by[] = {0, -3600, 86400};
    struct timespec now;
    const char *always = getenv("CLOCK_WRONG_BY");
    if (always) return atol(always);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    long age = (now.tv_sec - born.tv_sec) * 1000 + (now.tv_nsec - born.tv_nsec) / 1000000;
    return by[age / 400 % 3];
}

int clock_gettime(clockid_t id, struct timespec *t) {
    int failed = syscall(SYS_clock_gettime, id, t);
    if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += wrong();
    return failed;
}

int gettimeofday(struct timeval *t, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *t) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t) *t = now.tv_sec;
    return now.tv_sec;
}
"""
HOUR, DAY = 3600, 86400


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    """The environment of processes whose clock jumps."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler or platform.libc_ver()[0] != "glibc":
        pytest.skip("takes a C compiler and glibc, whose clock is replaced")
    folder = tmp_path_factory.mktemp("clock")
    (folder / "clock.c").write_text(CLOCK)
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", "clock.so", "clock.c"], cwd=folder, check=True
    )
    return {"LD_PRELOAD": str(folder / "clock.so")}


def test_the_clock_jumps(clock):
    """Else the other tests would prove nothing."""
    code = "import time\nfor _ in range(15): print(time.time()); time.sleep(0.1)"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **clock}, capture_output=True, text=True
    )
    times = [float(line) for line in done.stdout.split()]
    steps = [later - before for before, later in zip(times, times[1:], strict=False)]
    assert min(steps) < -HOUR + 10 and max(steps) > DAY


def times_told(said):
    """Each `1:02` or `1:00:02` in what a run said, in seconds."""
    found = re.findall(r"(-?\d+(?::-?\d\d?)+)\b", said)
    return [sum(60**k * int(n) for k, n in enumerate(reversed(t.split(":")))) for t in found]


@pytest.mark.slow
@pytest.mark.in_turn(1)
@pytest.mark.parametrize("target", ["numpy", "cpp_standalone"])
def test_a_run(tmp_path, clock, target):
    """Of a program also the second run, which takes it from the cache."""
    text = SHORT.replace("50 ms", "500 ms")
    places = {"undisturbed": {}, "jumps": clock, "again": clock}
    tables = {}
    for name, environment in places.items():
        (tmp_path / name).mkdir()
        kept = tmp_path / ("usual" if name == "undisturbed" else "cache")
        process = command(
            tmp_path / name,
            text,
            "--target",
            target,
            env={**environment, "XDG_CACHE_HOME": str(kept)},
        )
        began = time.monotonic()
        said, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")
        told = times_told(said)
        assert told and 0 <= min(told) and max(told) <= 10 * (time.monotonic() - began) + 10, said
        assert left(tmp_path / name) == ["s.results"]
        assert ("compiling" in said) == (target == "cpp_standalone" and name != "again")
        tables[name] = tables_in(tmp_path / name / "s.results")
    assert_same(tables["jumps"], tables["undisturbed"])
    assert_same(tables["again"], tables["undisturbed"])


@pytest.mark.slow
def test_shards_that_are_killed_and_resumed_on_the_day_before(tmp_path, clock):
    (tmp_path / "s.stdp").write_text(SHORT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def start(*arguments, **more):
        return subprocess.Popen(
            [sys.executable, "-c", IN_SHARDS, *arguments],
            cwd=tmp_path,
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**environment, **more},
        )

    assert start("undisturbed").wait() == 0
    process = start("out", **clock)
    while not list(tmp_path.glob("out.shards/*-of-0003")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    scripts = children(process.pid)
    process.kill()
    process.wait()
    for script in scripts:
        try:
            os.kill(script, signal.SIGKILL)
        except ProcessLookupError:
            pass
    assert left(tmp_path) == ["out.shards", "undisturbed"]
    again = start("out", "resume", **clock, CLOCK_WRONG_BY=str(-DAY))
    assert again.wait() == 0, again.stderr.read()
    assert left(tmp_path) == ["out", "undisturbed"]
    assert_same(tables_in(tmp_path / "out"), tables_in(tmp_path / "undisturbed"))

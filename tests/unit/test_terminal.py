"""What commands print on terminals that are narrow, without colours, or are no terminals."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

ROOT = Path(__file__).parents[2]
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
SPEC = """model narrow

layer P:
    poisson: 20 Hz
    size: 4

layer Q:
    poisson: 20 Hz
    size: 4

connect P -> Q as learning:
    pattern: all_to_all where i < 1000 and j < 1000 and i != j and i + j < 1000 and j > missing
    plasticity: pair_additive
    initial: w = 0.5

run:
    duration: 200 ms
    dt: 1 ms
"""


def command(words, columns=80, **environment):
    """What a command prints on a terminal of this width."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "stdpdsl.cli", *words],
        stdout=slave,
        stderr=slave,
        stdin=subprocess.DEVNULL,
        env={**clean, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment},
    )
    os.close(slave)
    said = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        said += part
    os.close(master)
    process.wait(60)
    return said.decode().replace("\r\n", "\n")


def bare(text):
    return re.sub(r"\x1b\[[\d;]*m", "", text)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_place_is_shown_on_one_line(columns, tmp_path):
    """The carets stand below what they mean: no line of the spec wraps."""
    (tmp_path / "s.stdp").write_text(SPEC)
    said = bare(command(["check", str(tmp_path / "s.stdp")], columns))
    lines = said.split("\n")
    (k,) = [k for k, line in enumerate(lines) if "^^^" in line]
    assert max(len(lines[k]), len(lines[k - 1])) <= columns
    start, end = re.search(r"\^+", lines[k]).span()
    assert lines[k - 1][start:end] == "missing"


def test_colours_are_for_terminals_that_want_them(tmp_path):
    path = tmp_path / "s.stdp"
    path.write_text(SPEC)
    words = ["check", str(path)]
    assert "\x1b[1;31m" in command(words)
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert not CONTROL.search(command(words, **environment))
    done = subprocess.run(
        [sys.executable, "-m", "stdpdsl.cli", *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "missing" in done.stdout and not CONTROL.search(done.stdout + done.stderr)


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_the_list_of_rules_fits(columns):
    lines = command(["rules"], columns).rstrip("\n").split("\n")
    assert len(lines) > 30 and max(map(len, lines)) <= columns
    assert ("2000" in "".join(lines)) == (columns >= 80)


@pytest.mark.slow
def test_a_run_leaves_no_control_characters_in_a_log(tmp_path):
    (tmp_path / "s.stdp").write_text(SPEC.replace(" and j > missing", ""))
    log = tmp_path / "log"
    with log.open("w") as file:
        subprocess.run(
            [sys.executable, "-m", "stdpdsl.cli", "run", "s.stdp", "--target", "numpy"],
            stdout=file,
            stderr=file,
            cwd=tmp_path,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    text = log.read_text(encoding="utf-8")
    assert "100%" in text and not CONTROL.search(text)
    for found in (tmp_path / "s.results").rglob("*.log"):
        assert not CONTROL.search(found.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_the_live_line_stays_one_line(tmp_path):
    (tmp_path / "s.stdp").write_text(SPEC.replace(" and j > missing", ""))
    path = str(tmp_path / "s.stdp")
    for columns in (30, 80):
        said = command(["run", path, "--target", "numpy", "--overwrite"], columns)
        live = [part for line in said.split("\n") for part in line.split("\r")[:-1]]
        assert len(live) > 3 and max(map(len, live)) < columns

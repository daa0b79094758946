"""A program compiled once runs other blocks, weights, spikes and durations, to the bit."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import program_network
import pytest
from running import brian2_anew

pytest.importorskip("brian2")
pytestmark = pytest.mark.real_process  # they say what has been imported

SCRIPT = Path(__file__).with_name("program_network.py")
SMALL = ["2", "0.2"]


def start(target, folder, *arguments):
    folder.mkdir(parents=True)
    command = [sys.executable, str(SCRIPT), str(target), str(folder), *arguments]
    return subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MPLBACKEND": "Agg"},
    )


def outputs_of(target, folder, *arguments):
    """What the process said, and the arrays that it left."""
    process = start(target, folder, *arguments)
    said, errors = process.communicate()
    assert process.returncode == 0, errors[-4000:]
    return json.loads(said.splitlines()[-1]), arrays_in(folder)


def arrays_in(folder):
    with np.load(folder / "outputs.npz") as arrays:
        return dict(arrays)


def on_numpy(folder, *arguments):
    """The arrays of the same network on the numpy target, in this process."""
    folder.mkdir()
    brian2_anew()
    program_network.main("numpy", folder, *arguments)
    return arrays_in(folder)


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert np.array_equal(one[name], other[name]), name


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache that holds the network's program, built for two blocks."""
    folder = tmp_path_factory.mktemp("programs")
    said, arrays = outputs_of(folder / "cache", folder / "cold", *SMALL)
    assert said["brian2"] and not said["warnings"]
    expected = on_numpy(folder / "numpy", *SMALL)
    assert len(expected["spikes.i"]) > 100
    assert_same(arrays, expected)
    return folder / "cache"


@pytest.mark.slow
def test_other_numbers_need_no_compiler_and_no_brian2(cache, tmp_path):
    other = ["5", "0.3", "2"]
    said, arrays = outputs_of(cache, tmp_path / "warm", *other)
    assert not said["brian2"]
    assert said["times"] == [0, 0.15, 0.15, 0.3]
    expected = on_numpy(tmp_path / "numpy", *other)
    assert_same(arrays, expected)


@pytest.mark.slow
def test_no_spikes_at_all(cache, tmp_path):
    said, arrays = outputs_of(cache, tmp_path / "warm", "1", "0.2", "0")
    assert not said["brian2"]
    expected = on_numpy(tmp_path / "numpy", "1", "0.2", "0")
    assert_same(arrays, expected)


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "changed", "no manifest"])
@pytest.mark.in_turn(1)
def test_a_damaged_program_is_built_anew(cache, tmp_path, damage):
    import shutil

    mine = tmp_path / "cache"
    shutil.copytree(cache, mine)
    program = next(p for p in mine.iterdir() if p.is_dir())
    binary = program / "main"
    if damage == "cut":
        os.truncate(binary, 1000)
    elif damage == "changed":
        data = bytearray(binary.read_bytes())
        data[len(data) // 2] ^= 1
        binary.write_bytes(data)
    else:
        (program / "manifest.json").unlink()
    said, arrays = outputs_of(mine, tmp_path / "again", *SMALL)
    assert said["brian2"]
    said, again = outputs_of(mine, tmp_path / "warm", *SMALL)
    assert not said["brian2"]
    assert_same(arrays, again)


@pytest.mark.slow
def test_two_at_once_build_one(tmp_path):
    both = [start(tmp_path / "cache", tmp_path / name, *SMALL) for name in ("a", "b")]
    said = []
    for process in both:
        out, errors = process.communicate()
        assert process.returncode == 0, errors[-4000:]
        said.append(json.loads(out.splitlines()[-1])["brian2"])
    assert sorted(said) == [False, True]
    assert_same(arrays_in(tmp_path / "a"), arrays_in(tmp_path / "b"))


@pytest.mark.slow
def test_a_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    said, _ = outputs_of(tmp_path / "file" / "cache", tmp_path / "run", *SMALL)
    assert (
        "could not be saved in" in said["warnings"][0] and "Not a directory" in said["warnings"][0]
    )


@pytest.mark.slow
def test_interrupted(cache, tmp_path):
    process = start(cache, tmp_path / "run", "2", "3000")
    results = tmp_path / "run" / "run" / "results"
    while not results.exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode != 0
    assert not (tmp_path / "run" / "outputs.npz").exists()
    assert not (results / "last_run_info.txt").exists()


@pytest.mark.slow
def test_exp_of_a_constant_is_exp_of_a_variable(tmp_path):
    """Else a parameter's last bits would depend on whether the sweep names it."""
    from stdpdsl.runtime.compiler import compiler, program_flags

    numbers = -np.random.default_rng(1).random(3000) * 10.0 ** np.tile(range(-4, 2), 500)
    lines = [
        f"{{ volatile double v = {x!r}; n += exp(v) != exp({x!r}); }}" for x in numbers.tolist()
    ]
    parts = ["\n".join(lines[k : k + 100]) for k in range(0, len(lines), 100)]
    functions = (f"void f{k}() {{\n{part}\n}}\n" for k, part in enumerate(parts))
    calls = "".join(f"f{k}(); " for k in range(len(parts)))  # one function would compile for long
    source = tmp_path / "fold.cpp"
    source.write_text(
        "#include <cmath>\n#include <cstdio>\nint n = 0;\n"
        + "".join(functions)
        + f'int main() {{ {calls}printf("%d", n); }}\n'
    )
    command = [compiler(), *program_flags(), str(source), "-o", str(tmp_path / "fold")]
    subprocess.run(command, check=True)
    differing = subprocess.run([tmp_path / "fold"], capture_output=True, text=True, check=True)
    assert differing.stdout == "0"


@pytest.mark.slow
def test_the_least_time_parts_what_whole_steps_part(tmp_path):
    """Neighbouring doubles on both sides of it, for durations of none, some and endless steps."""
    from stdpdsl.runtime.compiler import compiler, program_flags
    from stdpdsl.runtime.vectors import VECTOR_SUPPORT

    draw = np.random.default_rng(1).random
    durations = [0, 1e-9, 9.99e-5, 1e-4, 3.05e-3, 5e-3, 1, 1e4, *draw(2000), *draw(2000) * 1e-2]
    dt = [1e-4, 1e-3, 1 / 44100, 3e-5]
    numbers = ", ".join(map(repr, map(float, durations)))
    source = tmp_path / "least.cpp"
    source.write_text(
        f"#include <cmath>\n#include <cstdio>\n#include <vector>\n{VECTOR_SUPPORT}\nint main() {{\n"
        f"int n = 0; for (double dt : {{{', '.join(map(repr, dt))}}})\n"
        f"for (double d : {{{numbers}}}) {{\n"
        "double least = least_time(d, dt), before = std::nextafter(least, -INFINITY);\n"
        "n += whole_steps(least, dt) >= whole_steps(d, dt) && least <= d\n"
        "  && whole_steps(before, dt) < whole_steps(d, dt); }\n"
        "n += least_time(INFINITY, 1e-4) == INFINITY && std::isnan(least_time(NAN, 1e-4));\n"
        'printf("%d", n); }\n'
    )
    command = [compiler(), *program_flags(), str(source), "-o", str(tmp_path / "least")]
    subprocess.run(command, check=True)
    right = subprocess.run([tmp_path / "least"], capture_output=True, text=True, check=True)
    assert right.stdout == str(len(durations) * len(dt) + 1)

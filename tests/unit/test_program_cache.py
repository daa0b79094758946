"""Compiled programs: what they are keyed by, how they are kept, what cannot be built."""

import os
import re

import pytest

from stdpdsl.runtime.errors import ProgramError
from stdpdsl.runtime.program_cache import (
    forget_programs,
    is_whole,
    keep_program,
    one_at_a_time,
    program_key,
    touch,
)
from stdpdsl.runtime.program_data import ProgramData
from stdpdsl.runtime.program_files import write_arrays
from stdpdsl.runtime.program_run import run_program
from stdpdsl.runtime.steps import lightly_driven, queued_quickly
from stdpdsl.runtime.vectors import by_chunks, by_vectors, fetched_ahead


def a_program(folder, text="x"):
    """Something that looks like a program."""
    import hashlib
    import json

    folder.mkdir(parents=True)
    (folder / "main").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({"hashes": {"main": digest}}))
    return folder


def test_the_key_decides(monkeypatch):
    key = program_key("v = 1", ["-O3"])
    assert key == program_key("v = 1", ["-O3"])
    assert key != program_key("v = 2", ["-O3"])
    assert key != program_key("v = 1", ["-O2"])
    monkeypatch.setattr("stdpdsl.runtime.program_cache.package_version", lambda name: "0.0")
    assert key != program_key("v = 1", ["-O3"])


def test_no_compiler_or_a_broken_one(monkeypatch, tmp_path):
    monkeypatch.setattr("stdpdsl.runtime.program_cache.compiler", lambda: None)
    with pytest.raises(ProgramError, match="no C\\+\\+ compiler was found"):
        program_key("v = 1", [])
    broken = tmp_path / "c++"
    broken.write_text("#!/bin/sh\necho no developer tools >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr("stdpdsl.runtime.program_cache.compiler", lambda: str(broken))
    with pytest.raises(ProgramError, match="does not work: no developer tools"):
        program_key("v = 1", [])


def test_data_cannot_be_frozen_into_a_program():
    data = ProgramData({"A.N": 3, "A.v": [1.0, 2.0, 3.0], "train": 2.0}, "")
    with pytest.raises(TypeError, match="values of A.v are read when the program runs"):
        data["A.v"]
    assert data["train"] == 2.0


def test_a_placeholder_is_no_literal_of_the_model():
    first = ProgramData({"A.N": 3, "B.N": 3}, "").markers
    taken = f"x = {first['A.N']} + {first['B.N'] + 1}.0"
    other = ProgramData({"A.N": 3, "B.N": 3}, taken).markers
    numbers = {m + extra for m in other.values() for extra in (0, 1)}
    assert len(numbers) == 4
    assert not numbers & {first["A.N"], first["B.N"] + 1}


def test_the_least_used_are_forgotten(tmp_path):
    for age, name in enumerate("abcd"):
        os.utime(a_program(tmp_path / name), (1e9 - age, 1e9 - age))
    forget_programs(tmp_path, count=2, size=10**9)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]
    size = sum(p.stat().st_size for p in (tmp_path / "a").iterdir())
    forget_programs(tmp_path, count=9, size=size)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_one_that_was_half_copied_is_no_program(tmp_path):
    (tmp_path / "coming-1-key").mkdir()
    os.utime(tmp_path / "coming-1-key", (1e9, 1e9))
    kept = tmp_path / "key"
    keep_program(a_program(tmp_path / "built"), kept)
    assert is_whole(kept)
    (kept / "main").write_text("y")
    assert not is_whole(kept)
    keep_program(tmp_path / "built", kept)
    assert is_whole(kept)
    with one_at_a_time(tmp_path, "key"):  # whatever the clock says of its age
        forget_programs(tmp_path, count=9, size=10**9)
        assert (tmp_path / "coming-1-key").exists()
    forget_programs(tmp_path, count=9, size=10**9)
    assert not (tmp_path / "coming-1-key").exists()


def test_what_was_used_last_is_kept_also_where_the_clock_was_set_back(tmp_path):
    for name in "abc":
        a_program(tmp_path / name)
    os.utime(tmp_path / "c", (4e9, 4e9))
    for name in "ab":
        touch(tmp_path / name)
    forget_programs(tmp_path, count=2, size=10**9)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_a_program_that_fails_says_why(tmp_path):
    program = a_program(tmp_path / "program")
    write_arrays(program, {})
    (program / "main").write_text("#!/bin/sh\necho out of luck >&2\nexit 3\n")
    (program / "main").chmod(0o755)
    (program / "manifest.json").write_text('{"arrays": {}, "numbers": [], "outputs": {}}')
    with pytest.raises(ProgramError, match="out of luck"):
        run_program(program, {}, tmp_path / "run")
    (program / "main").write_text("#!/bin/sh\necho 1 0.5 > results/last_run_info.txt\n")
    with pytest.raises(ProgramError, match="after 50.000% of its duration"):
        run_program(program, {}, tmp_path / "again")
    (program / "main").write_text("#!/bin/sh\nkill -9 $$\n")
    with pytest.raises(ProgramError, match="ran out of memory"):
        run_program(program, {}, tmp_path / "killed")


THRESHOLDER = """
    long _count = 0;
    for(size_t _idx=0; _idx<N; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        const char _cond = CONDITION;

        if(_cond) {
            space[_count++] = _idx;
        }
    }
    space[N] = _count;
"""


def test_a_condition_that_draws_is_asked_once():
    drawn = THRESHOLDER.replace("CONDITION", "_rand(_vectorisation_idx) < 0.1")
    assert by_chunks(drawn) == drawn
    asked = by_chunks(THRESHOLDER.replace("CONDITION", "v > 1"))
    assert asked.count("v > 1") == 2
    assert asked.count("space[_count++] = _idx;") == 1
    assert by_chunks("no thresholder") == "no thresholder"


def brian_template(name):
    """Text of one of the installed Brian2's C++ templates."""
    from importlib.util import find_spec
    from pathlib import Path

    folder = find_spec("brian2").submodule_search_locations[0]
    return (Path(folder) / "devices/cpp_standalone/templates" / name).read_text()


def test_our_changes_still_find_their_places_in_brians_templates():
    assert by_chunks(brian_template("threshold.cpp")).count("_any") == 3
    network = lightly_driven(brian_template("network.cpp"))
    assert "++_steps % 16" in network and "due[i]();" in network and "is_led" in network
    queue = queued_quickly(brian_template("../../../synapses/cspikequeue.cpp"))
    assert "%" not in queue.partition("void advance()")[2] and "sent++" in queue
    assert "curclocks." not in network and "std::clock()" not in network


STATE_UPDATE = """    return (int64_t)((t + 1e-3*dt)/dt);
    const int _N = N;
    for(int _idx=0; _idx<_N; _idx++)
    {
        const double lastspike = _ptr_lastspike[_idx];
        const double tau = _ptr_tau[_idx];
        char not_refractory = _ptr_not_refractory[_idx];
        double v = _ptr_v[_idx];
        not_refractory = _timestep(t - lastspike, dt) >= _timestep(5 * ms, dt);
        const double _v = v * exp(- dt * int_(not_refractory)/tau) + exp((a + b) * exp(- dt/c));
        const double _x = exp(v) + exp(dt * int_(not_refractory));
        x = _x;
        if(not_refractory)
            v = _v;
        _ptr_not_refractory[_idx] = not_refractory;
        _ptr_v[_idx] = v;

    }
"""


def test_exp_leaves_a_state_update_where_it_can():
    text = by_vectors(STATE_UPDATE)
    before, _, loop = text.partition("for(int _start=0; _start<_N; _start+=64)")
    assert "return - dt * 1/tau;" in before and "const double tau = _ptr_tau[_idx];" in before
    assert "[=]() { return exp((a + b) * exp(- dt/c)); }" in before
    assert "const double _v = v * _kept_1[_idx] + _kept_2;" in loop
    # What changes in the loop stays, and so does what is taken over in a refractory neuron too.
    assert "_x = exp(v) + exp(dt * int_(not_refractory));" in loop
    assert "[=]() { return brian::least_time(5 * ms, dt); }" in before
    # Who is refractory is decided in a loop of its own, and not stored in the other.
    first, _, second = loop.partition("_v = v")
    assert "        _ptr_not_refractory[_idx] = t - lastspike >= _kept_0;" in first
    assert "const char not_refractory = t - lastspike >= _kept_0;" in first
    assert "_ptr_not_refractory" not in second


def test_the_factors_of_single_precision_leave_it_too():
    text = by_vectors(STATE_UPDATE.replace("exp(", "double__exp("))
    before, _, loop = text.partition("for(int _start=0; _start<_N; _start+=64)")
    assert "[=]() { return double__exp((a + b) * double__exp(- dt/c)); }" in before
    assert "const double _v = v * _kept_1[_idx] + _kept_2;" in loop


def test_a_refractory_time_that_the_loop_changes_is_compared_in_steps():
    text = by_vectors(STATE_UPDATE.replace("5 * ms", "v * ms"))
    assert "brian::whole_steps(t - lastspike, dt) >= brian::whole_steps(v * ms, dt);" in text


def test_a_state_update_without_exp_or_neurons_stays():
    plain = STATE_UPDATE.replace("exp", "cos").replace("_timestep", "step").replace("if(", "while(")
    assert by_vectors(plain) == plain
    assert by_vectors("no loop") == "no loop"


def test_what_a_synapse_needs_is_fetched_ahead():
    text = brian_template("synapses.cpp").replace(
        "{{vector_code|autoindent}}", "double w = _ptr_array_s_w[_idx];\n_ptr_array_s_x[_idx] = w;"
    )
    fetched = fetched_ahead(text)
    for array in ("w", "x"):
        assert fetched.count(f"__builtin_prefetch(&_ptr_array_s_{array}[_ahead]);") == 2
    assert fetched.count("? (*_spiking_synapses)[_later] : _idx;") == 2
    kept = [line for line in fetched.splitlines() if not re.search("_later|_ahead", line)]
    assert kept == text.splitlines()

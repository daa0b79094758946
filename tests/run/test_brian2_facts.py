"""How Brian2 behaves where the generated scripts rely on it, measured on every target.

A fact named `trap_...` or `copy_bare` is one that scripts avoid: it is here so that we hear when it
changes.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("brian2")

SCRIPT = Path(__file__).with_name("brian2_facts.py")
# The compiled targets take many minutes to build: run brian2_facts.py by hand for those.
TARGETS = ["numpy"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Facts of a target, in a process and a folder of its own, measured once."""
    done = {}

    def of(target):
        if target not in done:
            folder = tmp_path_factory.mktemp(target)
            run = subprocess.run(
                [sys.executable, str(SCRIPT), target, str(folder)],
                cwd=folder,
                env={**os.environ, "MPLBACKEND": "Agg"},
                capture_output=True,
                text=True,
            )
            assert run.returncode == 0, run.stderr[-4000:]
            done[target] = json.loads((folder / "facts.json").read_text())
        return done[target]

    return of


@pytest.fixture(params=TARGETS)
def target(request):
    return request.param


@pytest.fixture
def facts(target, measured):
    return measured(target)


def test_parameters_and_namespaces_give_the_same_bits(facts):
    for variable in "wxy":
        parameters, namespaces = facts[f"lowering_{variable}"]
        assert parameters == namespaces
    assert len(set(facts["lowering_w"][0])) > 10


def test_real_literals_divide_exactly(facts):
    assert facts["arithmetic_third"] == [1 / 3] * 5
    assert facts["arithmetic_share"] == [i / 5 for i in range(5)]
    assert facts["arithmetic_literal"] == [
        0.12345678901234567 * u for u in (0.1, 0.35, 0.9, 1.7, 3.3)
    ]


def test_functions_agree_with_python(facts):
    assert facts["arithmetic_square"] == [u * u for u in (0.1, 0.35, 0.9, 1.7, 3.3)]
    assert facts["arithmetic_modulo"] == [7 * i % 5 for i in range(5)]
    assert facts["arithmetic_clipped_u"] == [0.3, 0.35, 0.9, 1.2, 1.2]


def test_integers_divide_in_single_precision_in_standalone(facts, target):
    exact = facts["arithmetic_trap_int_division"][0] == 1 / 3
    assert exact == (target != "cpp_standalone")
    exact = facts["arithmetic_trap_int_numerator"][0] == 16777217 / 0.1
    assert exact == (target != "cpp_standalone")


def test_an_assignment_to_itself_goes_through_sympy(facts):
    """`a = a*c` becomes `a *= c` with 15 digits of c; `b *= c` is left alone."""
    literal = 0.12345678901234567
    assert facts["literal_b"] == 0.3 * literal
    assert facts["literal_a"] == 0.3 * 0.123456789012346
    assert facts["literal_a"] != facts["literal_b"]
    # c = c + 0.1 + 0.2 becomes c += 0.3; through a variable the sum runs from left to right
    assert facts["literal_c"] == 0.3 + 0.3
    assert facts["literal_d"] == (0.3 + 0.1) + 0.2
    assert facts["literal_c"] != facts["literal_d"]


def test_a_copy_must_be_an_expression(facts, target):
    assert facts["copy_plus_zero"] == [0.0] * 3
    assert facts["copy_bare"] == [1.0 if target == "numpy" else 0.0] * 3


def test_pathways_run_by_order_and_delays_round_half_up(facts):
    assert facts["pathway_order"] == [132.0] * 3
    assert facts["delayed_to"] == [1, 6, 11]
    assert facts["scalar_delay"] == [5.0] * 3  # 3.5 steps are 4, after a spike in step 1


def test_event_pathways_normalise_weights_sequentially(facts):
    assert facts["normalised"]


def test_blocks_sum_into_subgroups_of_one_variable(facts):
    assert facts["summed"]


def test_phases(facts):
    assert facts["phases_x_now"]
    assert facts["phases_w"]
    assert facts["phases_snapshot"]
    assert facts["phases_effective"] == [
        {"rate": 0.1, "taux": 0.002},
        {"rate": 0.5, "taux": 0.002},
        {"rate": 0.5, "taux": 0.004},
    ]


@pytest.mark.parametrize("clock", ["cortex", "sound"])
def test_rows_and_bins_are_exact(facts, clock):
    assert facts[f"{clock}_rows_wrong"] == [0, 0]
    assert facts[f"{clock}_spikes"]


def test_refractory_steps(facts):
    # 5, 0.3, 0.7 and 2.35 ms at 0.1 ms: the half step is rounded down; 0 is every step
    assert facts["refractory_steps"] == [[50], [3], [7], [23], [1]]


def test_not_a_number_survives(facts):
    assert math.isnan(facts["nan_clip"][0])
    assert facts["nan_clip"][1:] == [1.0, 1.0]
    assert math.isnan(facts["nan_string"])


def test_equal_time_constants_have_no_exact_solution(facts):
    equal, different = facts["equal_taus"]
    assert math.isnan(equal)
    assert math.isfinite(different)

"""The program made of Brian2's C++ gives the bits of that C++ itself."""

import pytest
from running import assert_same, run_apart, script_of

pytestmark = pytest.mark.slow

# Neurons whose exp() is of constants, of swept parameters, of states, and of what is computed in a
# refractory neuron too; whose threshold is a constant, a parameter, a state; that have no state
# update, though a layer has one whose name begins theirs; synapses that are integrated at each
# step.
SPEC = """model vectors
neuron constant:
    equations:
        dv/dt = (20 - v + I)/(10 ms) : 1 (unless refractory)
        dI/dt = -I/(5 ms) : 1
    threshold: v > 15
    reset: v = 0
    refractory: 3.05 ms
neuron varying:
    parameters:
        tau_m = 10 ms
        tau_s = 3 ms
        pause = 2 ms
    equations:
        dv/dt = (12 - v + I)/tau_m : 1 (unless refractory)
        dI/dt = -I/tau_s : 1
    threshold: v > 10
    reset: v = 0
    refractory: pause
neuron coupled:
    equations:
        dv/dt = (18 - v - u)/(10 ms) : 1 (unless refractory)
        du/dt = (0.5*v - u)/(30 ms) : 1
        dtheta/dt = -theta/(20 ms) : 1
    threshold: v > 9 + theta
    reset:
        v = 0
        u += 1
        theta += 0.5
    refractory: 1 ms
    method: exponential_euler
neuron exponential:
    parameters:
        sharp = 1
        top = 9
    equations:
        dv/dt = (5 - v + sharp*exp((v - 8)/sharp))/(10 ms) : 1
    threshold: v > top
    reset: v = 0
    method: euler
neuron counting:
    equations:
        v : 1
    threshold: v > 4.5
    reset: v = 0
rule drifting:
    parameters:
        tau_w = 50 ms
        eta = 0.25
    equations:
        dw/dt = (1 - w)/tau_w : 1 in [0, 4]
    on pre:
        deliver w
        w += eta
    on post:
        w -= 0.5*eta
layer pre:
    poisson: 50 Hz
    size: 8
layer a:
    neuron: constant
    size: 300
layer a_n:
    neuron: counting
    size: 400
layer b:
    neuron: varying
    size: 40
layer c:
    neuron: coupled
    size: 3
layer d:
    neuron: exponential
    size: 3
connect pre -> a as to_a:
    pattern: random(p = 0.1)
    plasticity: pair_additive
    deliver: 20*w to I
    initial: w = uniform(0, wmax)
connect pre -> a_n as to_n:
    pattern: all_to_all
    weight: 1
    deliver: w to v
connect pre -> b as to_b:
    pattern: all_to_all
    plasticity: drifting
    deliver: w to I
    initial: w = uniform(0, 2)
connect pre -> d as to_d:
    pattern: all_to_all
    weight: 2
    deliver: w to v
sweep:
    zip:
        b.tau_m = [10, 11.3, 8.7] ms
        b.tau_s = [3, 10, 2.9] ms
        b.pause = [2, 0, 3.33] ms
        d.sharp = [1, 2, 0.7]
        d.top = [9, 8.5, 9.2]
        to_b.tau_w = [50, 20, 70] ms
record:
    spikes of a, a_n, b, c, d
    v of a every 7 ms
    v of b every 7 ms
    v of c every 7 ms
    v of d every 7 ms
    w of to_a every 50 ms
    w of to_b every 50 ms
run:
    dt: 0.1 ms
    seed: 5
    phases:
        first: 150 ms
        second: 100 ms, set b.tau_m = 7.7 ms
"""


def test_the_bits_are_those_of_unchanged_code(tmp_path):
    script = script_of(SPEC)
    ours = run_apart(tmp_path, script, "ours", "cpp_standalone")
    assert set(ours["spikes"]["layer"]) == {"a", "a_n", "b", "c", "d"}
    plain = script.replace("simulation.by_program()", "simulation.by_build()")
    assert plain != script
    assert_same(ours, run_apart(tmp_path, plain, "plain", "cpp_standalone"))

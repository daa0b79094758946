"""Where Brian2's exact integration fails, that ours does not but where the check says so, and that
ours is Brian2's where that is right."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from diagnose import diagnose
from running import run_text

from stdpdsl.brian2.equations import printed
from stdpdsl.brian2.plain.integrators import decays
from stdpdsl.check.exact import Model
from stdpdsl.check.integration import integration
from stdpdsl.check.rows import Rows
from stdpdsl.check.solvable import solvable
from stdpdsl.compiler import check_text
from stdpdsl.ir import Equation
from stdpdsl.language.parser import parse
from stdpdsl.language.source import Source
from stdpdsl.runtime.exact import exact_by_variable, solve_quickly

CHAIN = "dv/dt = (I - v)/tau_m : 1\ndI/dt = -I/tau_s : 1"
THREE = "dv/dt = (I - v)/tau_m : 1\ndI/dt = (x - I)/tau_s : 1\ndx/dt = -x/tau_x : 1"
# Equations, values (ms, or plain for `g`), and whether Brian2's exact solution is right.
CASES = {
    "apart": (CHAIN, {"tau_m": 10, "tau_s": 5}, True),
    "equal": (CHAIN, {"tau_m": 10, "tau_s": 10}, False),
    "nearly equal": (CHAIN, {"tau_m": 10, "tau_s": 10.00000001}, False),
    "close": (CHAIN, {"tau_m": 10, "tau_s": 10.001}, True),
    "one name": ("dv/dt = (I - v)/tau : 1\ndI/dt = -I/tau : 1", {"tau": 10}, True),
    "literals": ("dv/dt = (I - v)/(10*ms) : 1\ndI/dt = -I/(10*ms) : 1", {}, True),
    "uncoupled": ("dv/dt = -v/tau_m : 1\ndI/dt = -I/tau_s : 1", {"tau_m": 10, "tau_s": 10}, True),
    "no gain": (
        "dv/dt = (g*I - v)/tau_m : 1\ndI/dt = -I/tau_s : 1",
        {"tau_m": 10, "tau_s": 10, "g": 0},
        False,
    ),
    "three apart": (THREE, {"tau_m": 10, "tau_s": 5, "tau_x": 2}, True),
    "neighbours": (THREE, {"tau_m": 10, "tau_s": 5, "tau_x": 5}, False),
    # Not NaN, but wrong in the third digit.
    "over a third": (THREE, {"tau_m": 5, "tau_s": 10, "tau_x": 5}, False),
    "fork": (
        "dv/dt = (I + x - v)/tau_m : 1\ndI/dt = -I/tau_s : 1\ndx/dt = -x/tau_x : 1",
        {"tau_m": 10, "tau_s": 5, "tau_x": 5},
        True,
    ),
    "computed": (
        "dv/dt = (J - v)/tau_m : 1\nJ = 2*I : 1\ndI/dt = -I/tau_s : 1",
        {"tau_m": 10, "tau_s": 10},
        False,
    ),
    "no leak": (
        "dv/dt = (1 - g*v)/tau_m : 1\ndI/dt = -I/tau_s : 1",
        {"tau_m": 10, "tau_s": 5, "g": 0},
        False,
    ),
    "all three": (THREE, {"tau_m": 5, "tau_s": 5, "tau_x": 5}, False),
    "two of a fork": (
        "dv/dt = (I + x - v)/tau_m : 1\ndI/dt = -I/tau_s : 1\ndx/dt = -x/tau_x : 1",
        {"tau_m": 5, "tau_s": 5, "tau_x": 10},
        False,
    ),
}
REFUSED = {"nearly equal", "no leak", "all three"}
"""Where ours is not right either."""
SCRIPT = """
import json, sys
import numpy as np
from brian2 import *

sys.path.insert(0, sys.argv[1])
from stdpdsl.runtime.exact import at_equal_rates, exact_by_variable, solve_quickly

prefs.codegen.target = "numpy"
solve_quickly()

def by_hand(equations, values, state, steps=200):
    'Runge-Kutta of the fourth order, in ms.'
    lines = [line.rpartition(" : ")[0].partition(" = ") for line in equations.splitlines()]
    slopes = {left[1:-3]: right for left, _, right in lines if left.endswith("/dt")}
    others = {left: right for left, _, right in lines if not left.endswith("/dt")}
    def slope(y):
        now = {**values, "ms": 1, **dict(zip(sorted(slopes), y))}
        now |= {name: eval(right, now) for name, right in others.items()}
        return np.array([eval(slopes[name], now) for name in sorted(slopes)])
    y, dt = np.array(state), 0.1
    for _ in range(steps):
        a = slope(y)
        b = slope(y + dt/2*a)
        c = slope(y + dt/2*b)
        y = y + dt/6*(a + 2*b + 2*c + slope(y + dt*c))
    return y

good = {}
for name, (equations, values, equal) in json.load(sys.stdin).items():
    found = []
    for method in ("exact", at_equal_rates(exact_by_variable, equal)):
        names = {n: v if n == "g" else v*ms for n, v in values.items()}
        cells = NeuronGroup(
            1, equations, method=method, dt=0.1*ms, namespace={**names, "ms": ms}
        )
        variables = sorted(cells.equations.diff_eq_names)
        state = [1.0 + k for k in range(len(variables))]
        for variable, value in zip(variables, state):
            setattr(cells, variable, value)
        try:
            Network(cells).run(20*ms, namespace={})
            found.append([float(getattr(cells, v)[0]) for v in variables])
        except Exception as error:
            if not isinstance(error.__cause__ or error, ZeroDivisionError):
                raise
            found.append([float("nan")])
    wanted = by_hand(equations, values, state)
    good[name] = [bool(np.allclose(one, wanted, rtol=1e-6)) for one in found]
print(json.dumps(good))
"""
# `x` follows `v`, which stands still in a refractory neuron: whose own solution must not be that of
# an active one. Values are of each neuron, or of all.
AGREEMENT = """
import sys
import numpy as np
from brian2 import *

sys.path.insert(0, sys.argv[1])
from stdpdsl.runtime.exact import exact_by_variable, solve_quickly

prefs.codegen.target = "numpy"
solve_quickly()
equations = {
    "chain": "dv/dt = (drive + I - v)/tau_m : 1 (unless refractory)\\ndI/dt = -I/tau_s : 1",
    "follower": "dv/dt = (drive - v)/tau_m : 1 (unless refractory)\\ndx/dt = (v - x)/tau_s : 1",
    "three": "dv/dt = (drive + I + 0.3*x - v)/tau_m : 1 (unless refractory)\\n"
             "dI/dt = (x - I)/tau_s : 1 (unless refractory)\\ndx/dt = (0.5 - x)/tau_x : 1",
    "one name": "dv/dt = (drive + I - v)/tau_s : 1\\ndI/dt = -I/tau_s : 1",
}
N = 7
spread = np.linspace(1, 2, N)
for name, text in equations.items():
    for each in (False, True):
        groups = []
        for method in ("exact", exact_by_variable):
            more = "drive : 1"
            if each:
                more += "\\ntau_m : second (constant)\\ntau_s : second (constant)"
            values = {} if each else {"tau_m": 10*ms, "tau_s": 4*ms}
            group = NeuronGroup(
                N, text + "\\n" + more, threshold="v > 1", reset="v = 0", refractory=3*ms,
                method=method, dt=0.1*ms, namespace={**values, "tau_x": 25*ms, "ms": ms},
            )
            group.drive = 1 + 0.5*spread
            if each:
                group.tau_m, group.tau_s = 10*spread*ms, 4*spread[::-1]**0.5*ms
            group.v = 0.1*spread
            for variable in set(group.equations.diff_eq_names) - {"v"}:
                setattr(group, variable, 0.7*spread)
            groups.append((group, SpikeMonitor(group)))
        Network(*groups).run(100*ms, namespace={})
        (one, its), (other, others) = groups
        assert len(its.i) > 20, name
        assert np.array_equal(its.i, others.i) and np.array_equal(its.t_, others.t_), name
        for variable in one.equations.diff_eq_names:
            a, b = (np.array(getattr(group, variable)) for group in (one, other))
            assert np.allclose(a, b, rtol=1e-11, atol=1e-13), (name, each, variable, a, b)
"""
ROOT = Path(__file__).parents[2]
SPEC = """
model exactly

neuron cell:
    parameters:
        unused = 1
{parameters}
    equations:
        {equations}
    threshold: v > 1 + unused
    reset: v = 0

layer A:
    neuron: cell
    size: 1

record:
    spikes of A

run:
    duration: 1 s
"""


def spec(equations: str, values: dict[str, float]) -> str:
    lines = (f"        {n} = {v!r}{'' if n == 'g' else ' ms'}" for n, v in values.items())
    return SPEC.format(parameters="\n".join(lines), equations=equations.replace("\n", "\n        "))


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, list[bool]]:
    cases = {
        name: (equations, values, equal_in(spec(equations, values)))
        for name, (equations, values, _) in CASES.items()
    }
    done = by_itself(SCRIPT, tmp_path_factory.mktemp("exact"), json.dumps(cases))
    return json.loads(done.splitlines()[-1])


def by_itself(script, folder, given=""):
    """What a script says in a process of its own."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py", ROOT],
        input=given,
        timeout=300,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("name", CASES)
@pytest.mark.slow
def test_what_fails(name, good):
    _, _, fine = CASES[name]
    assert good[name] == [fine, name not in REFUSED]


@pytest.mark.parametrize("name", CASES)
def test_what_fails_is_refused(name):
    equations, values, fine = CASES[name]
    codes = {d.code for d in diagnose(spec(equations, values))} - {"NAME020"}
    assert codes == ({"RUN012"} if name in REFUSED else set())
    # With Brian2's own method, as with ours before.
    text = spec(equations, values)
    text = text.replace("    reset: v = 0\n", "    reset: v = 0\n    method: linear\n")
    codes = {d.code for d in diagnose(text)} - {"NAME020"}
    assert codes == (set() if fine else {"RUN012"})


def equal_in(text):
    """The pairs of variables for which the compiler sees to equal rates."""
    checked, _ = check_text(Source("spec.stdp", text), Path("."), [])
    (layer,) = checked.symbols.layers
    models = [Model(layer.neuron.method, layer.neuron.equations)]
    return integration(models, (), layer, [Rows(checked.symbols, {})]).equal


FOLLOWED = """model followed

neuron cell:
    parameters:
        tau_m = 10 ms
    equations:
        dv/dt = (1 - v)/tau_m : 1
    initial: v = 3

rule low_passed:
    requires post:
        v : 1
    parameters:
        tau_x = 10 ms
    equations:
        w : 1
    post equations:
        dlow/dt = (v - low)/tau_x : 1
    on pre:
        w += low_post

layer P:
    poisson: 50 Hz
    size: 1

layer A:
    neuron: cell
    size: 1

connect P -> A as c:
    pattern: all_to_all
    plasticity: low_passed

sweep:
    grid:
        A.tau_m = {taus} ms

record:
    low of A every 5 ms

run:
    dt: 0.1 ms
    {duration}
"""


def test_what_a_rule_adds_may_have_the_time_constant_of_the_cell(tmp_path):
    """low = 1 - exp(-t/tau) + 2*(t/tau)*exp(-t/tau) where both have it; the other rows have the
    bits that they have without that row, and so has one that a phase makes equal."""
    text = FOLLOWED.format(taus="[5, 10, 20]", duration="duration: 50 ms")
    samples = run_text(tmp_path, text)["trajectories"]
    text = text.replace("[5, 10, 20]", "[5, 20]")
    alone = run_text(tmp_path, text, name="alone")["trajectories"]
    for tau, mine in samples.groupby("tau_m"):
        t, ratio = mine.t.to_numpy(), tau / 10e-3
        decay, other = np.exp(-t / tau), np.exp(-t / 10e-3)
        bump = t / tau * decay if ratio == 1 else (decay - other) / (1 - 1 / ratio)
        assert np.allclose(mine.value, 1 - other + 2 * bump, rtol=1e-12)
        if ratio != 1:
            assert np.array_equal(mine.value, alone[alone.tau_m == tau].value)
    phases = "phases:\n        a: 20 ms\n        b: 30 ms, set A.tau_m = 10 ms"
    text = FOLLOWED.format(taus="[5, 20]", duration=phases)
    later = run_text(tmp_path, text, name="later")["trajectories"]
    assert np.all(np.isfinite(later.value))


@pytest.mark.slow
@pytest.mark.in_turn(1, among="what takes longest")
def test_one_factor_for_each_variable_gives_the_same(tmp_path):
    by_itself(AGREEMENT, tmp_path)


# The method is chosen by the names alone, never by the values of a row.
@pytest.mark.parametrize(
    "equations, fine",
    [
        (CHAIN, True),
        ("dv/dt = v/tau : 1", True),
        ("dv/dt = I/tau : 1\nI : 1", False),
        ("dv/dt = v*v/tau : 1", False),
        ("J = v*v : 1\ndv/dt = (J - v)/tau : 1", False),
        ("dv/dt = (sin(t/tau) - v)/tau : 1", False),
        ("dv/dt = -v/tau + xi/tau**0.5 : 1", False),
        ("dv/dt = (-v - u)/tau : 1\ndu/dt = (v - u)/tau : 1", False),
        ("dv/dt = (J - v)/tau : 1\nJ = 2*u : 1\ndu/dt = (v - u)/tau : 1", False),
    ],
)
def test_solvable(equations, fine):
    neuron = parse(Source("spec.stdp", spec(equations, {"tau": 10}))).declarations[0]
    assert solvable(neuron.equations) == fine
    how = integration([Model(None, neuron.equations)])
    assert (set(dict(how.parts)) == {"exact"}) == fine


def test_the_blocks_are_named():
    text = spec(CHAIN, {"tau_m": 10, "tau_s": 5})
    text += "\nsweep:\n    grid:\n        A.tau_m = [5.000001, 10, 4.999999, 20, 5] ms\n"
    text += "        A.unused = [0, 1]\n"
    (error,) = diagnose(text)
    assert "(`tau_m` and `tau_s`), 5 ms, in blocks 0, 1, 4 and 1 more" in error.message


def test_values_are_those_of_each_phase_and_in_any_order():
    text = spec(CHAIN, {"tau_m": 10, "tau_s": 5})
    for factor, codes in ("1.00000001", {"RUN012"}), ("1.1", set()):  # a later value comes first
        turned = text.replace("tau_m = 10 ms", f"tau_m = tau_s*{factor}")
        assert {d.code for d in diagnose(turned)} - {"NAME020"} == codes
    phases = "    phases:\n        first: 1 s\n        second: 1 s, set A.tau_s = 10.00000001 ms\n"
    (error,) = diagnose(re.sub(r"    duration: .*\n", phases, text))
    assert error.code == "RUN012" and error.message.endswith(", in the phase `second`")


# One variable that cannot be solved exactly leaves the others their own method.
MIXED = """dv/dt = (I*(1 - v) - v)/tau_m : 1 (unless refractory)
dI/dt = -I/tau_s : 1
dx/dt = (v - x)/tau_x : 1
dq/dt = -q*q/tau_m : 1
dz/dt = b/tau_m : 1
dn/dt = -n/tau_m + xi/tau_m**0.5 : 1
b : 1"""


def how(equations: str, method: str = "") -> dict[str, str]:
    text = spec(equations, {"tau_m": 10, "tau_s": 5, "tau_x": 20})
    text = text.replace("    reset: v = 0\n", f"    reset: v = 0\n{method}")
    neuron = parse(Source("spec.stdp", text)).declarations[0]
    return dict(integration([Model(neuron.method, neuron.equations)]).methods)


def test_each_variable_has_a_method_of_its_own():
    assert how(MIXED) == {
        "v": "exponential_euler",
        "I": "exact",
        "x": "exponential_euler",
        "q": "euler",
        "z": "exact",
        "n": "euler",
    }
    assert set(how(MIXED, "    method: rk4\n").values()) == {"rk4"}


def test_what_takes_too_long_is_not_solved_together():
    many = "\n".join(f"dx{k}/dt = -x{k}/tau_m : 1" for k in range(100))
    assert set(how(f"{many}\ndv/dt = -v/tau_m : 1").values()) == {"exact"}
    chain = "\n".join(f"dx{k}/dt = (x{k + 1} - x{k})/tau_m : 1" for k in range(100))
    chain += "\ndx100/dt = -x100/tau_m : 1"
    methods = how(f"{chain}\ndv/dt = -v/tau_m : 1")
    assert methods.pop("x100") == methods.pop("v") == "exact"
    assert set(methods.values()) == {"exponential_euler"}
    neuron = parse(Source("spec.stdp", spec(chain, {"tau_m": 10}))).declarations[0]
    assert not solvable(neuron.equations)


# The parts of a group against closed forms; the order of terms, which decides the last bits.
BY_VARIABLE = """
import sys
import numpy as np
from brian2 import *

sys.path.insert(0, sys.argv[1])
from stdpdsl.runtime.exact import by_variable, exact_by_variable, exponential

prefs.codegen.target = "numpy"
model = '''
dg/dt = -g/(5*ms) : 1
dv/dt = (g*(1 - v) - v)/(10*ms) : 1
du/dt = G*(1 - u)/(10*ms) : 1
ds/dt = (1 - s)/(1*us) : 1
dq/dt = -q*q/(10*ms) : 1
G : 1'''
parts = [(exact_by_variable, ["g"]), (exponential, ["v", "u", "s"]), ("rk4", ["q"])]
cells = NeuronGroup(
    2, model, method=by_variable, method_options={"parts": parts}, dt=1*ms,
    namespace={"ms": ms, "us": us},
)
cells.g, cells.q, cells.G = 2, 1, [0, 3]
v, g = 0.0, 2.0
for _ in range(50):  # the conductance is held over the step
    v = g/(1 + g) + (v - g/(1 + g))*np.exp(-(1 + g)/10)
    g *= np.exp(-1/5)
Network(cells).run(50*ms, namespace={})
assert np.allclose(cells.g, 2*np.exp(-10), rtol=1e-12)
assert np.allclose(cells.v, v, rtol=1e-12), (cells.v, v)
assert np.allclose(cells.u, [0, -np.expm1(-15)], rtol=1e-12), cells.u  # without a leak too
assert np.allclose(cells.s, 1)  # a thousand times faster than the step
assert np.allclose(cells.q, 1/6, rtol=1e-6), cells.q
currents = "".join(f"\\ndg{n}/dt = -g{n}/({k + 2}*ms) : 1" for k, n in enumerate("ei"))
print(exact_by_variable(Equations("dv/dt = (ge + gi - v)/(10*ms) : 1" + currents)))
"""


@pytest.mark.slow
def test_parts_do_not_disturb_one_another(tmp_path):
    said = set()
    for seed in "12":  # of Python's sets
        done = subprocess.run(
            [sys.executable, "-c", BY_VARIABLE, ROOT],
            text=True,
            timeout=300,
            cwd=tmp_path,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        said.add(done.stdout)
    assert len(said) == 1


UNFIT = {
    "linear": "dv/dt = -v*v/tau_m : 1",
    "exact": "dv/dt = -v/tau_m : 1\ndw/dt = sin(t/tau_m)/tau_m : 1",
    "exponential_euler": "dv/dt = -v*v/tau_m : 1",
    "gsl": "dv/dt = -v/tau_m + xi/tau_m**0.5 : 1",
    "rk4": "dv/dt = -v/tau_m + xi/tau_m**0.5 : 1",
}


@pytest.mark.parametrize("method", UNFIT)
def test_a_method_that_cannot_solve_the_equations_is_refused(method):
    text = spec(UNFIT[method], {"tau_m": 10})
    text = text.replace("    reset: v = 0\n", f"    reset: v = 0\n    method: {method}\n")
    assert "RUN012" in {d.code for d in diagnose(text)}


def test_a_rate_may_change_with_time():
    text = spec("dv/dt = -v*t/tau_m**2 : 1", {"tau_m": 10})
    text = text.replace("    reset: v = 0\n", "    reset: v = 0\n    method: exponential_euler\n")
    assert "RUN012" not in {d.code for d in diagnose(text)}


SOLVED = {
    "two traces": [["-1/a", 0], [0, "-1/b"]],
    "at one rate": [["-1/a", 0], [0, "-1/a"]],
    "one stands still": [[0, 0, 0], [0, "-1/a", 0], [0, 0, "-1/b"]],
    "filtered, beside a trace": [["-1/a", 0, "1/a"], [0, "-1/c", 0], [0, 0, "-1/b"]],
    "filtered twice": [["-1/a", "d/a", "k"], [0, "-1/b", "1/b"], [0, 0, "-1/c"]],
    "a refractory membrane": [["-r/a", "r*d/a", "r*k/a"], [0, "-1/b", 0], [0, 0, "-1/c"]],
    "two rates of one": [["-1/a - 1/c", "1/a"], [0, "-1/b"]],
    "one rate": [["-1/a", "1/a"], [0, "-1/a"]],
    "it turns": [["-1/a", "-1/a"], ["1/b", "-1/b"]],
    "a decimal number": [["-0.5/a", "1/a"], [0, "-1/b"]],
}


def traces(rates):
    """Those of bcpnn, some alike, one with a second rate: nine take sympy 5 s as a whole."""
    own = [f"-1/{rate}" for rate in rates]
    own[len(set(rates)) - 1] += " - 1/d"
    return [[own[k] if k == j else 0 for j in range(len(own))] for k in range(len(own))]


@pytest.mark.parametrize("matrix", [*SOLVED.values(), traces("aabbc")])
def test_a_matrix_is_solved_as_sympy_does(matrix):
    """As Brian2 writes its solution: the very code, so the very bits."""
    import sympy

    a = {name: sympy.Symbol(name, real=True) for name in "abcdk"}
    a["r"] = sympy.Function("int")(sympy.Symbol("not_refractory", real=True))
    dt = sympy.Symbol("dt", real=True, positive=True)
    product = sympy.Matrix(matrix).applyfunc(lambda x: sympy.sympify(x, locals=a)) * dt
    solve_quickly()
    solve_quickly()  # again changes nothing
    quick = sympy.Matrix.nullspace.__defaults__
    found = [product.exp()]
    try:
        sympy.Matrix.nullspace.__defaults__ = False, sympy.matrices.utilities._iszero
        found.append(sympy.Matrix.exp.of_whole(product))
    finally:
        sympy.Matrix.nullspace.__defaults__ = quick
    assert quick[1] is not sympy.matrices.utilities._iszero
    as_written = (
        str(f.applyfunc(lambda x: sympy.factor_terms(sympy.cancel(sympy.signsimp(x)))))
        for f in found
    )
    assert len(set(as_written)) == 1


@pytest.mark.parametrize("matrix", [*SOLVED.values(), traces("aaabbbccc")])
def test_a_matrix_is_solved_as_scipy_does(matrix):
    import sympy
    from scipy.linalg import expm

    solve_quickly()
    names = sympy.symbols("a b c d k r dt")
    product = sympy.Matrix(matrix) * names[-1]
    # Complex, because the solution of what turns has the root of a negative number.
    values = np.array([10, 4.3, 25, 7, 0.3, 1, 0.1], complex)
    found, wanted = (
        np.array(sympy.lambdify(names, one, "numpy")(*values), complex)
        for one in (product.exp(), product)
    )
    np.testing.assert_allclose(found, expm(wanted), rtol=1e-10, atol=1e-13)


DECAYS = {
    "-g/tau": True,
    "-g/(10*ms)": True,
    "-g/(2.5*ms)": False,
    "-0.5*g/tau": False,
    "(1 - g)/tau": False,
}


@pytest.mark.parametrize("slope", DECAYS)
def test_brian2_has_the_same_code_of_what_only_decays(slope):
    """So a script names Brian2's `exact`, and needs no function of ours."""
    import brian2
    from brian2.stateupdaters.exact import linear

    found = []

    def both(*arguments):
        found.extend(ast.dump(ast.parse(f(*arguments))) for f in (linear, exact_by_variable))
        return linear(*arguments)

    equation = Equation("g", "differential", "1", rhs=slope)
    names = {"tau": 10 * brian2.ms}
    cells = brian2.NeuronGroup(1, printed(equation), method=both, namespace=names)
    brian2.Network(cells).run(0 * brian2.ms, namespace={})
    assert decays("g", [equation]) == DECAYS[slope]
    assert found[0] == found[1] or not DECAYS[slope]


def test_a_decay_with_a_rate_that_is_computed_or_while_refractory_is_no_such():
    decay = Equation("g", "differential", "1", rhs="-g/tau")
    assert decays("g", [decay])
    assert not decays("g", [decay, Equation("tau", "computed", "second", rhs="2*x")])
    assert not decays("g", [replace(decay, flags=("unless refractory",))])

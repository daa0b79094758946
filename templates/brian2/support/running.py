"""Preferences, devices, and the run itself."""

import os

from cache import cython_cache
from objects import begin_phase, end_phase, end_run
from progress import reporter

# No -ffast-math; -fno-builtin, or the compiler would round exp() of a constant in its own way.
COMPILER_FLAGS = ["-w", "-O3", "-std=c++11", "-ffp-contract=off", "-fno-builtin"]
PREFERENCES = {
    "core.default_float_dtype": "float64",
    # Bits must not depend on whether a parameter is an array or a constant, nor on the machine.
    "codegen.loop_invariant_optimisations": False,
    "devices.cpp_standalone.openmp_threads": 0,
}
ORDER_IN_A_STEP = (
    "state update, thresholds, pre pathways, post pathways, ports, resets, every; in each of them"
    " in the order of declaration"
)


def set_preferences(target, flags):
    """Every preference that changes results, whatever the user's own files say."""
    import brian2
    import numpy as np
    from brian2 import prefs

    prefs.codegen.target = "numpy" if target == "cpp_standalone" else target
    for name, value in PREFERENCES.items():
        prefs[name] = np.float64 if value == "float64" else value
    prefs.codegen.cpp.extra_compile_args = flags
    prefs.codegen.cpp.extra_compile_args_gcc = flags
    prefs.codegen.runtime.cython.cache_dir = cython_cache(brian2.__version__, flags)
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]


def start_device(standalone, folder):
    """From here on, what is built is built as a C++ program, where the target says so."""
    if standalone:
        from brian2 import set_device

        set_device("cpp_standalone", directory=program_folder(folder), build_on_run=False)


def program_folder(folder):
    """Where the program of the network is written and compiled."""
    return os.path.join(folder, "network")


def run_phases(
    x, objects, phases, dt, options, folder, gates, traces, normalised, weights, computed
):
    """Run the network, phase after phase."""
    from brian2 import Network, get_device, second

    standalone = options.target == "cpp_standalone"
    network = Network(*objects.all())
    done = 0
    for number, steps in enumerate(x.phase_steps):
        begin_phase(x, objects, phases, number, gates, traces, normalised)
        report = reporter(options.events, done * dt, x.steps * dt)
        network.run(
            steps * dt * second, report=None if standalone else report, report_period=1 * second,
            namespace={},
        )  # fmt: skip
        done += steps
        if number < len(phases) - 1:
            end_phase(objects, number, weights)
    end_run(objects, computed)
    if standalone:
        get_device().build(
            directory=program_folder(folder), compile=True, run=True, with_output=False
        )

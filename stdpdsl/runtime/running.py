"""Preferences, devices, and the run itself."""

import os
import re
import subprocess

import numpy as np

from .cache import cython_cache
from .compiler import compiler, program_flags
from .data import at, full
from .drives import write_drives
from .errors import ProgramError, fail, stop
from .exact import solve_quickly
from .given import phase_key
from .going_on import STATE, GoingOn
from .live import Live, program_report, reporter
from .objects import Objects, Phases, kept_after_phase
from .outputs import runtime_reader
from .placeholders import made
from .program_build import build_program
from .program_cache import cached_program
from .program_data import ProgramData, advance
from .program_run import follow_program, run_program
from .progress import say
from .ran import ENDS
from .recorded import audit_constants, outputs_of
from .single import expect_overflow
from .sources import code_of
from .stable import WATCH, Watcher, watch, watched_run
from .versions import package_version

PREFERENCES = {
    "core.default_float_dtype": "float64",
    # Bits must not depend on the machine, nor on whether a parameter is an array or a constant.
    "codegen.loop_invariant_optimisations": False,
    "devices.cpp_standalone.openmp_threads": 0,
}


PROGRAMS_OF = (2, 9), (2, 11)
"""The oldest and the newest Brian2 version whose C++ was tested."""


def set_preferences(target, single=False):
    """Set every preference that changes results, whatever the user's own files say."""
    import brian2
    from brian2 import prefs

    flags = program_flags()
    prefs.codegen.target = "numpy" if target == "cpp_standalone" else target
    for name, value in PREFERENCES.items():
        prefs[name] = np.float64 if value == "float64" else value
    prefs.codegen.cpp.extra_compile_args = flags
    prefs.codegen.cpp.extra_compile_args_gcc = flags
    prefs.codegen.runtime.cython.cache_dir = cython_cache(brian2.__version__, flags)
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    solve_quickly()
    if single:
        expect_overflow()


def phase_values_of(x, phases, varying_in, settings=None):
    """{"COMPONENT in PHASE": {parameter or variable: one value per element}} for what phases set:
    if a phase sets parameters, all those for which `varying_in(number)` has one value per block,
    and what `settings(number)` has."""
    found = {}
    for number, phase in enumerate(phases):
        starts = {c: key for c, key in phase.get("starts", {}).items() if key not in found}
        if not starts:
            continue
        varying = varying_in(number)
        own = settings(number) if settings else {}
        for component, key in starts.items():
            copy = x.copy_of(component)
            moved = varying.get(component, {}) if component in phase["sets"] else {}
            values = {n: full(at(v, copy), len(copy)) for n, v in moved.items()}
            values |= own.get(component, {})
            found[key] = {n: x.as_held(component, n, v) for n, v in values.items()}
    return found


def usable_target(options):
    """The requested target, unless this machine has no compiler for it, or Brian2 has a version
    whose C++ no program was tested with."""
    if options.target == "numpy":
        return "numpy"
    if not compiler():
        text = f"no C++ compiler was found for {options.target}; numpy runs instead, more slowly"
        say(options.events, event="warning", text=text)
        return "numpy"
    brian2 = package_version("brian2")
    if options.target == "cpp_standalone" and not builds_programs(brian2):
        least, most = (".".join(map(str, known)) for known in PROGRAMS_OF)
        text = f"programs are built of Brian2 {least} to {most}, and this is Brian2 {brian2}:"
        say(options.events, event="warning", text=f"{text} Cython runs instead, more slowly")
        return "cython"
    return options.target


def builds_programs(brian2):
    """Whether programs can be built from the C++ of this version of Brian2."""
    known = tuple(int(part) for part in re.findall(r"\d+", brian2)[:2])
    return PROGRAMS_OF[0] <= known <= PROGRAMS_OF[1]


def need_gsl(components, target):
    """Fail if some components need the integrators of the GNU Scientific Library and it is not
    available."""
    path = compiler()
    asked = f"`method: gsl` of {', '.join(components)}"
    if target == "numpy" or not path:
        fail(
            f"{asked} is compiled, and cannot run on the numpy target: install a C++ compiler, or"
            " take another method"
        )
    command = [path, "-E", "-x", "c++", "-"]
    source = "#include <gsl/gsl_odeiv2.h>\n"
    found = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if found.returncode:
        name = os.path.basename(path)
        fail(
            f"{asked} needs the GNU Scientific Library, whose headers {name} does not find:"
            " install it (as libgsl-dev or gsl-devel), or take another method"
        )


class Simulation:
    """The run of a script's network(state) and run(network, state), in this process or as a
    program. `weights` are the connections' weights, `live` those shown during the run, `record` the
    layers whose spikes are kept. `whole`: the run saves its state for a later run. It goes on from
    the state of an `earlier` run, if there is one."""

    def __init__(
        self,
        x,
        network,
        run,
        given,
        phases,
        options,
        folder,
        weights,
        record,
        live,
        whole=False,
        earlier=None,
    ):
        self.x, self.network, self.run, self.given = x, network, run, given
        self.whole, self.earlier = whole, earlier
        self.phases, self.options, self.folder = phases, options, folder
        self.weights, self.shown = weights, live
        self.record = {
            layer
            for layer, (_, shared) in x.sizes.items()
            if layer in record or (x.until and shared)
        }
        self.total = sum(x.phase_steps) * x.dt

    def say(self, stage):
        """Announce which stage begins."""
        say(self.options.events, event="stage", name=stage)

    def describe(self, given):
        """Run the network phase by phase, or describe how a program does that; return its
        outputs."""
        x = self.x
        self.network.__globals__["DT"] = x.dt
        with made(self.network, given, x.drives, x.dt, self.record) as (network, found, state):
            objects = Objects(found, x)
            if x.endings:
                objects.groups[ENDS] = next(o for o in found if o.name == ENDS)
            if x.until:
                network.add(watch(given, objects))
            whole = None
            if self.whole:
                counters = [c for each in objects.counters.values() for c in each]
                whole = GoingOn(found, counters, network, given, self.earlier)
            run_phase = self.phase_runner(given, objects, network, whole)
            kept = {}
            lasts = [steps * x.dt for steps in x.phase_steps]
            ended = self.run(Phases(network, run_phase, lasts), state)
            for number, _ in enumerate(ended or ()):
                if number < len(self.phases) - 1:
                    kept |= kept_after_phase(objects, self.weights, number)
            if whole:
                kept[STATE] = whole.state()
        audit_constants(objects)
        return outputs_of(objects) | kept

    def phase_runner(self, given, objects, network, whole=None):
        """A function that runs a phase, by its number."""
        from brian2 import get_device

        here = type(get_device()).__name__ == "RuntimeDevice"
        watcher = self.watcher(given, objects, network) if self.x.until else None
        shown = objects, self.shown, self.x.own_sizes()
        live = self.live()

        def run_phase(number):
            if whole and whole.is_over(number):
                return
            first = whole.begin(number, self.x.dt) if whole else ""
            done = sum(self.x.phase_steps[: number + 1]) * self.x.dt - given[phase_key(number)]
            report = reporter(live, done, *shown) if here else program_report(*shown)
            advance(network, given, phase_key(number), report, None if here else watcher, first)
            if watcher and here:
                watcher.put_back()

        return run_phase

    def watcher(self, given, objects, network):
        """Look at the weights of a network in this process, or write the C++ that does."""
        from brian2 import get_device

        weights = self.weights
        if type(get_device()).__name__ == "RuntimeDevice":
            watcher = Watcher(self.x, objects, weights, network)
            network.add(watcher.operation())
            return watcher
        keys = {
            "tolerance": f"{WATCH}.tolerance",
            "window": f"{WATCH}.window",
            "duration": phase_key(0),
        }
        if isinstance(given, ProgramData):
            numbers = {name: f"number({given.number(key)})" for name, key in keys.items()}
        else:
            numbers = {name: repr(float(given[key])) for name, key in keys.items()}
        return lambda line: watched_run(self.x, objects, weights, numbers, line)

    def by_program(self):
        """The outputs, from a cached program if the target uses one."""
        return self.as_a_program() if self.options.target == "cpp_standalone" else self.here()

    def by_build(self):
        """The outputs, from a program of this network's own if the target uses one."""
        return self.as_a_build() if self.options.target == "cpp_standalone" else self.here()

    def here(self):
        """Run in this process, with the target's code generator."""
        set_preferences(self.options.target, bool(self.x.single))
        self.say("simulating")
        return runtime_reader(self.describe(self.given))

    def as_a_build(self):
        """Build a C++ program of this network alone, and run it once."""
        from brian2 import get_device, set_device

        self.say("compiling")
        set_preferences(self.options.target, bool(self.x.single))
        project = os.path.join(self.folder, "network")
        set_device("cpp_standalone", directory=project, build_on_run=False)
        outputs = self.describe(self.given)
        get_device().build(directory=project, compile=True, run=False, with_output=False)
        self.say("simulating")
        device = get_device()
        os.makedirs(os.path.join(project, device.results_dir), exist_ok=True)
        command = [os.path.join(project, "main"), "--results_dir", device.results_dir]
        try:
            follow_program(command, project, self.live().report)
        except ProgramError as error:
            stop(str(error))
        device.has_been_run = True
        for clock in device.clocks:  # Brian2 takes the clock to be at the end
            device.array_cache[clock.variables["t"]] = None
        return runtime_reader(outputs, os.path.join(project, device.results_dir))

    def as_a_program(self):
        """Run the cached program of this network's structure; build it if there is none."""
        run = os.path.join(self.folder, "run")
        # The seed is data: random numbers of a network are keyed by numbers that it is given.
        code = code_of(self.network, self.run, data=("SEED",))
        decides = [code, kinds_of(self.given), self.weights, self.shown, sorted(self.record)]
        decides += [self.x.sizes, self.x.dt, self.whole]

        code, flags = repr(decides), program_flags()

        def build(folder):
            self.say("compiling")
            set_preferences(self.options.target, bool(self.x.single))
            build_program(self.describe, self.given, code, flags, folder)

        try:
            program = cached_program(build, code, flags, self.folder, self.x.warnings.append)
            write_drives(self.x, run)
            self.say("simulating")
            state = self.earlier.state if self.earlier else None
            return run_program(program, self.given, run, self.live().report, state)
        except ProgramError as error:
            stop(str(error))

    def live(self):
        """The object that reports how far the run has come."""
        sizes = {key.removesuffix(".N"): n for key, n in self.given.items() if key.endswith(".N")}
        begun = self.earlier.step * self.x.dt if self.earlier else 0.0
        return Live(self.options.events, self.total, sizes, self.x.blocks, begun)


def kinds_of(given):
    """The keys of what a network is given: what there is, but not how much of it."""
    return sorted((key, np.ndim(value), type(value).__name__) for key, value in given.items())

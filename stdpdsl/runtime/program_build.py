"""A compiled simulator: built once for a structure, and given every number at run time.

The placeholders that Brian2 wrote into its C++ project are replaced by values that the program
reads when it starts. So one program runs any table of its model: more blocks, other weights, other
spikes, a longer run. It runs without Brian2.
"""

import json
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .compiler import compiler
from .crossings import CROSSINGS_SUPPORT, with_crossings
from .errors import ProgramError
from .exponential import exp_support, inline_exps
from .objects import KeptFile
from .program_cache import file_hash, files_under
from .program_data import ProgramData, size_key
from .program_files import PROGRAM_FILES, PROGRAM_FILES_CODE, in_one_file, write_arrays
from .refractory import REFRACTORY_SUPPORT, with_refractory_lists
from .steps import lightly_driven, peeked_quickly, queued_quickly
from .vectors import VECTOR_SUPPORT, by_chunks, by_vectors, fetched_ahead
from .whole_state import KeptState


def build_program(simulate, data, code, flags, folder):
    """Build the program of a network into `folder`, which is made.

    `simulate(data)` makes the network, runs it by `advance`, and returns its outputs as
    {name: (object, variable)}.
    """
    from brian2 import get_device, set_device

    folder = Path(folder).resolve()
    project = folder.with_name(folder.name + ".source")
    set_device("cpp_standalone", directory=str(project), build_on_run=False)
    marked = ProgramData(data, code)
    outputs = simulate(marked)
    device = get_device()
    with flags_unasked():
        device.build(directory=str(project), compile=False, run=False)
    unused = [key for key in data if key not in marked.markers and key not in marked.arrays]
    unused = [key for key in unused if key not in {*marked.durations, *marked.numbers}]
    if unused:
        raise ProgramError(f"the network makes no use of {unused}")
    fixed = {f"static_arrays/{file.name}": file for file in (project / "static_arrays").iterdir()}
    for key, array in marked.arrays.items():
        if array["name"].startswith("static") and not fixed.pop(array["name"], None):
            raise ProgramError(f"Brian2 reads {key} from another file than {array['name']}")
    sources = sorted(device.writer.source_files)
    units = two_units(project, sources, marked)
    folder.mkdir(parents=True)
    compile_program(project, units, flags, folder / "main")
    write_arrays(folder, ((name, file.read_bytes()) for name, file in fixed.items()))
    manifest = {
        "arrays": marked.arrays,
        "numbers": marked.numbers,
        "outputs": {n: output_file(device, data, place) for n, place in outputs.items()},
        "hashes": {str(p.relative_to(folder)): file_hash(p) for p in files_under(folder)},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    shutil.rmtree(project)


@contextmanager
def flags_unasked():
    """Do not let Brian2 test each flag with the compiler before it writes a makefile, which is not
    used here: saves 0.4 s."""
    from brian2.codegen.cpp_prefs import get_default_compiler
    from brian2.devices.cpp_standalone import device

    asked = device.get_compiler_and_args
    device.get_compiler_and_args = lambda: (get_default_compiler(), [])
    try:
        yield
    finally:
        device.get_compiler_and_args = asked


def output_file(device, data, place):
    """Where a program writes a variable, (object, name) or a KeptFile: its name, or its file, and
    the key of the width if it has two dimensions."""
    if isinstance(place, KeptFile):
        return {"file": place.file, "dtype": place.dtype}
    if isinstance(place, KeptState):
        return {"kinds": place.kinds}
    owner, name = place
    variable = owner.variables[name]
    columns = variable.size[1] if isinstance(variable.size, tuple) else None
    array = device.get_array_filename(variable)
    width = None if columns is None else size_key(data, f"{owner.name}.index")  # of a monitor
    return {"name": array, "dtype": np.dtype(variable.dtype).str, "width": width}


def two_units(project, sources, data):
    """The whole project as two texts, because headers cost more compile time than code: what runs
    in each step, and the rest. Sizes and durations become values that are read when the program
    starts."""
    sizes = {}
    for key, marker in data.markers.items():
        sizes[marker] = f"brian::_size_{data.number(key)}"
        sizes[marker + 1] = f"(brian::_size_{data.number(key)} + 1)"  # for a group's list of spikes
    for cells, (key, width) in data.products.items():
        sizes[cells] = f"(brian::_size_{data.number(key)} * {width})"
    literal = re.compile(r"(?<![\w.])(" + "|".join(map(str, sizes)) + r")(?![\w.])")
    names = [f"_size_{data.number(key)}" for key in data.markers]

    def text_of(source):
        text = (project / source).read_text(encoding="utf-8")
        return literal.sub(lambda found: sizes[int(found[1])], text) if sizes else text

    declared = "".join(f"extern const long long {name};\n" for name in names)
    defined = "".join(f"const long long {n} = number({n.removeprefix('_size_')});\n" for n in names)
    objects = (project / "objects.h").read_text(encoding="utf-8")
    header = f'#include "input.h"\n{objects}'
    exp_both, exp_once = exp_support()
    support = VECTOR_SUPPORT + CROSSINGS_SUPPORT + REFRACTORY_SUPPORT + exp_both
    given = PROGRAM_FILES + support + declared + "}\n"
    (project / "input.h").write_text(given, encoding="utf-8")
    (project / "objects.h").write_text(header, encoding="utf-8")
    for file, quickly in HEADERS.items():
        text = (project / file).read_text(encoding="utf-8")
        (project / file).write_text(quickly(text), encoding="utf-8")
    run = re.compile(r"(\.run\(|seconds = )[\d.e+-]+(, report_progress, |;)")
    durations = iter(data.durations)
    texts = {}
    for source in sources:
        text = text_of(source)
        if source == "main.cpp":
            text, count = run.subn(
                lambda found: f"{found[1]}number({data.number(next(durations))}){found[2]}", text
            )
            if count != len(data.durations):
                raise ProgramError("Brian2 wrote another number of runs than there are")
        if source == "objects.cpp":
            text = in_one_file(text)
        if source == "network.cpp":
            text = lightly_driven(text)
        if source.endswith("_stateupdater_codeobject.cpp"):
            text = by_vectors(text)
        texts[source] = inline_exps(fetched_ahead(by_chunks(text))) if is_part(source) else text
    first, second = as_units(with_crossings(with_refractory_lists(texts)))
    once = f'#include "input.h"\nnamespace brian {{\n{defined}{exp_once}}}\n{PROGRAM_FILES_CODE}'
    return first, once + second


def as_units(texts):
    """The sources of a project, by their names, as two units."""
    first, second = [], []
    for source, text in texts.items():
        # Reads and writes files: gains nothing from optimisation, and compiles slowly.
        if source == "objects.cpp":
            text = f'#pragma GCC push_options\n#pragma GCC optimize("O0")\n{text}\n'
            text += "#pragma GCC pop_options\n"
        if is_part(source):
            text = own_namespace(text, f"of_{Path(source).stem}")
        (first if is_part(source) and not ONCE.match(source) else second).append(text)
    return "\n".join(first), "\n".join(second)


HEADERS = {"brianlib/spikequeue.h": queued_quickly, "synapses_classes.h": peeked_quickly}
ONCE = re.compile(r"code_objects/((before|after)_run_|\w+_synapses_create_)")


def is_part(source):
    """Whether this is the code of an object in the network."""
    return source.startswith(("code_objects/", "brianlib/"))


def own_namespace(text, name):
    """Put a code object into its own namespace, so that its support code does not collide with
    another's."""
    text = text.replace("////// SUPPORT CODE ///////\nnamespace {", f"namespace {name} {{", 1)
    use = "    using namespace brian;\n"
    return text.replace(use, use + f"    using namespace {name};\n") if name in text else text


def compile_program(project, units, flags, binary):
    """Compile the two units, and link them."""
    with compiling(project, units, flags) as link:
        link(binary)


WHOLE = ["-static-libstdc++", "-static-libgcc", "-Wl,--gc-sections", "-s"]
"""Links what a program uses of C++'s libraries into it. Otherwise each run spends a millisecond on
finding their symbols."""


@contextmanager
def compiling(project, units, flags):
    """Start compiling the two units side by side; return a function that waits for them and links
    them."""
    cxx = compiler()
    objects, running = [], []
    for index, text in enumerate(units):
        source = project / f"unit{index}.cc"
        source.write_text(text, encoding="utf-8")
        objects.append(f"unit{index}.o")
        # Code that runs once need not be fast, and compiles in half the time.
        level = [] if index == 0 else ["-O1"]
        command = [
            cxx,
            *flags,
            *level,
            "-fno-plt",
            "-I.",
            "-Ibrianlib",
            "-c",
            source.name,
            "-o",
            objects[-1],
        ]
        log = (project / f"unit{index}.log").open("w+", encoding="utf-8")
        running.append((subprocess.Popen(command, cwd=project, stderr=log), log))

    def link(binary):
        for process, log in running:
            if process.wait():
                log.seek(0)
                raise ProgramError(f"the compiler failed:\n{log.read(2000)}")
        for itself in (WHOLE, []):  # a system may lack the static libraries
            command = [cxx, *objects, *itself, "-o", str(binary)]
            linked = subprocess.run(command, cwd=project, capture_output=True, text=True)
            if not linked.returncode:
                return
        raise ProgramError(f"the linker failed:\n{linked.stderr[:2000]}")

    try:
        yield link
    finally:
        for process, log in running:
            process.kill()  # if nobody has waited for it
            process.wait()
            log.close()

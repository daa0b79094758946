"""From the experiment to the text of a script that a Brian2 user would have written."""

from __future__ import annotations

import ast
import hashlib
import keyword
import math
import re
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import __version__
from ...ir import Experiment, Sweep
from ...outputs import sealed
from ..runtime_names import is_third_party
from ..sweep_code import after_the_axes
from ..templates import fill, in_docstring
from .audio import AudioCode
from .code import UNITS, Code, unparse
from .copies import Copies
from .functions import functions_for, imported
from .layout import block
from .names import Names
from .network import by_block_of, network_functions
from .run_phases import run_doc
from .state import initial_lines
from .tables import TablesCode
from .values import Values

JUST_RUNS = 'net.run(DURATION*second, namespace={}, report="text")'
"""The body of run(net, state) if nothing changes during a run; main() then contains it."""
IMPORTS = (
    "import argparse",
    "import hashlib",
    "import json",
    "import numpy as np",
    "import pyarrow as pa",
    "import pyarrow.parquet as pq",
    "from pathlib import Path",
)
"""The imports of every script besides Brian2."""
RUN, RUN_ALL = "run(net, first)", "list(run(net, first))  # phase by phase"


def render_plain(e: Experiment, spec_text: str, lowering: str, target: str) -> str:
    """The script. `lowering` is "synapse" or "namespace", `target` one of Brian2's."""
    code, names = Code(e), Names(e, UNITS)
    by_block = by_block_of(e, lowering)
    audio = AudioCode(e, code, names)
    copies = Copies(e, by_block)
    initial = initial_lines(Values(e, code, names, copies), audio)
    network_text, run_text = network_functions(e, code, names, audio, by_block)
    tables_code = TablesCode(e, code, copies)
    tables = tables_code.lines()
    just_runs = run_text.split("\n")[2:] == [f"    {JUST_RUNS}"]
    audio_functions = audio.functions(just_runs)
    context: dict[str, Any] = {
        "title": title(e),
        "model": f'"{e.model}"',
        "version": __version__,
        "hash": hashlib.sha256(spec_text.encode()).hexdigest()[:12],
        "needs": ("brian2, brian2hears" if e.sounds else "brian2") + ", numpy and pyarrow",
        "what": f"all {e.rows} blocks" if e.rows > 1 else "the network",
        "seed": repr(e.seed),
        "time_step": time_step(e),
        "samplerates": audio.constants(),
        "target": target,
        "timing": timing(e, code, audio),
        "sweep": text(sweep(e)),
        "audio": audio_functions,
        "lasts_a_sound": lasts_a_sound(e),
        "initial": text(initial),
        "network": network_text,
        "run_doc": run_doc(e),
        "run": "" if just_runs else run_text,
        "run_all": JUST_RUNS if just_runs else RUN_ALL if len(e.phases) > 1 else RUN,
        "builds_itself": just_runs,
        "tables": text(tables),
        "joins": in_parts(tables),
        "in_blocks": tables_code.in_blocks,
    }
    draft = fill("plain.py.j2", **context, imports="", support="")
    support, imports = functions_for(draft)
    imports = sorted({*imports, *IMPORTS})
    if "os.path" in draft:
        imports.append("import os")
    more = [] if context["builds_itself"] else ["get_device"]
    texts, of_brian2 = at_the_top(
        [network_text, context["run"], support, *context["audio"]], ["prefs", "set_device", *more]
    )
    context["network"], context["run"], support, *context["audio"] = texts
    imports += of_brian2
    whole = fill("plain.py.j2", **context, imports=import_lines(imports), support=support)
    whole = re.sub(r"\n{4,}", "\n\n\n", whole) + "\n"
    return sealed(whole.encode(), ".py", "script").decode()


def title(e: Experiment) -> str:
    """The spec's own words, with no line too long."""
    whole = f"{e.model}: {in_docstring(e.doc)}" if e.doc else e.model
    return "\n\n".join(_filled(paragraph) for paragraph in whole.split("\n\n"))


def _filled(paragraph: str) -> str:
    lines = paragraph.split("\n")
    # For example a list, whose lines stay as they are.
    if any(line.startswith(" ") for line in lines):
        return "\n".join("\n".join(textwrap.wrap(line, 97) or [""]) for line in lines)
    return paragraph if max(map(len, lines)) <= 97 else textwrap.fill(paragraph, 97)


def text(lines: Sequence[str]) -> str:
    return "\n".join(block(lines, 4)) or "    return"


def import_lines(imports: Sequence[str]) -> str:
    third = list(filter(is_third_party, imports))
    standard = sorted(set(imports) - set(third), key=lambda x: (x.startswith("from"), x))
    third.sort(key=lambda line: (line.startswith("from"), line))
    return "\n".join([*standard, "", *block(third, 0)])


_OF_BRIAN2 = re.compile(
    r"^    from (brian2[\w.]*|sympy) import (\w.*|\([^)]*\))\n\n?", re.MULTILINE
)


def at_the_top(functions: Sequence[str], main: Sequence[str]) -> tuple[list[str], list[str]]:
    """Functions that do not import Brian2 themselves, and the imports that they and main() need.
    `stdpdsl run` has the same functions, but imports Brian2 as late as possible."""
    names: dict[str, set[str]] = {"brian2": set(main)}
    for text in functions:
        for module, found in _OF_BRIAN2.findall(text):
            names.setdefault(module, set()).update(re.findall(r"\w+", found))
    imports = [imported(module, sorted(found, key=str.lower)) for module, found in names.items()]
    return [_OF_BRIAN2.sub("", text) for text in functions], imports


def in_parts(tables: Sequence[str]) -> bool:
    """Whether a table is yielded more than once."""
    yields = [found for line in tables if (found := re.match(r'( *)yield "(\w+)"', line))]
    names = [found[2] for found in yields]
    return len(set(names)) < len(names) or any(found[1] for found in yields)


def lasts_a_sound(e: Experiment) -> bool:
    return any(p.sound for p in e.phases)


def timing(e: Experiment, code: Code, audio: AudioCode) -> list[str]:
    """The duration of the run, in steps and in seconds."""
    steps: list[str] = []
    for phase in e.phases:
        if phase.sound:
            steps.append(f"int(np.ceil({audio.duration(phase.sound)} / DT - 1e-6))")
        else:
            seconds = eval(code.show(phase.duration), {"np": np})  # from our own printer
            steps.append(str(math.ceil(seconds / e.dt - 1e-6)))
    if len(e.phases) == 1:
        lines = ["DURATION = STEPS * DT  # s", *(["PHASE_STEPS = [STEPS]"] if e.endings else [])]
        if lasts_a_sound(e):
            return [f"STEPS = {steps[0]}  # of the whole run", *lines]
        both = f"DT, STEPS = {e.dt!r}, {steps[0]}"
        return [f"{both}  # the time step (s), and how many the run has", *lines]
    names = ", ".join(f'"{p.name}"' for p in e.phases)
    return [
        *([] if lasts_a_sound(e) else [time_step(e)]),
        f"PHASES = [{names}]",
        f"PHASE_STEPS = [{', '.join(steps)}]",
        "STEPS = sum(PHASE_STEPS)",
        "DURATION = STEPS * DT  # s",
    ]


def time_step(e: Experiment) -> str:
    return f"DT = {e.dt!r}  # s, the time step"


def sweep(e: Experiment) -> list[str]:
    """The table, axis by axis."""
    later = [line.replace("'", '"') for line in after_the_axes(e.sweep)]
    if not e.sweep.axes and not later:
        return ['return {"block": np.arange(1)}']
    lines = axes_of(e.sweep) if e.sweep.axes else ["table = {}"]
    blocks = f'return {{"block": np.arange({e.rows})'
    if not later and lines[-1].startswith("table = {") and len(lines) == 1:
        return [f"{blocks}, {lines[0].removeprefix('table = {')}"]
    if len(later) == 1 and len(e.sweep.derived) == 1:
        name, _, column = later[0].removeprefix("table[").partition("] = ")
        return [*lines, f"{blocks}, **table, {name}: {column}}}"]
    return [*lines, *later, f"{blocks}, **table}}"]


def axes_of(sweep: Sweep) -> list[str]:
    """The product of the axes."""
    shown = [
        "{" + ", ".join(f'"{name}": {code}' for name, code in axis).replace("'", '"') + "}"
        for axis in sweep.axes
    ]
    return as_grid(sweep) or [f"table = product({', '.join(shown)})"]


def as_grid(sweep: Sweep) -> list[str]:
    """The product of axes of one column each, as usually written with NumPy."""
    found: list[tuple[str, str]] = []
    for (name, code), *others in sweep.axes:
        if others:
            return []
        value = ast.parse(code, mode="eval").body
        if isinstance(value, ast.List) and all(isinstance(v, ast.Constant) for v in value.elts):
            value.elts = [
                ast.Constant(float(v.value)) if isinstance(v.value, int) else v
                for v in value.elts
                if isinstance(v, ast.Constant)
            ]
        text = unparse(value)
        if '"' in text:
            text = f"np.array({text}, dtype=object)"
        found.append((name, text))
    if len(found) == 1:
        name, text = found[0]
        return [
            f'table = {{"{name}": np.array({text})}}'
            if text[0] == "["
            else f'table = {{"{name}": {text}}}'
        ]
    names = [re.sub(r"\W", "_", name) for name, _ in found]
    if len(set(names)) < len(names) or any(map(keyword.iskeyword, names)):
        return []
    columns = ", ".join(
        f'"{name}": {own}.ravel()' for (name, _), own in zip(found, names, strict=True)
    )
    return [
        f'{", ".join(names)} = np.meshgrid({", ".join(t for _, t in found)}, indexing="ij")',
        f"table = {{{columns}}}",
    ]

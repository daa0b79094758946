"""The scripts of some specs as files, to be read: `pytest --update-golden`, then the diff.

What `stdpdsl run` executes is run beside globals of the same names that hold nonsense.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from pathlib import Path

import pytest
from running import assert_same, run_here

from stdpdsl.compiler import compile_source
from stdpdsl.language.source import Source

SPECS = Path(__file__).parents[2] / "specs"
GOLDEN = Path(__file__).parents[1] / "golden"

# The spec, the lowering, and settings that make it short.
SCRIPTS = {
    "auditory_map": ("synapse", ["duration=300 ms"]),
    "auditory_map_by_namespace": ("namespace", ["duration=150 ms"]),
    "balanced_network": ("synapse", ["duration=15 ms"]),
    "clopath_2010": ("synapse", ["duration=50 ms"]),
    "diehl_cook_2015": ("synapse", ["duration=2 s"]),
    "dopamine_delay": ("synapse", ["duration=2 s"]),
    "stdp_window": ("synapse", ["duration=900 ms"]),
    "zenke_2015": ("synapse", ["duration=60 ms"]),
}


def compiled(name, short=True):
    lowering, sets = SCRIPTS[name]
    path = SPECS / f"{name.removesuffix('_by_namespace')}.stdp"
    source = Source(path.name, path.read_text(encoding="utf-8"))
    return compile_source(source, SPECS, sets if short else [], lowering, "numpy")


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_is_the_golden_one(name, update_golden):
    script = compiled(name, short=False).script
    # What depends on the text of the whole spec, or of the whole script.
    for before in ("from the spec ", r'SPEC, SEED = "\w+", "', "# stdpdsl script "):
        script = re.sub(rf"({before})\w+", r"\1...", script, count=1)
    path = GOLDEN / f"{name}.py"
    if update_golden:
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(script, encoding="utf-8")
    assert script == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.in_turn(2)
def test_no_name_is_looked_up_when_it_runs(name, tmp_path):
    """Every name of the spec as a global of the script, holding what would raise or mislead."""
    script = compiled(name).run_script
    spec = (SPECS / f"{name.removesuffix('_by_namespace')}.stdp").read_text(encoding="utf-8")
    names = {n for n in re.findall(r"[^\W\d]\w*", spec) if not keyword.iskeyword(n)}
    poison = sorted(names - globals_of(script) - set(dir(builtins)))
    assert len(poison) > 20
    lines = "".join(f"{n} = 123.456\n" for n in poison)
    poisoned = script.replace('if __name__ == "__main__":', lines + 'if __name__ == "__main__":')
    assert poisoned != script
    clean = run_here(tmp_path, script, "clean", data=SPECS)
    assert_same(run_here(tmp_path, poisoned, "poisoned", data=SPECS), clean)


def globals_of(script):
    """The script's own functions, constants and imports: what it may well look up."""
    found = set()
    for node in ast.parse(script).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif hasattr(node, "name"):
            found.add(node.name)
    return found

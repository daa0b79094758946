"""The functions in a plain script, and its imports.

They are functions of the runtime, or from templates/brian2/functions*.py if a plain script has its
own version. A script has only those that it uses.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from functools import cache

from ...resources import resource_dir
from ..runtime_names import Definitions, definitions_in, global_names, runtime
from .layout import WIDTH, block


def function(head: str, doc: str, body: Sequence[str]) -> str:
    """The text of a function."""
    indent = "    "
    doc = textwrap.fill(f'"""{doc}"""', WIDTH - 1, initial_indent=indent, subsequent_indent=indent)
    return "\n".join([f"def {head}:", doc, *block(body, 4)])


def imported(module: str, names: Sequence[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= WIDTH - 4 else f"from {module} import ({', '.join(names)})"


@cache
def definitions() -> Definitions:
    """All functions that a plain script may have. Its own come last, because they replace the
    runtime's functions with the same name."""
    own = sorted((resource_dir("templates") / "brian2").glob("functions*.py"))
    return runtime() | definitions_in(own)


def functions_for(code: str) -> tuple[str, list[str]]:
    """The functions that a plain script uses, in a stable order, and all of the script's
    imports."""
    found, imports = definitions().texts, definitions().imports
    defined = {n.name for n in ast.parse(code).body if isinstance(n, ast.FunctionDef)}
    found = {n: text for n, text in found.items() if n not in defined and n != "SEED"}
    chosen: set[str] = set()
    names = global_names(code)
    waiting = sorted(names & set(found))
    while waiting:
        name = waiting.pop()
        if name not in chosen:
            chosen.add(name)
            uses = global_names(found[name])
            names |= uses
            waiting += sorted(uses & set(found))
    values = [compact(found[n]) for n in found if n in chosen and n.isupper()]
    bodies = [brief(found[n]) for n in found if n in chosen and not n.isupper()]
    for words, lines, instead in _ONLY_WITH:
        if not any(word in code for word in words):
            bodies = [re.sub(lines, instead, body) for body in bodies]
    text = "\n".join(values) + ("\n\n\n" if values else "") + "\n\n\n".join(bodies)
    return text, sorted({imports[n] for n in names & set(imports)})


_ONLY_WITH = (
    # And everything that it uses.
    (["unless refractory"], r'\n +if "unless refractory" in .*\n.*', ""),
    (["replicate"], r"\n +key = \[part if .*", ""),  # no other key has a whole number of NumPy's
    (["at_equal_rates", "exact_in_single"], r", written=None|\(written or (\w+)\)", r"\1"),
)
"""Parts of functions that a script has only if it contains one of some words: these words, a
pattern, the replacement otherwise."""


def compact(value: str) -> str:
    """A constant with its numbers filling the lines."""
    tree = ast.parse(value)
    constants = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    if len(constants) < 2 or not all(isinstance(number, float) for number in constants):
        return value
    return "\n".join(block([ast.unparse(tree)], 0))


def brief(function: str) -> str:
    """A function with only the first paragraph of its docstring."""
    function = re.sub(r"  # (noqa: \w+|fmt: skip)$", "", function, flags=re.MULTILINE)
    head, quotes, rest = function.partition('"""')
    doc, _, body = rest.partition('"""')
    if not quotes or "\n\n" not in doc or not head.rstrip().endswith(":"):
        return function
    return f'{head}"""{doc.partition(chr(10) * 2)[0]}"""{body}'

"""Imports point one way: each folder imports only what stands above it in this list."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from stdpdsl.brian2.runtime_names import RUNTIME, definitions_in

PACKAGE = Path(__file__).parents[2] / "stdpdsl"
ORDER = [
    "__init__",
    "dataclass",
    "resources",
    "outputs",
    "runtime",
    "cached",
    "machine",
    "language",
    "check",
    "sweep",
    "results",
    "data",
    "ir",
    "lower",
    "brian2",
    "plan",
    "compiler",
    "views",
    "library",
    "exchange",
    "execution",
    "search",
    "window",
    "verify",
    "report",
    "api",
    "editor",
    "commands",
    "cli",
]
LONGEST = 400  # lines of a module
SCREEN = 60  # lines of a function
# Accessors for users that import when they are called.
LATE = {
    ("__init__", "api"),
    ("__init__", "language"),
    ("__init__", "results"),
    ("results", "report"),
    ("results", "search"),
    ("search", "api"),
}


def imports():
    """(the importing folder or module, the imported one, the file) of each import of ours."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        package = parts[:-1]
        room = parts[1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package[: len(package) - node.level + 1]
                base += node.module.split(".") if node.module else []
                names = [base[1]] if len(base) > 1 else [alias.name for alias in node.names]
                for name in names:
                    target = name if name in ORDER else "__init__"
                    if target != room:
                        yield room, target, path


def test_every_folder_has_its_place():
    found = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert found == set(ORDER)


def test_imports_point_one_way():
    wrong = {
        (room, target, path.name)
        for room, target, path in imports()
        if ORDER.index(target) > ORDER.index(room) and (room, target) not in LATE
    }
    assert wrong == set()


def test_no_folder_is_flat():
    assert len([p for p in PACKAGE.glob("*.py")]) <= 10


def test_a_module_is_not_long():
    """What no longer fits has two meanings; a new module's name says which one moved out."""
    lengths = {
        path.relative_to(PACKAGE).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert {name for name, lines in lengths.items() if lines > LONGEST} == set()


def test_a_function_fits_a_screen():
    """What is longer is a list of steps: each gets a name."""
    long = {
        f"{path.relative_to(PACKAGE).as_posix()}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= SCREEN
    }
    assert long == set()


def test_what_we_wrote_is_not_read_back():
    """The experiment says in fields what a script needs to know; Python says what code names."""
    may = {
        "lower/until_stable.py",  # the text of an option
        "brian2/plain/functions.py",
        "brian2/plain/render.py",  # the text of functions, and layout
        "brian2/plain/layout.py",
        "brian2/plain/alike.py",
        "brian2/plain/neuron_values.py",
    }
    asking = {
        path.relative_to(PACKAGE).as_posix()
        for folder in ("lower", "brian2")
        for path in (PACKAGE / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import) and any(alias.name == "re" for alias in node.names)
    }
    assert asking <= may


def test_a_name_of_the_runtime_stands_in_one_module():
    """A script says what it uses, not where that is."""
    names = Counter(name for path in RUNTIME.glob("*.py") for name in definitions_in([path]).texts)
    assert {name for name, count in names.items() if count > 1} == set()

"""How many mutants the tests catch: `python -m tests.mutants`, see CONTRIBUTING.

Mutants of stdpdsl/check, lower and runtime are drawn with a seed, in proportion to the lines of
these packages: first a line, then one of its mutants. No text of a message, annotation or assertion
is changed. A first run of the tests finds which of them reach a line, in child processes too; then
each mutant meets those, the quickest first, in a copy of the last commit. A mutant that survives
here may still be caught by a slow test, which has to be tried by hand.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGES = ("check", "lower", "runtime")
MARKS = "not slow and not compiled and not long"
CPU = 90  # s for one mutant; one that hangs is caught
COVERAGE = """[run]
source =
    {copy}/stdpdsl/check
    {copy}/stdpdsl/lower
    {copy}/stdpdsl/runtime
data_file = {copy}/.coverage
context = ${{TEST_OF_MUTANTS-}}
parallel = true
patch = subprocess
"""
PLUGIN = """import json, os
import coverage, pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    os.environ["TEST_OF_MUTANTS"] = item.nodeid
    coverage.Coverage.current().switch_context(item.nodeid)
    return (yield)

def pytest_runtest_logreport(report):
    if report.when == "call" and report.passed:
        with open("seconds.jsonl", "a") as file:
            file.write(json.dumps([report.nodeid, report.duration]) + "\\n")
"""
OTHER = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


class Mutant(NamedTuple):
    file: Path
    line: int
    last: int
    start: int  # byte
    end: int
    new: str


def variants(node: ast.AST) -> Iterator[ast.AST | str]:
    """What may stand in place of a node."""
    changed = copy.deepcopy(node)
    match changed:
        case ast.Compare(ops=[op, *_]):
            changed.ops[0] = OTHER[type(op)]()
            yield changed
        case ast.BoolOp():
            changed.op = OTHER[type(changed.op)]()
            yield changed
        case ast.BinOp() if type(changed.op) in OTHER and not (
            {type(changed.left), type(changed.right)} & {ast.JoinedStr}
            or any(isinstance(getattr(x, "value", 0), str) for x in (changed.left, changed.right))
        ):
            changed.op = OTHER[type(changed.op)]()
            yield changed
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield changed.operand
        case ast.Constant(value=bool(value)):
            yield repr(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield repr(value + 1)
        case ast.Constant(value=str(value)) if re.fullmatch(r"\S+", value):
            yield repr(value + "X")
        case ast.If() | ast.While() | ast.IfExp():
            yield ast.UnaryOp(ast.Not(), changed.test)
        case ast.Return(value=ast.AST()) if ast.unparse(node) != "return None":
            yield "return None"
        case ast.Break():
            yield "continue"
        case ast.Continue():
            yield "break"
        case ast.Expr() | ast.Raise() | ast.AugAssign():
            yield "pass"
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield "pass"


def nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What may be changed."""
    if isinstance(node, ast.Assert | ast.JoinedStr) or (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        or isinstance(node, ast.If)
        and "TYPE_CHECKING" in ast.unparse(node.test)
    ):
        return
    yield node
    for name, field in ast.iter_fields(node):
        if name not in ("annotation", "returns", "decorator_list"):
            for child in field if isinstance(field, list) else [field]:
                if isinstance(child, ast.AST):
                    yield from nodes(child)


def mutants(file: Path) -> Iterator[Mutant]:
    raw = file.read_bytes()
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in nodes(ast.parse(raw)):
        place = node.test if isinstance(node, ast.If | ast.While) else node
        for new in variants(node):
            text = new if isinstance(new, str) else ast.unparse(new)
            if isinstance(node, ast.expr | ast.If | ast.While) and not isinstance(new, str):
                text = f"({text})"
            assert isinstance(place, ast.expr | ast.stmt)
            yield Mutant(
                file,
                place.lineno,
                place.end_lineno,
                starts[place.lineno - 1] + place.col_offset,
                starts[place.end_lineno - 1] + place.end_col_offset,
                text,
            )


def sample(root: Path, count: int, seed: int) -> list[Mutant]:
    draw = random.Random(seed)
    files = {p: sorted((root / "stdpdsl" / p).rglob("*.py")) for p in PACKAGES}
    lines = {p: sum(f.read_bytes().count(b"\n") for f in mine) for p, mine in files.items()}
    found = []
    for package, mine in files.items():
        by_line: dict[tuple[Path, int], list[Mutant]] = {}
        for mutant in (m for f in mine for m in mutants(f)):
            by_line.setdefault((mutant.file, mutant.line), []).append(mutant)
        share = round(count * lines[package] / sum(lines.values()))
        found += [draw.choice(by_line[key]) for key in draw.sample(sorted(by_line), share)]
    return draw.sample(found, len(found))


def reached(root: Path, tests: list[str], environment: dict[str, str]) -> dict:
    """The tests that reach each (file, line), the quickest first."""
    from coverage import Coverage  # `pip install coverage`, which nothing else needs

    (root / "coverage.ini").write_text(COVERAGE.format(copy=root))
    (root / "contexts.py").write_text(PLUGIN)
    command = [sys.executable, "-m", "coverage", "run", "--rcfile=coverage.ini", "-m", "pytest"]
    options = ["-n0", "-q", "-p", "contexts", "-p", "no:cacheprovider", "-m", MARKS]
    subprocess.run([*command, *options, *tests], cwd=root, env=environment)
    coverage = Coverage(config_file=str(root / "coverage.ini"))
    coverage.combine()
    data = coverage.get_data()
    seconds = dict(map(json.loads, (root / "seconds.jsonl").read_text().splitlines()))
    return {
        (Path(file), line): sorted({*tests} & {*seconds}, key=seconds.__getitem__)
        for file in data.measured_files()
        for line, tests in data.contexts_by_lineno(file).items()
    }


def survives(mutant: Mutant, tests: list[str], root: Path, environment: dict[str, str]) -> bool:
    raw = mutant.file.read_bytes()
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-x", "-p", "no:cacheprovider"]
    limit = partial(resource.setrlimit, resource.RLIMIT_CPU, (CPU, CPU))
    try:
        mutant.file.write_bytes(raw[: mutant.start] + mutant.new.encode() + raw[mutant.end :])
        for few in filter(None, (tests[:40], tests[40:400])):
            subprocess.run(
                [*command, "-m", MARKS, *few],
                cwd=root,
                env=environment,
                capture_output=True,
                check=True,
                timeout=10 * CPU,
                preexec_fn=limit,
            )
    except subprocess.SubprocessError:
        return False
    finally:
        mutant.file.write_bytes(raw)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("tests", nargs="*", default=["tests/unit", "tests/run"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "copy"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(root)], check=True)
        environment = {**os.environ, "PYTHONPATH": str(root), "MPLBACKEND": "Agg"}
        by_line = reached(root, options.tests, environment)
        caught = dict.fromkeys(PACKAGES, 0)
        drawn = sample(root, options.sample, options.seed)
        for mutant in drawn:
            lines = range(mutant.line, mutant.last + 1)
            tests = dict.fromkeys(t for n in lines for t in by_line.get((mutant.file, n), ()))
            if not tests:  # the line runs when the module is imported, or in slow tests alone
                mine = (found for (file, _), found in by_line.items() if file == mutant.file)
                tests = dict.fromkeys(test for found in mine for test in found)
            place = mutant.file.relative_to(root)
            if survives(mutant, [*tests], root, environment):
                old = mutant.file.read_bytes()[mutant.start : mutant.end].decode()
                print(f"{place}:{mutant.line}: {' '.join(old.split())} -> {mutant.new}", flush=True)
            else:
                caught[place.parts[1]] += 1
        for package, number in caught.items():
            every = sum(m.file.is_relative_to(root / "stdpdsl" / package) for m in drawn)
            print(f"{package}: {number} of {every} caught")


if __name__ == "__main__":
    main()

"""Commands that export rules to other languages, and import rules from them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .reading import read, writing
from .terminal import DONE, USAGE, Stop, colours, columns, complain, note, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..language import ast
    from ..language.diagnostics import Diagnostic


def export_rule(options: argparse.Namespace) -> int:
    """Write a rule as a synapse model in NESTML."""
    from ..exchange.to_nestml import export

    if options.edges or options.block is not None:
        raise Stop(
            "error: --edges and --block belong to results, but --to nestml writes a rule", USAGE
        )
    name, _, preset = options.folder.partition(".")
    rule, constants = _rule(name, options.source)
    text = export(rule, _preset(rule, preset), constants)
    return _written(options.output, text, ".nestml", "")


def import_(options: argparse.Namespace) -> int:
    """Write a synapse model in NESTML as a rule."""
    import importlib.util

    if not importlib.util.find_spec("pynestml"):
        raise Stop(
            "error: reading NESTML needs its own parser: pip install 'stdpdsl[nestml]'", USAGE
        )
    from ..check import check
    from ..exchange.from_nestml import rule_from
    from ..language.diagnostics import CompileError, has_errors
    from ..language.parser import parse
    from ..language.source import Source

    source, _ = read(options.file)
    text = rule_from(source)
    result = Source(options.output or f"{Path(options.file).stem}.stdp", text)
    found = check(parse(result)).diagnostics
    if has_errors(found):
        raise CompileError(found)
    _warn(found)
    use = f'; next: use "{Path(options.output).name}" in a spec' if options.output else ""
    return _written(options.output, text, ".stdp", use)


def _written(name: str | None, text: str, form: str, next: str) -> int:
    from ..outputs import write_new

    if name is None:
        say(text)
        return DONE
    if Path(name).suffix != form:
        raise Stop(f"error: the name {name} must end in {form}", USAGE)
    with writing(name):
        write_new(Path(name), text.encode())
    note(f"wrote {name}{next}\n")
    return DONE


def _rule(name: str, spec: str | None) -> tuple[ast.Rule, list[ast.Assign]]:
    """The rule, and its spec's constants."""
    from .. import compiler
    from ..language import ast
    from ..language.diagnostics import CompileError, has_errors
    from ..library.catalogue import unknown

    rules, constants = dict[str, ast.Rule](), list[ast.Assign]()
    if spec is not None:
        checked, found = compiler.check_text(*read(spec), [])
        if checked is None or has_errors(found):
            raise CompileError(found)
        rules = {rule.name.id: rule for rule in checked.spec.of(ast.Rule)}
        constants = [item for part in checked.spec.of(ast.Constants) for item in part.items]
    rule = rules.get(name) or (compiler.library()[name] if name in compiler.library() else None)
    if rule is None:
        where = f", nor in {spec}" if spec is not None else ""
        raise Stop(f"error: {unknown(name, [*rules, *compiler.library()])}{where}", USAGE)
    return rule, constants


def _preset(rule: ast.Rule, name: str) -> ast.Preset | None:
    from ..language.diagnostics import did_you_mean

    if not name:
        return None
    there = {p.name.id: p for p in rule.presets}
    if name not in there:
        near = did_you_mean(name, there) or f"it has {', '.join(there) or 'none'}"
        raise Stop(f"error: `{rule.name.id}` has no preset `{name}`; {near}", USAGE)
    return there[name]


def _warn(found: Iterable[Diagnostic]) -> None:
    from ..language.diagnostics import WIDTH, render

    said = render(found, colours(sys.stderr), columns(sys.stderr, WIDTH))
    if said:
        complain(said.rstrip("\n") + "\n")

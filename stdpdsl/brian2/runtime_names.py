"""The names that the runtime defines, from which a script imports."""

from __future__ import annotations

import ast
import symtable
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

from ..cached import cached
from ..dataclass import dataclass

WIDTH = 100  # of a line
PACKAGE = Path(__file__).parents[1]
RUNTIME = PACKAGE / "runtime"


@dataclass
class Definitions:
    """The top-level definitions of some modules."""

    texts: dict[str, str]
    """The source of each function, class and constant."""
    modules: dict[str, str]
    """The module that contains each."""
    imports: dict[str, str]
    """The import statement of each name from another package."""

    def __or__(self, later: Definitions) -> Definitions:
        """Both; if a name is in both, the later definition."""
        return Definitions(
            self.texts | later.texts, self.modules | later.modules, self.imports | later.imports
        )


def definitions_in(paths: Iterable[Path]) -> Definitions:
    """The definitions in modules; if a name is in several, the last. Reading them takes a tenth of
    a short run, so the result is cached by the modules' text."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in paths}
    depends = [text for item in texts.items() for text in item]
    made = cached("definitions", depends, __file__, lambda: asdict(_definitions(texts)))
    return Definitions(**made)


def _definitions(modules: Mapping[str, str]) -> Definitions:
    found = Definitions({}, {}, {})
    for module, text in modules.items():
        texts, imports = _module(text)
        found.texts |= texts
        found.modules |= dict.fromkeys(texts, module)
        # Without imports from the modules themselves.
        found.imports |= {name: line for name, line, source in imports if source not in modules}
    return found


def _module(text: str) -> tuple[dict[str, str], list[tuple[str, str, str | None]]]:
    """The source of each function, class and constant of a module; and each name that it imports
    from elsewhere, the statement, and the module after `from`."""
    lines = text.splitlines()
    texts: dict[str, str] = {}
    imports: list[tuple[str, str, str | None]] = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports += _imports(node)
            continue
        start = getattr(node, "lineno", 0)
        names = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
            start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        elif isinstance(node, ast.Assign):
            names = [t.id for t in node.targets if isinstance(t, ast.Name)]
        texts.update(dict.fromkeys(names, "\n".join(lines[start - 1 : node.end_lineno])))
    return texts, imports


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str, str | None]]:
    """Relative imports come from the modules themselves."""
    for alias in node.names:
        bound = alias.asname or alias.name.split(".")[0]
        if isinstance(node, ast.Import):
            yield bound, ast.unparse(ast.Import([alias])), None
        elif not node.level:
            yield bound, ast.unparse(ast.ImportFrom(node.module, [alias], 0)), node.module


@cache
def runtime() -> Definitions:
    """The definitions in the runtime."""
    return definitions_in(sorted(RUNTIME.glob("*.py")))


def global_names(code: str) -> set[str]:
    """Every name that code looks up among the globals of its module."""

    def visit(table: symtable.SymbolTable) -> set[str]:
        everywhere = table.get_type() == "module"
        used = (s for s in table.get_symbols() if s.is_referenced())
        names = {s.get_name() for s in used if everywhere or s.is_global()}
        return names.union(*map(visit, table.get_children()))

    return visit(symtable.symtable(code, "<script>", "exec"))


def assigned_names(code: str) -> set[str]:
    """Every name that a module gives a value."""
    table = symtable.symtable(code, "<script>", "exec")
    return {s.get_name() for s in table.get_symbols() if s.is_assigned()}


def imports_for(code: str) -> list[str]:
    """The imports of a script that `stdpdsl run` executes, one line per module."""
    used, known = global_names(code) - assigned_names(code), runtime()
    by_module: dict[str, list[str]] = {}
    for name in sorted(used & set(known.modules)):
        by_module.setdefault(known.modules[name], []).append(name)
    lines = {known.imports[name] for name in used & set(known.imports)}
    return sorted(lines) + [
        _import(f"from stdpdsl.runtime.{module} import ", names)
        for module, names in sorted(by_module.items())
    ]


def _import(head: str, names: list[str]) -> str:
    line = head + ", ".join(names)
    if len(line) <= WIDTH:
        return line
    lines = textwrap.fill(", ".join(names), WIDTH - 4)
    return f"{head}(\n" + textwrap.indent(lines, "    ") + "\n)"


def is_third_party(line: str) -> bool:
    """Whether an import is from another package."""
    return line.split()[1].partition(".")[0] in _THIRD_PARTY


_THIRD_PARTY = frozenset({"brian2", "brian2hears", "numpy", "pyarrow", "scipy", "sympy"})

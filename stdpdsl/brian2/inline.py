"""Support code: real Python files, of which a script gets just the functions that it uses."""

from __future__ import annotations

import ast
import re
import symtable
import textwrap
from functools import cache

from ..resources import resource_dir


@cache
def _support(plain: bool = False) -> tuple[dict[str, tuple[str, ast.stmt]], dict[str, str]]:
    """Every top-level name with its text and tree; every import by the name it binds."""
    folder = resource_dir("templates") / "brian2" / "support"
    modules = {path.stem for path in folder.glob("*.py")}
    found: dict[str, tuple[str, ast.stmt]] = {}
    imports: dict[str, str] = {}
    # Functions of plain scripts come last: they take the place of others of the same name.
    own = sorted(folder.parent.glob("functions*.py")) if plain else []
    modules |= {path.stem for path in own}
    for path in [*sorted(folder.glob("*.py")), *own]:
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.parse(text).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                if isinstance(node, ast.ImportFrom) and node.module in modules:
                    continue
                for alias in node.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    one = (
                        ast.ImportFrom(node.module, [alias], 0)
                        if isinstance(node, ast.ImportFrom)
                        else ast.Import([alias])
                    )
                    imports[bound] = ast.unparse(one)
                continue
            names = []
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names = [node.name]
                start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            elif isinstance(node, ast.Assign):
                names = [t.id for t in node.targets if isinstance(t, ast.Name)]
                start = node.lineno
            for name in names:
                found[name] = "\n".join(lines[start - 1 : node.end_lineno]), node
    return found, imports


def used_names(code: str) -> set[str]:
    """Every name that code refers to."""
    return _names(ast.parse(textwrap.dedent(code)))


def brief(function: str) -> str:
    """A function with the first paragraph of its docstring alone."""
    function = re.sub(r"  # noqa: \w+$", "", function, flags=re.MULTILINE)
    head, quotes, rest = function.partition('"""')
    doc, _, body = rest.partition('"""')
    if not quotes or "\n\n" not in doc or not head.rstrip().endswith(":"):
        return function
    return f'{head}"""{doc.partition(chr(10) * 2)[0]}"""{body}'


def global_names(code: str) -> set[str]:
    """Every name that code looks up among the globals of its module."""

    def visit(table: symtable.SymbolTable) -> set[str]:
        everywhere = table.get_type() == "module"
        used = (s for s in table.get_symbols() if s.is_referenced())
        names = {s.get_name() for s in used if everywhere or s.is_global()}
        return names.union(*map(visit, table.get_children()))

    return visit(symtable.symtable(code, "<script>", "exec"))


def _names(tree: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def functions_for(code: str) -> tuple[str, list[str]]:
    """The same for a plain script."""
    return support_for(code, plain=True)


def support_for(code: str, plain: bool = False) -> tuple[str, list[str]]:
    """The support that a script uses, in a stable order, and the imports of all of it."""
    found, imports = _support(plain)
    if plain:
        defined = {n.name for n in ast.parse(code).body if isinstance(n, ast.FunctionDef)}
        found = {n: v for n, v in found.items() if n not in defined}
    chosen: set[str] = set()
    names = global_names(code) if plain else used_names(code)
    waiting = sorted(names & set(found))
    while waiting:
        name = waiting.pop()
        if name not in chosen:
            chosen.add(name)
            uses = global_names(found[name][0]) if plain else _names(found[name][1])
            names |= uses
            waiting += sorted(uses & set(found))
    values = [found[n][0] for n in found if n in chosen and n.isupper()]
    bodies = [found[n][0] for n in found if n in chosen and not n.isupper()]
    bodies = [brief(body) for body in bodies] if plain else bodies
    text = "\n".join(values) + ("\n\n\n" if values else "") + "\n\n\n".join(bodies)
    return text, sorted({imports[n] for n in names & set(imports)})

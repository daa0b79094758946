"""What a generated script may consist of, whatever its spec: read from its syntax tree.

It ends in the words below; every statement, call, import and string is of a kind that is listed
here. What it calls is its own or the runtime's.
"""

from __future__ import annotations

import ast
import re

STATEMENTS = (
    ast.Expr,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AugAssign,
    ast.FunctionDef,
    ast.Return,
    ast.For,
    ast.If,
    ast.Try,
    ast.With,
    ast.Raise,
)
EXPRESSIONS = (
    ast.Constant,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Call,
    ast.List,
    ast.Dict,
    ast.Tuple,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Lambda,
    ast.ListComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.Yield,
    ast.Starred,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Slice,
)
RUNTIME = "stdpdsl.runtime."
MODULES = {
    "argparse",
    "brian2",
    "hashlib",
    "importlib.metadata",
    "numpy",
    "os",
    "platform",
    "sys",
    "tempfile",
    "types",
}
FUNCTIONS = {
    "Network",
    "NeuronGroup",
    "SimpleNamespace",
    "SpikeGeneratorGroup",
    "SpikeMonitor",
    "StateMonitor",
    "Synapses",
    "TimedArray",
    "abs",
    "dict",
    "enumerate",
    "int",
    "len",
    "linked_var",
    "range",
    "str",
    "version",
    "zip",
}
METHODS = {
    "SPEC.encode",
    "(__doc__ or MODEL).partition",
    "argparse.ArgumentParser",
    "group.run_on_event",
    "group.run_regularly",
    "group.set_event_schedule",
    "hashlib.sha256",
    "of.fraction",
    "of.max",
    "of.mean",
    "of.min",
    "of.sd",
    "of.sum",
    "os.path.join",
    "parser.add_argument",
    "parser.error",
    "parser.parse_args",
    "platform.python_version",
    "earlier.whole",
    "recorded.reached",
    "results.commit",
    "results.parameters",
    "saving.accuracy",
    "saving.blocks",
    "saving.connection",
    "saving.connection_samples",
    "saving.each",
    "saving.elements",
    "saving.layer",
    "saving.layer_samples",
    "saving.rate",
    "simulation.by_build",
    "simulation.by_program",
    "sys.exit",
    "tempfile.TemporaryDirectory",
    "x.hold",
    "x.file",
    "x.phase_times",
    "x.refine",
    "x.warnings.append",
}
# Of the objects of the network, and of what they are given.
OF_OBJECTS = {
    "append",
    "connect",
    "items",
    "pop",
    "run",
    "run_on_event",
    "run_regularly",
    "set_event_schedule",
    "set_states",
    "state",
    "suppress_name",
}
NUMPY = {
    "abs",
    "arange",
    "arccos",
    "arcsin",
    "arctan",
    "arctan2",
    "array",
    "ceil",
    "clip",
    "cos",
    "cosh",
    "errstate",
    "exp",
    "expm1",
    "floor",
    "geomspace",
    "linspace",
    "log",
    "log10",
    "log1p",
    "logical_and",
    "logical_not",
    "logical_or",
    "logspace",
    "maximum",
    "minimum",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "unique",
    "where",
    "zeros",
}
BRIAN2 = {
    "abs",
    "arccos",
    "arcsin",
    "arctan",
    "ceil",
    "clip",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "exprel",
    "floor",
    "int",
    "log",
    "log10",
    "log1p",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
}
# A piece of the name of an object: of a connection's block, say.
PART_OF_NAME = re.compile(r"[A-Za-z]\w*__|__[A-Za-z]\w*[A-Za-z0-9]", re.ASCII)
MAIN = """if __name__ == "__main__":
    own_imports()
    sys.exit(main())"""
# What strings may hold that are code, names or numbers. No quotes, no brackets but round ones.
PLAIN = re.compile(r"[\w .+\-/*()<>=!,:%\n]*", re.ASCII)
# An attribute, or a name that Python makes use of.
# Inside a name, `__` marks those that the compiler makes.
REACHING = re.compile(r"[A-Za-z_)]\s*\.\s*[A-Za-z_]|\b__|__\b", re.ASCII)


def audit(script: str) -> list[str]:
    """What a script holds that none should: empty for all that the compiler writes."""
    head, _, last = script.rstrip().rpartition("\n\n\n")
    tree = ast.parse(head)
    defined = {node.name for node in tree.body if hasattr(node, "name")}
    found = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(RUNTIME):
            defined |= {alias.name for alias in node.names}
    if last != MAIN:
        found.append(f"it ends in {last}")
    docs = {id(doc) for doc in map(docstring, [tree, *ast.walk(tree)]) if doc is not None}
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SPEC":
            if not isinstance(node.value, ast.Constant):
                found.append("SPEC is no literal")
            continue
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTED":
            if not is_text(node.value):
                found.append("DOCUMENTED is more than texts")
            continue
        for part in ast.walk(node):
            found += problems_of(part, defined, docs)
    return found


def is_text(node: ast.expr) -> bool:
    """Whether it is a literal of nothing but texts, by texts."""
    if isinstance(node, ast.Dict):
        return all(key is not None and is_text(key) for key in node.keys) and all(
            map(is_text, node.values)
        )
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def docstring(node: ast.AST) -> ast.Constant | None:
    body = getattr(node, "body", None)
    first = body[0] if isinstance(body, list) and body else None
    value = first.value if isinstance(first, ast.Expr) else None
    return value if isinstance(value, ast.Constant) else None


def problems_of(node: ast.AST, defined: set[str], docs: set[int]) -> list[str]:
    if isinstance(node, ast.stmt) and not isinstance(node, STATEMENTS):
        return [f"a statement {type(node).__name__}"]
    if isinstance(node, ast.expr) and not isinstance(node, EXPRESSIONS):
        return [f"an expression {type(node).__name__}"]
    if isinstance(node, ast.Import | ast.ImportFrom):
        modules = {getattr(node, "module", None) or name.name for name in node.names}
        foreign = {m for m in modules - MODULES if not m.startswith(RUNTIME)}
        return [f"an import of {module}" for module in foreign]
    if isinstance(node, ast.Call):
        return problems_of_call(node, defined)
    if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
        return [f"an attribute {node.attr}"]
    if isinstance(node, ast.Name) and node.id.startswith("__") and node.id != "__doc__":
        return [f"a name {node.id}"]
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
        return problems_of_string(node.value)
    return []


def problems_of_call(node: ast.Call, defined: set[str]) -> list[str]:
    called = node.func
    if isinstance(called, ast.Name):
        local = re.fullmatch(r"sound_\w+|filterbank_\w+|run|make|filterbank", called.id)
        good = called.id in FUNCTIONS or called.id in defined or local
        return [] if good else [f"a call of {called.id}"]
    text = ast.unparse(called)
    plain = re.sub(r"\[('|\")\w+\1\]", "", text)
    if isinstance(called, ast.Attribute) and called.attr in ("hexdigest", "tolist"):
        return []  # of what another call gave, which is looked at as well
    if isinstance(called, ast.Attribute) and called.attr in OF_OBJECTS and is_object(called.value):
        return []
    if text.startswith("np."):
        return [] if text.removeprefix("np.") in NUMPY else [f"a call of {text}"]
    return [] if plain in METHODS else [f"a call of {text}"]


def is_object(node: ast.expr) -> bool:
    """Whether it is a variable, a pathway of one, or what stands in one by its name."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id in ("net", "state")
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("_") and isinstance(node.value, ast.Name)
    return isinstance(node, ast.Name)


def problems_of_string(text: str) -> list[str]:
    if PART_OF_NAME.fullmatch(text):
        return []
    if re.fullmatch(r"[A-Za-z]\w*\.[A-Za-z]\w*", text):
        return []
    if not PLAIN.fullmatch(text) or REACHING.search(text):
        return [f"a string {text!r}"]
    if "\n" in text or "=" in text or "(" in text:  # code, but for the flags of `: volt (shared)`
        code = re.sub(r" : [\w*/ ]+\([a-z ,-]+\)$", "", text, flags=re.MULTILINE)
        calls = set(re.findall(r"\b([A-Za-z]\w*) ?\(", code)) - BRIAN2 - {"and", "or", "not"}
        unknown = sorted(c for c in calls if not re.fullmatch("(draw|double)__[a-z]+", c))
        return [f"a call of {name} in Brian2's language" for name in unknown]
    return []

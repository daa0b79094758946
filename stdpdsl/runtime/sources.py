"""The text of the code that results were computed by: the key of what is cached between runs."""

import dis
import hashlib
import inspect
import re
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from zipfile import ZipFile


def code_of(*functions, data=()):
    """The source of a script's functions and of all that they use of the script, including
    constants except those called `data`; and a hash that stands for the source of this package."""
    found, waiting = {("", ""): runtime_digest()}, list(functions)
    while waiting:
        function = waiting.pop()
        module = function.__module__
        if (module, function.__qualname__) in found:
            continue
        found[module, function.__qualname__] = inspect.getsource(function)
        for name in globals_used(function.__code__):
            value = function.__globals__.get(name)
            used = []
            if isinstance(value, FunctionType):
                used = [value]
            elif isinstance(value, type):
                used = [f for f in vars(value).values() if isinstance(f, FunctionType)]
            elif name.isupper() and name not in data:
                found[module, name] = f"{name} = {value!r}"
            waiting += [f for f in used if f.__module__ == module]
    return "\n".join(found[name] for name in sorted(found))


@cache
def runtime_digest():
    """A hash of this package's modules, in a folder or in an archive. Finding only those that a
    function uses would take a tenth of a short run."""
    here = Path(__file__).parent
    if here.is_dir():
        texts = {path.name: path.read_bytes() for path in here.glob("*.py")}
    else:
        with ZipFile(here.parents[1]) as archive:
            names = [n for n in archive.namelist() if Path(n).parent.name == here.name]
            texts = {Path(name).name: archive.read(name) for name in names}
    return hashlib.sha256(repr(sorted(texts.items())).encode()).hexdigest()


def globals_used(code):
    """Names that a function, and those within it, use from their module."""
    found = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found |= globals_used(inner)
    return found


def numbers_in(code, p):
    """{name: value} of the parameters that code names: p.COMPONENT.PARAMETER."""
    found = {}
    for component, name in sorted(set(re.findall(r"\bp\.(\w+)\.(\w+)", code))):
        value = getattr(getattr(p, component, None), name, None)
        found[f"{component}.{name}"] = getattr(value, "tolist", lambda value=value: value)()
    return found

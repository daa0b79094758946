"""What a result was computed by, as text: the key of what is kept between runs."""

import dis
import inspect
import re
from types import CodeType, FunctionType


def code_of(*functions, data=()):
    """The source of functions and of all that they use of their modules and of this package,
    constants among it but those that are called `data`."""
    found, waiting = {}, list(functions)
    while waiting:
        function = inspect.unwrap(waiting.pop())
        function = getattr(function, "__func__", function)  # of a method
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
            waiting += [f for f in used if f.__module__ == module or is_ours(f)]
    return "\n".join(found[name] for name in sorted(found))


def is_ours(function):
    """Whether a function belongs to this package."""
    return function.__module__.startswith(f"{__package__}.")


def globals_used(code):
    """Names that a function, and those within it, take from their module."""
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

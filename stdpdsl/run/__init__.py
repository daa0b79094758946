"""Running generated scripts.

`stdpdsl.run` is also a function (`api.run`). Once this package is imported, it is what that name
means, so it can be called.
"""

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        from ..api import run

        return run(*arguments, **options)


sys.modules[__name__].__class__ = _Callable

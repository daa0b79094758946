"""How modules are found and loaded."""

import gc
import os
import sys
import tempfile
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any


class Without:
    """An import finder that makes a module appear not to exist."""

    def __init__(self, name):
        self.name = name

    def find_spec(self, name, path=None, target=None):
        """Refuse to find this module; leave all others to other finders."""
        if name == self.name:
            raise ModuleNotFoundError(f"{name} is not used here", name=name)
        return None


class BrianAlone:
    """An import finder that loads Brian2 so that it finds no preference file. Brian2 would evaluate
    ~/.brian/user_preferences and ./brian_preferences, whoever wrote them."""

    def find_spec(self, name, path=None, target=None):
        """Brian2, to be loaded by this object; leave all else to other finders."""
        if name != "brian2":
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None:
            self.loader: Any = spec.loader
            spec.loader = self  # type: ignore[assignment]  # it has what a loader needs
        return spec

    def create_module(self, spec):
        """Do as Brian2's own loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module):
        """Load Brian2 with an empty folder as its home and working folder, and without what it
        imports only to check its version or to test itself. What it loads stays until the end, so
        garbage collection skips it, now and later: that saves 0.2 s of a short run."""
        homes = {name: os.environ.get(name) for name in ("HOME", "USERPROFILE")}
        here = os.getcwd()
        module.__spec__.loader = module.__loader__ = self.loader
        hidden = [Without("matplotlib"), Without("pytest")]
        sys.meta_path[:0] = hidden
        with tempfile.TemporaryDirectory(prefix="stdpdsl-") as empty:
            try:
                gc.disable()
                os.environ.update(dict.fromkeys(homes, empty))
                os.chdir(empty)
                self.loader.exec_module(module)
            finally:
                sys.meta_path[:] = [finder for finder in sys.meta_path if finder not in hidden]
                gc.enable()
                gc.freeze()
                os.chdir(here)
                for name, value in homes.items():
                    if value is None:
                        del os.environ[name]
                    else:
                        os.environ[name] = value


def unread_preferences():
    """The preference files that Brian2 would have read: the user might expect them to count."""
    places = Path("brian_preferences"), Path(os.path.expanduser("~/.brian/user_preferences"))
    return [
        f"{path} is ignored, because it could change results" for path in places if path.exists()
    ]


def own_imports():
    """Make modules load as above. pyarrow would import pandas only to check whether its inputs are
    pandas objects: 0.4 s. Brian2 would import pylab, for plotting, only for its users' convenience:
    0.5 s."""
    if not any(isinstance(finder, BrianAlone) for finder in sys.meta_path):
        sys.meta_path[:0] = [Without("pandas"), Without("pylab"), BrianAlone()]

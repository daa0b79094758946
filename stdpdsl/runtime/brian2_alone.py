"""Imports Brian2 the way a run does."""

from .imports import own_imports

own_imports()

import brian2  # noqa: E402, F401

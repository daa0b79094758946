"""Imports Brian2 as a run does."""

from .imports import own_imports

own_imports()

import brian2  # noqa: E402, F401

"""Pair-based rules."""

from __future__ import annotations

from stdpdsl.verify.table import Verification

FAMILY = (Verification("pair_additive", oracle="tests/rules/test_pairs.py"),)

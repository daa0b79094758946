"""The tests of each rule in the library, and the published results that a run must reproduce.

Each family of rules is a module here, with one `Verification` per rule; this file lists them.
`stdpdsl verify` runs the specs (they are in `specs/`) and prints the rows.
"""

from __future__ import annotations

from stdpdsl.verify import (
    calcium,
    pairs,
    rates,
    reward,
    shapes,
    short_term,
    targets,
    triplets,
    voltage,
)
from stdpdsl.verify.table import Replay, Row, Verification

__all__ = ["VERIFICATIONS", "Replay", "Row", "Verification"]

FAMILIES = (
    pairs.FAMILY,
    shapes.FAMILY,
    triplets.FAMILY,
    targets.FAMILY,
    short_term.FAMILY,
    voltage.FAMILY,
    calcium.FAMILY,
    reward.FAMILY,
    rates.FAMILY,
)
VERIFICATIONS: dict[str, Verification] = {v.rule: v for family in FAMILIES for v in family}
"""The verification of each rule, by the rule's name."""

"""Imports rules from, and exports rules to, the formats of other programs: NESTML."""

"""Units that scripts write by their short names are those that Brian2's equations know."""

from brian2.core.namespace import DEFAULT_UNITS

from stdpdsl.lower.expressions import SHORT_UNITS


def test_brian2_knows_every_short_unit():
    # `ns`, `pS` and `uV` are names of the package brian2, but not of its equations.
    assert sorted(SHORT_UNITS - set(DEFAULT_UNITS)) == []

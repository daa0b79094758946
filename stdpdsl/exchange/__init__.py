"""Rules from other programs' formats, and rules in them: NESTML."""

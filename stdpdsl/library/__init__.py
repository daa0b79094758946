"""The rule library and its catalogue."""

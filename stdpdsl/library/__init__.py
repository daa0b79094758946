"""The rule library and what is said of it."""

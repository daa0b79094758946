"""Checks the types and units of expressions, declarations, models, layers and phases."""

"""Clauses that are missing, contradict one another, or have effects that nobody wants."""

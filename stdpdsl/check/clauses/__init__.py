"""Clauses that are missing, contradict one another, or have unwanted effects."""

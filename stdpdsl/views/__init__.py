"""Views of results: summaries, comparisons and checks."""

"""Running generated scripts."""

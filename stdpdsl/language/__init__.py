"""From text to tree and back: every word of the language, and its diagnostics."""

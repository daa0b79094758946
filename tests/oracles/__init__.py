"""References for the rules of the library, written from the papers' equations."""

"""How much memory and how many cores there are."""

"""Results as people look at them: in the terminal, beside each other, as figures."""

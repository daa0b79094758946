"""Types and units: of expressions, of what is declared, and of each model, layer and phase."""

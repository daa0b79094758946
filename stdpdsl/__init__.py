"""stdpdsl: a language for exploring spike-timing-dependent plasticity, compiled to Brian2."""

__version__ = "0.1.0"

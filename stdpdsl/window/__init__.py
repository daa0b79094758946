"""`stdpdsl window`: the change of a weight against the lag of a post spike after a pre spike.

spec.py writes a small spec, curves.py compiles and runs it like any other, and show.py draws it.
"""

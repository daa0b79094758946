"""`stdpdsl window`: the change of a weight against the lag of a post spike after a pre spike.

A small spec is written (spec.py), compiled and run as any other (curves.py), and drawn (plot.py).
"""

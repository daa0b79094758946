"""Values that a spec takes from files and from earlier runs: read, and held against the spec.

arrays.py reads NumPy's files, stdpdsl/sweep/files.py tables. sources.py makes one thing of them:
keys and values of entries. fit.py asks whether a layer or connection finds in them what it needs.
tables.py does both for what changes in time: files whose rows drive a layer one after another.
"""

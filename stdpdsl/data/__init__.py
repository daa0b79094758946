"""Values that a spec takes from files and from earlier runs: read, and checked against the spec.

stage.py is what the compiler calls. arrays.py reads NumPy's files, stdpdsl/sweep/files.py reads
tables. sources.py gives both the same form: keys and values of entries. fit.py checks whether a
layer or connection finds what it needs in them. tables.py does both for what changes in time: files
whose rows drive a layer one after another.
"""

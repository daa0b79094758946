"""What runs a script: programs, inputs, sounds, recording, measuring and saving.

Nothing here imports any other part of stdpdsl, so this folder alone can be sent to a cluster's
workers (`archive.py`). It needs NumPy and pyarrow, and Brian2 once a network is made.
"""

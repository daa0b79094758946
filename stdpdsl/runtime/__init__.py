"""What runs a script: programs, inputs, sounds, recording, measuring and saving.

It imports Brian2 when a network is made, NumPy and pyarrow, and nothing else of stdpdsl, so that
a cluster's workers can be sent this folder alone (`archive.py`).
"""

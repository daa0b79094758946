"""The plain script: the experiment as a Brian2 user would write it, which runs on its own."""

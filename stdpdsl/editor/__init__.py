"""What an editor asks of a text, whole or broken. What it says is in language_server.py."""

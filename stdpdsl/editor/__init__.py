"""What an editor asks of a text, whole or broken. The protocol is in language_server.py."""

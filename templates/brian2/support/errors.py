"""Bad input: a message for the reader, no traceback."""


class SpecError(Exception):
    """Something the spec asks for that cannot be had; its text says what and where."""


def fail(message):
    """Stop with `message` as all that the reader sees."""
    raise SpecError(message)

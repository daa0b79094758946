"""Exceptions that end a run with a message for the reader and no traceback."""


class SpecError(Exception):
    """The spec asks for something impossible. The text says what and where."""


class RunFailed(Exception):
    """The simulation did not do what it was asked to."""


def fail(message):
    """Stop because the spec is wrong; the reader sees only `message`."""
    raise SpecError(message)


def stop(message):
    """Stop because the simulation failed; the reader sees only `message`."""
    raise RunFailed(message)


class ProgramError(Exception):
    """A program could not be built or did not run to its end. The text says why."""

"""What ends a run with a message for the reader, and no traceback."""


class SpecError(Exception):
    """The spec asks for something impossible; the text says what and where."""


class RunFailed(Exception):
    """The simulation did not do what it was asked to."""


def fail(message):
    """Stop with `message` as all that the reader sees: the spec is wrong."""
    raise SpecError(message)


def stop(message):
    """Stop with `message` as all that the reader sees: the simulation went wrong."""
    raise RunFailed(message)


class ProgramError(Exception):
    """A program could not be built or did not run to its end; the text says why."""

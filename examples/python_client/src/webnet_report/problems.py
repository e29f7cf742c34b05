"""What ends the program, each with its exit code; the message is for the user."""


class ProblemError(Exception):
    """The server has refused the request."""

    exit_code = 1


class UnreachableError(ProblemError):
    """No answer that could be used came within the time that the user grants."""

    exit_code = 3


class BadTokenError(ProblemError):
    """The token is not, or no longer, valid."""

    exit_code = 4


class NotWebnetError(ProblemError):
    """What answers is not webnet, or its schema is not the one that the client was generated from."""

    exit_code = 5

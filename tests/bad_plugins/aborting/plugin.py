"""Raises what is not an Exception wherever it is called, a different one each time."""

from asyncio import CancelledError
from itertools import cycle

from misbehaving import Misbehaving


class Abort(BaseException):
    """Home-made."""


RAISED = cycle([KeyboardInterrupt, GeneratorExit, CancelledError, SystemExit, Abort])


class Plugin(Misbehaving):
    name = "aborting"

    def misbehave(self):
        raise next(RAISED)

"""Ends the process wherever it is called."""

import sys

from misbehaving import Misbehaving


class Plugin(Misbehaving):
    name = "exiting"

    def misbehave(self):
        sys.exit(4)

"""Calls itself without end wherever it is called."""

from misbehaving import Misbehaving


class Plugin(Misbehaving):
    name = "recursing"

    def misbehave(self):
        self.misbehave()

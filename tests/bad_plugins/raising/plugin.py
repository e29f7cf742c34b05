"""Raises wherever it is called."""

from misbehaving import Misbehaving


class Plugin(Misbehaving):
    name = "raising"

    def misbehave(self):
        raise RuntimeError(f"the secret of {self.name}")

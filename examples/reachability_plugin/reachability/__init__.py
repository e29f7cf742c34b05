"""A webnet plugin that tries whether devices answer on a TCP port."""

__version__ = "1.0.0"

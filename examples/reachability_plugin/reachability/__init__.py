"""A webnet plugin that checks whether devices accept connections on a TCP port."""

__version__ = "1.0.0"

"""A webnet plugin that keeps each customer's devices and their interfaces."""

__version__ = "1.0.0"

"""A webnet plugin that puts each customer's devices on a map of its sites."""

__version__ = "1.0.0"

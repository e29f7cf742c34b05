"""A webnet plugin that greets each customer: the smallest one that uses every part of a plugin."""

__version__ = "1.0.0"

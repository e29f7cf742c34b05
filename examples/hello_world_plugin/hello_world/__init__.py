"""A webnet plugin that greets each customer: the smallest one that uses every feature of plugins."""

__version__ = "1.0.0"

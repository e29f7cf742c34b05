"""webnet: a multi-tenant service whose features arrive as plugins."""

__version__ = "0.1.0"

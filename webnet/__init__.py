"""webnet: a multi-tenant GraphQL service that is extended by plugins."""

__version__ = "0.1.0"

"""A plugin whose schema is no good: it calls its mix-in Query."""

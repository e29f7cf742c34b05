"""A plugin whose schema is no good: its field is the host's."""

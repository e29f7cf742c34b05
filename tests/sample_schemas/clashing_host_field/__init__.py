"""A plugin whose schema is no good: the field that it adds is the host's."""

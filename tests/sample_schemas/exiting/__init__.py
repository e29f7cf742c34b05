"""A plugin whose schema is no good: building it ends the process."""

"""A plugin whose schema is no good: its type is another plugin's."""

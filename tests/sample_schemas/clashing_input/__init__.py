"""A plugin whose schema is no good: its input is another plugin's."""

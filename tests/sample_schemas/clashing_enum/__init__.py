"""A plugin whose schema is no good: its enum is another plugin's."""

"""A plugin whose schema is no good: its types lead nowhere."""

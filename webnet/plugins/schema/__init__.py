"""JSON Schema for the settings of plugins. Pure Python, and independent of plugins."""

"""JSON Schema as plugins' settings use it. Pure Python, and knows nothing of plugins."""

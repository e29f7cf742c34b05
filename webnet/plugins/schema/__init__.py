"""JSON Schema as plugins' settings use it. Pure Python, without Django and without plugins."""

"""Makes Django load plugins in isolation, so that a broken one affects only itself."""

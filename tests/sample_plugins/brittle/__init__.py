"""A plugin for tests: brittle, whose field fails."""

"""A plugin for tests: labels."""

"""A plugin for tests: shelf."""

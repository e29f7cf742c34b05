"""A plugin for tests: every text of it is lazily translated, by Django's own catalogues."""

"""Keeps a bad plugin from harming the host when it is imported, checked or migrated, with private names of Django."""

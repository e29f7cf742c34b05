"""Versions of plugins: sync, upgrade, uninstall."""

"""Management commands for plugins and their settings."""

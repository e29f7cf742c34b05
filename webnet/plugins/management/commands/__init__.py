"""The management commands for plugins and their settings."""

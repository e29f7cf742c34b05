"""The management commands for plugins, their settings and the audit log."""

"""The management commands for the audit log."""

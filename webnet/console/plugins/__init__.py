"""Plugins, for the platform and for one customer: lists, one plugin, switching and settings."""

"""Backups of the whole database, and restoring them, while servers run and into a new place."""

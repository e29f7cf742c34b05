"""Asking plugins how they are, and storing their answers."""

"""Layers of settings as they are stored: merged, sealed, edited, validated, and their history."""

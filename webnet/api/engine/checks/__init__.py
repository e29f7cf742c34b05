"""Finds mistakes of authors once the whole schema is built: columns, permissions and rows that do not fit."""

"""Database code that knows no models of webnet: outages, foreign keys, deletion of rows, and letters on SQLite."""

"""Django's backend for SQLite, with lookups of text that give PostgreSQL's answers; Django loads it by `ENGINE`."""

"""Django's backend for PostgreSQL, with connections that watch what plugins' code does with them."""

"""Database code that knows no models of webnet: outages, foreign keys, deleting rows with all that refers to them."""

"""The schema with all plugins at once, which clients are built with, and their documents checked against it."""

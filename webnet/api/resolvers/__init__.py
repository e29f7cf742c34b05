"""Which rows and values a field shows to this viewer."""

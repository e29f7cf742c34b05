"""Whether a plugin is effective for a customer now: the rule in Python and in SQL, its cache, and permissions."""

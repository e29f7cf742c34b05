"""How fields are executed: prepared once for all objects, called directly where nothing is in between, and confined."""

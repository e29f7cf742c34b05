"""Management commands to serve webnet, and to create and check plugins."""

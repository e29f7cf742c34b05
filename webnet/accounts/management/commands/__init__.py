"""Management commands for users, customers, members and tokens."""

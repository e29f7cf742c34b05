"""Customers, users, memberships and API tokens: their tables, and who may do what."""

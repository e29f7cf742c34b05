"""The host's domain: users, customers, memberships and roles, and who may do what."""

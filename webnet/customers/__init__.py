"""The host domain: users, customers, who belongs to whom and who may do what."""

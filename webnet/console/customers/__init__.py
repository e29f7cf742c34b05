"""Customers and people: a customer's members, permissions and tokens, and the platform's customers and users."""

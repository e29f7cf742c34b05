"""Accounts: authentication, sign-in, API tokens, users, customers and members. Every change is audited."""

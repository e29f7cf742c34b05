"""The audited writer of identity: sign-in, tokens, users, customers and members."""

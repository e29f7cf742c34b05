"""A plugin whose schema is no good: only the GraphQL names clash."""

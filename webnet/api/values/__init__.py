"""Small GraphQL value types that resolvers build."""

"""Small GraphQL types without resolvers of their own, which other resolvers create."""

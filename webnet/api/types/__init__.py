"""The host's GraphQL types that have resolvers, a module for each noun."""

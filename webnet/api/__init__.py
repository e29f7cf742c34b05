"""The GraphQL API: one schema at `/graphql/`, and each customer's view of it at `/graphql/<customer>/`."""

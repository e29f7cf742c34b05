"""From Django's request to its response, around the execution of one GraphQL operation."""

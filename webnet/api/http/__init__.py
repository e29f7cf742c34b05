"""From Django's request to its response: reads a GraphQL request, executes it and encodes the result."""

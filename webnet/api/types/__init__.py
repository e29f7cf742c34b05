"""The GraphQL types of the host, one noun a file; their descriptions are the specification."""

"""Reads an HTTP request, runs one GraphQL operation, and writes the response."""

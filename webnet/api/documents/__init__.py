"""Documents that operators trust applications with: read from a file, stored, and found by their ids."""

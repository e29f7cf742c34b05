"""A customer's dashboard, and plugins' own pages in the same frame."""

"""Commands of the writer of identity."""

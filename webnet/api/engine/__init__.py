"""The schema machinery: what plugins contribute, one view's schema derived from the full one, isolation, limits."""

"""Who asks, in which view, and what was already read for this request."""

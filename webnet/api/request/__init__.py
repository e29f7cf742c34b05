"""Who asks, in which view, and what was read for this request already."""

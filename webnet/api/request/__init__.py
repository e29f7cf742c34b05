"""The context of a request: the viewer, the view, and what was read already."""

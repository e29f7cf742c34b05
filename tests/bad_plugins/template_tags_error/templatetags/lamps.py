"""Tags of templates, which can't be imported."""

raise ValueError("no tags")

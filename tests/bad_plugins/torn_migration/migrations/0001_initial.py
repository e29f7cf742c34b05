"""Can't be read."""

raise KeyError("Lamp")

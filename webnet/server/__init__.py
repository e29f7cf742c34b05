"""How webnet is started and served: the split of streams, the `run` command, the two health addresses."""

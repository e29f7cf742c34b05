"""How webnet is started and served: the environment, `run` and `serve`, streams beside requests, health addresses."""

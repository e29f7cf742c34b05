"""The mutations of the host: each hands its input to the writer and wraps what came of it."""

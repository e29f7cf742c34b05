"""The mutations of the host: each passes its input to the manager or to `accounts`, and wraps the result."""

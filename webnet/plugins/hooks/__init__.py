"""Plugins' hooks (`on_*` inside the transaction of a change, `after_*` after it), and receivers of signals."""

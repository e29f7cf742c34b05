"""Plugins' hooks: `on_*` inside the transaction of a change, `after_*` after it, by way of an outbox."""

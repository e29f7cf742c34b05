"""What this plugin does: it greets."""

from __future__ import annotations

from webnet.plugins.base import HookContext


def make_greeting(context: HookContext, *, to: str = "") -> str:
    """ "Hello, Acme!" in the customer's words: to that somebody, or else to the customer."""
    name = to or getattr(context.customer, "name", "world")
    return f"{context.settings['greeting']}, {name}{context.settings['punctuation']}"

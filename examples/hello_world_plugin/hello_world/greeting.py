"""Composes the greeting."""

from __future__ import annotations

from webnet.plugins.base import HookContext


def make_greeting(context: HookContext, *, to: str = "") -> str:
    """The greeting with the customer's settings, such as "Hello, Acme!"; `to` replaces the customer's name."""
    name = to or getattr(context.customer, "name", "world")
    return f"{context.settings['greeting']}, {name}{context.settings['punctuation']}"

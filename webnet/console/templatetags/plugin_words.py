"""`{% load plugin_words %}`: how states of plugins are coloured, and what was done to them."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise

from webnet.console.plugins.words import ACTIONS, KINDS, QUIET

register = template.Library()


@register.filter
def kind(value: str) -> str:
    """The kind of a status, an availability or a result of a health check, for `webnet/parts/status.html`."""
    return KINDS.get(value, QUIET)


@register.filter
def action_word(value: str) -> str | Promise:
    """What an action of the audit log did."""
    return ACTIONS.get(value, f"{value.replace('_', ' ').capitalize()}:")

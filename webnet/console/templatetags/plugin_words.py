"""`{% load plugin_words %}`: enums of the schema about plugins, in words."""

from __future__ import annotations

from django import template
from django.utils.functional import Promise

from webnet.console.plugins.words import ACTIONS, EVERY_WORD, QUIET

register = template.Library()


@register.filter
def word(value: str) -> str | Promise:
    """The word for a status, an availability or a result of a health check."""
    return EVERY_WORD[value][1] if value in EVERY_WORD else value


@register.filter
def kind(value: str) -> str:
    """How it is coloured."""
    return EVERY_WORD[value][0] if value in EVERY_WORD else QUIET


@register.filter
def action_word(value: str) -> str | Promise:
    """What an action of the audit log did."""
    return ACTIONS.get(value, value.replace("_", " ").capitalize())

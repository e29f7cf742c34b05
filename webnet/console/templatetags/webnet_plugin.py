"""`{% load webnet_plugin %}`: what the pages of one plugin have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from webnet.console.plugins.tabs import TabLink, find_address, list_tabs

register = template.Library()


@register.simple_tag(takes_context=True)
def plugin_tabs(context: Mapping[str, Any]) -> list[TabLink]:
    """The tabs of the plugin in the page's address."""
    request = context["request"]
    return list_tabs(request.frame, request.resolver_match.kwargs["plugin"], request.path)


@register.simple_tag(takes_context=True)
def plugin_address(context: Mapping[str, Any], plugin: str, page: str = "") -> str:
    """The address of a page of a plugin, beside the page that is shown; empty without such a page."""
    return find_address(context["request"].frame, plugin, page)

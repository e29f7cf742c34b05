"""Finds the page of a plugin by its address: the declared paths are matched like Django's URL patterns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from django.urls import URLPattern, path

from webnet.containment import LoadFailure, attempt
from webnet.errors import PluginDefinitionError
from webnet.plugins.base import UIView
from webnet.plugins.kernel.manifest import Manifest
from webnet.plugins.registry import PluginRegistry, registry
from webnet.sentences import sentence


@dataclass(frozen=True, kw_only=True)
class PageMatch:
    """A page, and the arguments that its path's converters read from the address."""

    page: UIView
    arguments: Mapping[str, Any]


def find_page(plugin: str, address: str) -> PageMatch | None:
    """The first page whose path matches, in the order of their declaration."""
    manifest = registry.find_manifest(plugin)
    for page in manifest.ui_views if manifest is not None else ():
        match = _pattern(page).resolve(address)
        if match is not None:
            return PageMatch(page=page, arguments=match.kwargs)
    return None


def set_aside_unmountable(plugins: PluginRegistry) -> None:
    """Set aside every plugin with a page that can't be mounted, or a navigation item that leads to no page."""
    for entry in plugins.loaded():
        checked = attempt(
            partial(_check, entry.manifest), doing=sentence("Mounting the pages of '{plugin}'", plugin=entry.name)
        )
        if isinstance(checked, LoadFailure):
            plugins.set_aside(entry.name, checked)


def _check(manifest: Manifest | None) -> None:
    if manifest is None:
        return
    patterns = [_pattern(page) for page in manifest.ui_views]
    for pattern in patterns:
        pattern.resolve("")  # Django compiles a path on first use, which raises for an invalid one
    for item in manifest.navigation_items:
        address = item.url.partition("?")[0].partition("#")[0]
        if not item.is_absolute and all(pattern.resolve(address) is None for pattern in patterns):
            raise PluginDefinitionError(
                f"Plugin '{manifest.name}', get_navigation_items(): '{item.label}' leads to '{item.url}', which is not "
                "a page of the plugin: declare it in get_ui_views()."
            )


@lru_cache(maxsize=4096)
def _pattern(page: UIView) -> URLPattern:
    return path(page.path, page.view, name=page.name)

"""The addresses of pages, each found once by its name: a page has dozens, and Django looks for each anew."""

from __future__ import annotations

from functools import lru_cache

from django.urls import get_script_prefix, reverse

# As many as the menus and the switchers of a few hundred customers have.
KNOWN_ADDRESSES = 4_000


def find_url(route: str, **arguments: str) -> str:
    """What `reverse` finds under this name."""
    return _find(get_script_prefix(), route, tuple(arguments.items()))


@lru_cache(maxsize=KNOWN_ADDRESSES)
def _find(prefix: str, route: str, arguments: tuple[tuple[str, str], ...]) -> str:  # noqa: ARG001 - `reverse` reads it
    return reverse(route, kwargs=dict(arguments))

"""Static files: where they are served, and their addresses below the path that a request is served under."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.urls import get_script_prefix
from django.utils.decorators import sync_and_async_middleware
from whitenoise.middleware import WhiteNoiseMiddleware


@sync_and_async_middleware
def serve_static_files(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """WhiteNoise, but not where event streams are served, which have no files.

    It can't be awaited, so Django would run it, and with it all that it passes a request on to, on one thread that all
    streams share: each would wait until the one before it has begun.
    """
    return get_response if iscoroutinefunction(get_response) else WhiteNoiseMiddleware(get_response)


class PrefixedStaticFiles(StaticFilesStorage):
    """Adds the prefix to each address. Django adds it to STATIC_URL too, but keeps that of the first request."""

    def url(self, name: str | None) -> str:
        return get_script_prefix() + super().url(name).removeprefix("/")

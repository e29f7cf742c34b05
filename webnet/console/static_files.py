"""The addresses of static files, below the path that a request says webnet is served under."""

from __future__ import annotations

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.urls import get_script_prefix


class PrefixedStaticFiles(StaticFilesStorage):
    """Adds the prefix to each address. Django adds it to STATIC_URL too, but keeps that of the first request."""

    def url(self, name: str | None) -> str:
        return get_script_prefix() + super().url(name).removeprefix("/")

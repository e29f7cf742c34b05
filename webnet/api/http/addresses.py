"""Tells the addresses of the API from all others."""

from __future__ import annotations

GRAPHQL_PATH = "/graphql"


def is_graphql_path(path: str) -> bool:
    """Whether the path, below the one that webnet is served under, is the API's, with or without a slash at its end."""
    return path == GRAPHQL_PATH or path.startswith(f"{GRAPHQL_PATH}/")

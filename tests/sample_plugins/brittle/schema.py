"""A field that always fails."""

from __future__ import annotations

from webnet.sdk import graphql


@graphql.type
class BrittleQueries:
    @graphql.field
    def brittle(self) -> str | None:
        raise ValueError("it has broken")

"""Assembles the one full schema, once per process; what one customer sees is derived from it, never built again."""

from __future__ import annotations

import hashlib
from functools import cache

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from webnet.api.directives import BroughtByPlugin
from webnet.api.guards import SignedInOnly, SignedInOrRefused, close
from webnet.api.limits import EXTENSIONS
from webnet.api.mutations.root import Mutation
from webnet.api.queries import Query
from webnet.api.refusals import REFUSALS, RefusalHandler
from webnet.api.types.scalars import SCALARS

FINGERPRINT_LENGTH = 16


class Schema(strawberry.Schema):
    """Strawberry's schema; errors are logged by `errors`, without the document, which may hold secrets."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here."""


@cache
def full_schema() -> Schema:
    """The host's schema with everything that the loaded plugins add to it."""
    close(Query, SignedInOnly)
    close(Mutation, SignedInOrRefused)
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[BroughtByPlugin, *(shown for _, shown, _ in REFUSALS)],
        extensions=EXTENSIONS,
        config=StrawberryConfig(scalar_map=SCALARS),
        exception_handlers=[RefusalHandler(raised, shown) for raised, shown, _ in REFUSALS],
    )


def export_sdl(schema: Schema) -> str:
    """The schema's SDL, as `schema.graphql` has it."""
    return schema.as_str().rstrip() + "\n"


@cache
def fingerprint(schema: Schema) -> str:
    """A short name of what the schema says, for the header `Webnet-Schema`."""
    return hashlib.sha256(export_sdl(schema).encode()).hexdigest()[:FINGERPRINT_LENGTH]

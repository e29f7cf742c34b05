"""Refers to a type that does not exist."""

from __future__ import annotations

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.type
class Fields:
    @strawberry.field
    def lost(self) -> Nowhere:  # noqa: F821 - the fault
        return None


class Plugin(PluginBase):
    name = "unbuildable"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        return GraphQLExtension(query=Fields)

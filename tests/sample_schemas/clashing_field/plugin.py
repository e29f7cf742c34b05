"""Adds a root field that the host has."""

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


class Plugin(PluginBase):
    name = "clashing_field"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        @strawberry.type
        class Fields:
            @strawberry.field(name="auditTrail")
            def audit_trail(self) -> int:
                return 1

            @strawberry.field
            def current_customer(self) -> int:
                return 1

        return GraphQLExtension(query=Fields)

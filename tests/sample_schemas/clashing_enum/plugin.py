"""Brings an enum that the shelf has."""

from enum import Enum

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


@strawberry.enum
class Material(Enum):
    WOOL = "wool"


@strawberry.type
class Fields:
    @strawberry.field
    def best_material(self) -> Material:
        return Material.WOOL


class Plugin(PluginBase):
    name = "clashing_enum"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        return GraphQLExtension(query=Fields)

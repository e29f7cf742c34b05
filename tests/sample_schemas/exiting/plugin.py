"""Ends the process when its type is looked at."""

import os

import strawberry
from strawberry.annotation import StrawberryAnnotation

from webnet.plugins.base import GraphQLExtension, PluginBase


class Ending(StrawberryAnnotation):
    def resolve(self, **_: object) -> object:
        os._exit(3)


@strawberry.type
class Fields:
    fine: int = 1


class Plugin(PluginBase):
    name = "exiting"
    version = "1.0"

    def get_graphql_schema(self) -> GraphQLExtension:
        Fields.__strawberry_definition__.fields[0].type_annotation = Ending(int)
        return GraphQLExtension(query=Fields)

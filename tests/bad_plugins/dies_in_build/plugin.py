"""Ends the process that builds its types, so that nothing of that process is left to say so."""

import os

import strawberry
from strawberry.annotation import StrawberryAnnotation

from webnet.plugins.base import GraphQLExtension, PluginBase


class Grave(StrawberryAnnotation):
    def resolve(self, **_):
        os._exit(9)


@strawberry.type
class Fields:
    graves: int = 1


class Plugin(PluginBase):
    name = "dies_in_build"
    version = "1.0"

    def get_graphql_schema(self):
        Fields.__strawberry_definition__.fields[0].type_annotation = Grave(int)
        return GraphQLExtension(query=Fields)

"""Has a type that Strawberry never comes to the end of."""

import strawberry
from strawberry.annotation import StrawberryAnnotation

from webnet.plugins.base import GraphQLExtension, PluginBase


class Stairs(StrawberryAnnotation):
    def resolve(self, **_):
        return self.climb()

    # Takes no `**_` itself: Python 3.13.0 would forget its recursion limit there (python/cpython#132744).
    def climb(self):
        return self.climb()


@strawberry.type
class Fields:
    steps: int = 1


class Plugin(PluginBase):
    name = "endless_build"
    version = "1.0"

    def get_graphql_schema(self):
        Fields.__strawberry_definition__.fields[0].type_annotation = Stairs(int)
        return GraphQLExtension(query=Fields)

"""Has an argument whose default can't be told in the schema."""

from typing import NewType

import strawberry

from webnet.plugins.base import GraphQLExtension, PluginBase


def show(value):
    raise ValueError("no such colour")


Colour = strawberry.scalar(NewType("Colour", object), serialize=show, parse_value=str)


@strawberry.type(name="UnprintableQueries")
class Queries:
    @strawberry.field
    def paint(self, colour: Colour = 7) -> str:
        return "painted"


class Plugin(PluginBase):
    name = "unprintable_default"
    version = "1.0"

    def get_graphql_schema(self):
        return GraphQLExtension(query=Queries)

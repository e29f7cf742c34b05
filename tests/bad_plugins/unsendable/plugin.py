"""Answers with what is no JSON, in a scalar of the host's and in one of its own."""

from typing import NewType

import strawberry
from strawberry.scalars import JSON

from webnet.plugins.base import GraphQLExtension, PluginBase

Colour = strawberry.scalar(NewType("UnsendableColour", object), serialize=lambda value: value)


@strawberry.type(name="UnsendableQueries")
class Queries:
    @strawberry.field
    def unsendable_answer(self) -> JSON | None:
        return {"lamp": object()}

    @strawberry.field
    def unsendable_scalar(self) -> Colour | None:
        return {"red", "green"}

    @strawberry.field
    def unsendable_sound(self) -> str:
        return "sound"


class Plugin(PluginBase):
    name = "unsendable"
    version = "1.0"

    def get_graphql_schema(self):
        return GraphQLExtension(query=Queries)

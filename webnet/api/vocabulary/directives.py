"""Directives of the exported SDL, and those of documents."""

from __future__ import annotations

import strawberry
from graphql import DirectiveLocation, GraphQLArgument, GraphQLDirective, GraphQLNonNull, GraphQLString
from strawberry.schema_directive import Location

IF_PLUGIN = "ifPlugin"


@strawberry.schema_directive(
    name="plugin",
    locations=[
        Location.SCALAR,
        Location.OBJECT,
        Location.FIELD_DEFINITION,
        Location.INTERFACE,
        Location.UNION,
        Location.ENUM,
        Location.INPUT_OBJECT,
    ],
    description=(
        "In the exported SDL: the plugin that defines this element. Elements without it belong to the host, and always "
        "exist."
    ),
)
class BroughtByPlugin:
    name: str


# One of graphql-core: Strawberry's can't be repeated, and would call a hook for each field that is resolved.
if_plugin_directive = GraphQLDirective(
    name=IF_PLUGIN,
    locations=[
        DirectiveLocation.FIELD,
        DirectiveLocation.FRAGMENT_DEFINITION,
        DirectiveLocation.FRAGMENT_SPREAD,
        DirectiveLocation.INLINE_FRAGMENT,
    ],
    args={
        "name": GraphQLArgument(
            GraphQLNonNull(GraphQLString),
            description="The name of the plugin, as a literal: a variable is refused.",
        )
    },
    is_repeatable=True,
    description=(
        "This part needs a plugin; repeated, all of them. Unless the plugin is effective for the viewer, the part is "
        "parsed only: whatever it selects is null under its key, and fragments and variables that only it uses go "
        "with it. So one document serves customers with the plugin and without."
    ),
)

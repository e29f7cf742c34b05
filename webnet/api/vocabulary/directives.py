"""Directives of the exported SDL."""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location


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

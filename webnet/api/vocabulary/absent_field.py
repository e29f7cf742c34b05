"""A field of a document that stands for one which was taken out; nothing here knows webnet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import FieldNode


class AbsentField(FieldNode):
    """A field in a document that is answered with null, whatever the type; one with the same key takes precedence.

    Its name is `__typename`, which whoever looks at selections knows, and its alias the key.
    """


# By it, a visitor knows what to visit of a node; graphql-core derives it from the name of the class.
AbsentField.kind = FieldNode.kind


def prefer_present(fields: Mapping[str, list[Any]]) -> None:
    """Drop the absent ones of the fields that were collected under one key, if there are others."""
    for details in fields.values():
        if len(details) > 1:
            present = [each for each in details if not isinstance(each.node, AbsentField)]
            details[:] = present or details[:1]

"""Adds labels to another plugin's type."""

from __future__ import annotations

from shelf.schema import Shelf

from labels import models
from webnet.sdk import graphql


@graphql.type(models.Label)
class Label:
    """A label on a shelf."""

    text: str
    shelf: Shelf


@graphql.extend(Shelf)
class ShelfFields:
    labels: list[Label]


@graphql.type
class LabelQueries:
    @graphql.field
    def label_count(self, info: graphql.Info) -> int:
        return info.context.rows(models.Label).count()

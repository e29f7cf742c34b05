"""Adds labels to another plugin's type."""

from __future__ import annotations

import strawberry
import strawberry_django
from shelf.models import Shelf

from labels import models


@strawberry_django.type(models.Label)
class Label:
    text: str


@strawberry_django.type(Shelf, name="ShelfLabels")
class ShelfFields:
    labels: list[Label]


@strawberry.type
class LabelQueries:
    @strawberry.field
    def label_count(self) -> int:
        return models.Label.objects.count()

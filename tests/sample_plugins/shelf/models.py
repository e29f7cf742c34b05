"""Shelves and the books on them."""

from django.db import models

from webnet.sdk.models import CustomerOwnedModel, GlobalModel


class Genre(GlobalModel):
    """Everybody's."""

    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class Shelf(CustomerOwnedModel):
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Book(CustomerOwnedModel):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="books")
    title = models.CharField(max_length=50)
    genre = models.ForeignKey(Genre, on_delete=models.SET_NULL, null=True, related_name="books")
    pages = models.PositiveIntegerField(default=100)

    def __str__(self) -> str:
        return self.title

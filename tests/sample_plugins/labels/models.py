"""Labels on shelves."""

from django.db import models
from shelf.models import Shelf

from webnet.sdk.models import CustomerOwnedModel


class Label(CustomerOwnedModel):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="labels")
    text = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.text

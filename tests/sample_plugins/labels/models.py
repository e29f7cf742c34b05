"""Labels on books."""

from django.db import models
from shelf.models import Shelf


class Label(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE, related_name="labels")
    text = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.text

"""A model that Django's checks refuse."""

from django.db import models

from webnet.sdk.models import GlobalModel


class Lamp(GlobalModel):
    name = models.CharField(max_length=50)
    title = models.CharField(max_length="long")

    def __str__(self):
        return self.name

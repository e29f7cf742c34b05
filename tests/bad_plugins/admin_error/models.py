"""A lamp."""

from django.db import models

from webnet.sdk.models import GlobalModel


class Lamp(GlobalModel):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name

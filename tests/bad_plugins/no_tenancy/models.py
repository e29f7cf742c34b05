"""A model that does not say whose its rows are."""

from django.db import models


class Secret(models.Model):
    text = models.TextField()

    def __str__(self):
        return self.text

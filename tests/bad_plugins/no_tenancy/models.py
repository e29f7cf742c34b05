"""A model that does not declare who owns its rows."""

from django.db import models


class Secret(models.Model):
    text = models.TextField()

    def __str__(self):
        return self.text

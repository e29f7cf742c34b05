"""One model that is made, and then none more."""

from django.db import models

from webnet.sdk.models import CustomerOwnedModel


class Lamp(CustomerOwnedModel):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Bulb(CustomerOwnedModel):
    lamp = models.ForeignKey(Lamp, on_delete=models.CASCADE)
    watts = models.IntegerField(default=1 / 0)

    def __str__(self):
        return str(self.watts)

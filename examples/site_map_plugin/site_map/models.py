"""Sites, and which device is at which; rows of one customer each."""

from __future__ import annotations

from device_inventory.models import Device, one_line
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from webnet.sdk.models import CustomerOwnedModel


class Site(CustomerOwnedModel):
    """A place on earth, in degrees; its name is unique for its customer."""

    name = models.CharField(max_length=100, validators=[one_line])
    latitude = models.FloatField(validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(validators=[MinValueValidator(-180), MaxValueValidator(180)])

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "name"], name="site_map_unique_name"),)

    def __str__(self) -> str:
        return self.name


class Placement(CustomerOwnedModel):
    """Which site a device is at: a row beside the other plugin's, whose tables are not ours to change."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="placement")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="placements")

    def __str__(self) -> str:
        return f"{self.device_id} at {self.site_id}"

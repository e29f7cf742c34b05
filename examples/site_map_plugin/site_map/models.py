"""Sites, and the devices at them; each row belongs to one customer."""

from __future__ import annotations

from device_inventory.models import Device, one_line
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from webnet.sdk.models import CustomerOwnedModel


class Site(CustomerOwnedModel):
    """A site with its coordinates in degrees; its name is unique per customer."""

    name = models.CharField(max_length=100, validators=[one_line])
    latitude = models.FloatField(validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(validators=[MinValueValidator(-180), MaxValueValidator(180)])

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "name"], name="site_map_unique_name"),)

    def __str__(self) -> str:
        return self.name


class Placement(CustomerOwnedModel):
    """The site of a device: a table of its own, since a plugin can't change the tables of another one."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="placement")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="placements")

    def __str__(self) -> str:
        return f"{self.device_id} at {self.site_id}"

"""Devices and their interfaces; each row belongs to one customer."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models

from webnet.sdk.models import CustomerOwnedModel

# No control characters, so that a name is one line in tables, logs and CSV files.
one_line = RegexValidator(r"\A[^\x00-\x1f\x7f]*\Z", "Write one line of text, without control characters.")
host_name = RegexValidator(r"\A[A-Za-z0-9._:-]*\Z", "Write a host name or an IP address.")


class DeviceStatus(models.TextChoices):
    """The state of a device in its life cycle.

    Attributes:
        PLANNED: It is not there yet.
        ACTIVE: It is in use.
        OFFLINE: It is out of order for a while.
        RETIRED: It is not used any more.
    """

    PLANNED = "planned"
    ACTIVE = "active"
    OFFLINE = "offline"
    RETIRED = "retired"


class Device(CustomerOwnedModel):
    """A device; its name is unique per customer."""

    name = models.CharField(max_length=100, validators=[one_line])
    host = models.CharField(max_length=253, blank=True, validators=[host_name])
    status = models.CharField(max_length=10, choices=DeviceStatus, default=DeviceStatus.ACTIVE)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "name"], name="device_inventory_unique_name"),)
        indexes = (models.Index(fields=["customer", "status", "name"], name="device_inventory_by_status"),)

    def __str__(self) -> str:
        return self.name


class Interface(CustomerOwnedModel):
    """An interface of a device; its name is unique per device."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="interfaces")
    name = models.CharField(max_length=50, validators=[one_line])
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device", "name"], name="device_inventory_unique_interface"),)

    def __str__(self) -> str:
        return self.name

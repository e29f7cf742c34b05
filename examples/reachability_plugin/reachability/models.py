"""The result of each device's last check."""

from __future__ import annotations

from device_inventory.models import Device
from django.db import models

from webnet.sdk.models import CustomerOwnedModel


class Outcome(models.TextChoices):
    """The outcome of a check.

    Attributes:
        REACHABLE: It accepted a connection, and answered the health check if there is one.
        REFUSED: It refused the connection.
        TIMED_OUT: It did not answer in time.
        UNKNOWN_HOST: Its host name is not known.
        UNREACHABLE: There is no way to it.
        UNTRUSTED: Its certificate can't be verified.
        UNAUTHORIZED: It does not accept the token, or wants one.
        UNHEALTHY: Its health check answered with an error.
        BLOCKED: The platform does not allow connections to its address.
        NOT_CHECKED: There was no time left to check it.
    """

    REACHABLE = "reachable"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNKNOWN_HOST = "unknown_host"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    UNAUTHORIZED = "unauthorized"
    UNHEALTHY = "unhealthy"
    BLOCKED = "blocked"
    NOT_CHECKED = "not_checked"


class Check(CustomerOwnedModel):
    """The last check of a device; a device that was never checked has no row."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="reachability")
    outcome = models.CharField(max_length=20, choices=Outcome)
    latency_milliseconds = models.FloatField(null=True)
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.device_id}: {self.outcome}"

"""A row with a column of every kind that Django has on both databases."""

from django.db import models

from webnet.sdk.models import CustomerOwnedModel


class Gauge(CustomerOwnedModel):
    title = models.CharField(max_length=20, unique=True, null=True)  # noqa: DJ001 - texts without a value are ordered, too
    note = models.TextField(default="")
    octets = models.BigIntegerField(default=0)
    limit = models.PositiveBigIntegerField(default=0)
    count = models.IntegerField(default=0)
    small = models.PositiveSmallIntegerField(default=0)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    ratio = models.FloatField(null=True)
    is_open = models.BooleanField(default=False)
    is_good = models.BooleanField(null=True)
    day = models.DateField(null=True)
    moment = models.DateTimeField(null=True)
    hour = models.TimeField(null=True)
    span = models.DurationField(null=True)
    key = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    raw = models.BinaryField(null=True)
    document = models.FileField(blank=True)
    data = models.JSONField(default=dict)
    twice = models.GeneratedField(
        expression=models.F("price") * 2,
        output_field=models.DecimalField(max_digits=14, decimal_places=2),
        db_persist=True,
    )

    def __str__(self) -> str:
        return self.title or ""

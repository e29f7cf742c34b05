"""What is stored of the audit log, and the generations that every audited change renews.

Django finds models only in an app's `models.py`, so `webnet.plugins.models` imports these, and they belong to that app:
their tables and migrations stay where they have always been.
"""

from __future__ import annotations

import secrets
from functools import partial

from django.db import models
from django.db.models.functions import Coalesce

from webnet.customers.models import Customer
from webnet.values.json_text import JsonTextField
from webnet.values.row_models import RowModel

# Creates a random name for one state of the rows; it is never reused, so caches keyed by it are never stale.
new_token = partial(secrets.token_hex, 16)


class AuditOutcome(models.TextChoices):
    """How an operation ended.

    Attributes:
        SUCCEEDED: It was done.
        REFUSED: It was not done, for the reason in the error code.
        FAILED: It was not done, since something went wrong.
    """

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"


class Generation(RowModel):
    """The state's number and random name, for the platform (no customer) or one customer.

    Every change renews it in its own transaction; whatever is derived from the rows is cached under `token`.
    A bare number is not enough: after a rollback or a restored backup it comes back with other content.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, null=True, related_name="generation")
    counter = models.PositiveBigIntegerField(default=0)
    token = models.CharField(max_length=32, default=new_token)

    class Meta:
        app_label = "plugins"
        constraints = (models.UniqueConstraint(Coalesce("customer", 0), name="one_generation_each"),)

    def __str__(self) -> str:
        return f"{self.customer_id or 'platform'} #{self.counter}"


class PluginAuditLog(RowModel):
    """One operation, also a refused or failed one. Append-only, by triggers; it has ids and names, no foreign keys.

    `position` is platform-wide and in commit order, `sequence` counts without gaps within `chain` (a customer's
    id, or "platform"). `created_at` never runs backwards, for look-ups; `machine_time` is what the clock of the
    machine that wrote the row said. `text` is what was hashed: `hash = sha256(previous hash + text)`.
    """

    position = models.PositiveBigIntegerField(primary_key=True)
    chain = models.CharField(max_length=20)
    sequence = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    machine_time = models.DateTimeField(null=True)  # Rows of older versions have none, neither here nor in their text.
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    role = models.CharField(max_length=10, blank=True)
    customer_id = models.BigIntegerField(null=True)
    customer_slug = models.CharField(max_length=50, blank=True)
    plugin_name = models.CharField(max_length=100, blank=True)
    plugin_version = models.CharField(max_length=50, blank=True)
    action = models.CharField(max_length=50)
    outcome = models.CharField(max_length=10, choices=AuditOutcome.choices)
    error_code = models.CharField(max_length=50, blank=True)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    ip_address = models.GenericIPAddressField(null=True)
    before = JsonTextField(null=True)
    after = JsonTextField(null=True)
    text = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        app_label = "plugins"
        ordering = ("-position",)
        constraints = (models.UniqueConstraint(fields=["chain", "sequence"], name="no_gap_in_a_chain"),)
        indexes = (
            models.Index(fields=["customer_id", "-position"], name="audit_by_customer"),
            models.Index(fields=["plugin_name", "-position"], name="audit_by_plugin"),
            models.Index(fields=["actor_name", "-position"], name="audit_by_actor"),
            models.Index(fields=["action", "-position"], name="audit_by_action"),
            models.Index(fields=["outcome", "-position"], name="audit_by_outcome"),
            models.Index(fields=["error_code", "-position"], name="audit_by_error_code"),
            models.Index(fields=["request_id", "-position"], name="audit_by_request"),
            models.Index(fields=["created_at", "position"], name="audit_by_time"),
            # By the chain, since PostgreSQL does not take rows with a NULL customer to be in the order of the next
            # column. Health checks are no changes, and there are very many of them. By `position + 0`, an order that no
            # other index has: PostgreSQL would look for a plugin's last change along another index where it takes the
            # plugin's changes to be frequent, and read the whole log for a plugin without any.
            models.Index(
                "chain",
                "plugin_name",
                (models.F("position") + 0).desc(),
                name="audit_changes_of_plugin",
                condition=models.Q(outcome=AuditOutcome.SUCCEEDED) & ~models.Q(action="check_plugin_health"),
            ),
        )

    def __str__(self) -> str:
        return f"#{self.position} {self.action}: {self.outcome}"


class AuditHead(RowModel):
    """The end of a chain; `chain` "*" holds the platform-wide position and time. Locked last, "*" first."""

    chain = models.CharField(max_length=20, primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "plugins"

    def __str__(self) -> str:
        return f"{self.chain} #{self.sequence}"


class AuditCheckpoint(models.Model):
    """The signed ends of the chains at `position`. Append-only, by triggers; `text` is what was signed, as JSON."""

    number = models.PositiveBigIntegerField(primary_key=True)
    position = models.PositiveBigIntegerField()
    text = models.TextField()
    signature = models.CharField(max_length=128)

    class Meta:
        app_label = "plugins"
        ordering = ("number",)

    def __str__(self) -> str:
        return f"#{self.number} at {self.position}"


class RefusalCount(models.Model):
    """Equal refusals of one actor or address in one minute, without the first, which is in the log already.

    `minute` counts from 1970; `columns` are those of the audit row with the count, written once the minute is over.
    """

    minute = models.PositiveBigIntegerField()
    key = models.CharField(max_length=64)
    count = models.PositiveBigIntegerField(default=0)
    columns = models.TextField()

    class Meta:
        app_label = "plugins"
        constraints = (models.UniqueConstraint(fields=["minute", "key"], name="one_count_per_minute"),)

    def __str__(self) -> str:
        return f"{self.count} in minute {self.minute}"

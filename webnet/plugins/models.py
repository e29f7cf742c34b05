"""What is stored of plugins: their state, each customer's choice, health, generations and the audit log."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from webnet.customers.models import Customer
from webnet.plugins.owed_call import OwedCall
from webnet.plugins.pausable import Pausable
from webnet.plugins.tenancy import CustomerOwnedModel, GlobalModel

# Whose a plugin's rows are is said by these two, which are models as well.
OWNED_MODELS = (CustomerOwnedModel, GlobalModel)
# Models with files of their own, since this one is long; Django finds them here.
MORE_MODELS = (OwedCall,)


def new_token() -> str:
    """A random name for one state of the rows; never given twice, so that caches keyed by it are never stale."""
    return secrets.token_hex(16)


class PluginStatus(models.TextChoices):
    """Whether the plugin's code can run here."""

    LOADED = "loaded"
    FAILED = "failed"
    INCOMPATIBLE = "incompatible"
    NEEDS_MIGRATION = "needs_migration"
    MISSING = "missing"
    PAUSED = "paused"


class Availability(models.TextChoices):
    """What the operator lets customers do."""

    WITHHELD = "withheld"
    OFFERED = "offered"
    DEFAULT_ON = "default_on"
    REQUIRED = "required"


class HealthStatus(models.TextChoices):
    """What a health check found; UNKNOWN when it gave no usable answer."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


class AuditOutcome(models.TextChoices):
    """How an operation ended."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"


class SettingsLayer(models.Model):
    """One layer of a plugin's settings; secrets lie sealed beside the plain values, by JSON Pointer.

    `secrets` is `{pointer: {"sealed": text, "updated_at": RFC 3339}}`; `settings` never holds a secret.
    `settings_fault` says why the settings merged up to this layer can't be used, and is empty while they can; a
    customer's layer that overrides nothing has none of its own, and the global one's counts.
    """

    settings = models.JSONField(default=dict)
    secrets = models.JSONField(default=dict)
    settings_revision = models.PositiveIntegerField(default=0)
    settings_fault = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def overrides(self) -> bool:
        """Whether this layer sets anything."""
        return bool(self.settings or self.secrets)


# What `SettingsLayer.overrides` says, in SQL.
OVERRIDES = ~models.Q(settings={}, secrets={})


class PluginConfig(Pausable, SettingsLayer):
    """One plugin that was ever synced, as the last sync saw it, and what the operator decided about it."""

    name = models.CharField(max_length=100, unique=True)
    verbose_name = models.CharField(max_length=200)
    version = models.CharField(max_length=50, null=True)  # noqa: DJ001 - null: never loaded, unlike an empty version
    author = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    homepage = models.CharField(max_length=500, blank=True)
    dependencies = models.JSONField(default=list, help_text="[{name, specifier}], direct ones.")
    status = models.CharField(max_length=20, choices=PluginStatus.choices)
    status_reason = models.TextField(blank=True)
    status_traceback = models.TextField(blank=True, help_text="Where it was raised, for platform operators.")
    enabled = models.BooleanField(default=False)
    availability = models.CharField(max_length=10, choices=Availability.choices, default=Availability.OFFERED)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    synced_at = models.DateTimeField(default=timezone.now)
    settings_checked = models.CharField(
        max_length=64, blank=True, help_text="Of the version, schema and keys with which all layers were checked last."
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CustomerPluginConfig(Pausable, SettingsLayer):
    """One customer's choice about one plugin, and its own settings; null means: no choice made.

    `permissions` are its own decisions about who may do what, `{permission: {role: bool}}`; see `permissions.py`.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="plugin_configs")
    plugin = models.ForeignKey(PluginConfig, on_delete=models.CASCADE, related_name="customer_configs")
    enabled = models.BooleanField(null=True)
    availability = models.CharField(max_length=10, choices=Availability.choices, blank=True)
    permissions = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "plugin"], name="one_config_per_pair"),)
        # Asked every few seconds for the pauses that are over, of which there are few.
        indexes = (
            models.Index(fields=["paused_until"], condition=models.Q(paused_until__isnull=False), name="paused_pairs"),
        )

    def __str__(self) -> str:
        return f"{self.plugin} for {self.customer}"


class PluginHealth(models.Model):
    """What one health check of a plugin found, for the platform (no customer) or for one customer.

    `is_latest` marks the last one of each pair; of those before it, only so many are kept (`health.KEPT_RESULTS`).
    """

    plugin = models.ForeignKey(PluginConfig, on_delete=models.CASCADE, related_name="health_results")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=HealthStatus.choices)
    message = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    checked_at = models.DateTimeField()
    duration_ms = models.FloatField()
    is_latest = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "plugin", Coalesce("customer", 0), condition=models.Q(is_latest=True), name="one_latest_health_per_pair"
            ),
        )
        indexes = (models.Index(fields=["plugin", "customer", "-id"], name="health_by_pair"),)

    def __str__(self) -> str:
        return f"{self.plugin}: {self.status}"


class Generation(models.Model):
    """The state's number and random name, for the platform (no customer) or one customer.

    Every change renews it in its own transaction; whatever is derived from the rows is cached under `token`.
    A bare number is not enough: after a rollback or a restored backup it comes back with other content.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, null=True, related_name="generation")
    counter = models.PositiveBigIntegerField(default=0)
    token = models.CharField(max_length=32, default=new_token)

    class Meta:
        constraints = (models.UniqueConstraint(Coalesce("customer", 0), name="one_generation_each"),)

    def __str__(self) -> str:
        return f"{self.customer_id or 'platform'} #{self.counter}"


class PluginAuditLog(models.Model):
    """One operation, also a refused or failed one. Append-only, by triggers; ids and names instead of foreign keys.

    `position` is platform-wide and in commit order, `sequence` counts without gaps within `chain` (a customer's
    id, or "platform"), and `created_at` never runs backwards. `text` is what was hashed:
    `hash = sha256(previous hash + text)`.
    """

    position = models.PositiveBigIntegerField(primary_key=True)
    chain = models.CharField(max_length=20)
    sequence = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
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
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    text = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
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
        )

    def __str__(self) -> str:
        return f"#{self.position} {self.action}: {self.outcome}"


class AuditHead(models.Model):
    """The end of a chain; `chain` "*" holds the platform-wide position and time. Locked last, "*" first."""

    chain = models.CharField(max_length=20, primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.chain} #{self.sequence}"


class AuditCheckpoint(models.Model):
    """The signed ends of the chains at `position`. Append-only, by triggers; `text` is what was signed, as JSON."""

    number = models.PositiveBigIntegerField(primary_key=True)
    position = models.PositiveBigIntegerField()
    text = models.TextField()
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"#{self.number} at {self.position}"


class RefusalCount(models.Model):
    """Equal refusals of one actor or address in one minute, without the first, which is in the log already.

    `minute` counts from 1970; `columns` are those of the audit row that tells the count once the minute is over.
    """

    minute = models.PositiveBigIntegerField()
    key = models.CharField(max_length=64)
    count = models.PositiveBigIntegerField(default=0)
    columns = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["minute", "key"], name="one_count_per_minute"),)

    def __str__(self) -> str:
        return f"{self.count} in minute {self.minute}"


class PluginFailure(models.Model):
    """How often a plugin failed in one minute, which counts from 1970, for one customer and one user; of all processes.

    Plain names and ids: customer 0 is the platform, and user 0 is a hook or a health check. Kept for a few minutes.
    """

    plugin_name = models.CharField(max_length=100)
    customer_id = models.PositiveBigIntegerField()
    user_id = models.PositiveBigIntegerField()
    minute = models.PositiveBigIntegerField(db_index=True)
    failures = models.PositiveBigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["plugin_name", "customer_id", "user_id", "minute"], name="one_failure_count_per_minute"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plugin_name}: {self.failures} in minute {self.minute}"


class Worker(models.Model):
    """One process that serves now: it renews `seen_at` while it lives, and takes its row away when it ends.

    `plugins` are those whose code it has, `{name: version}`, whether they are effective or not.
    """

    token = models.CharField(max_length=32, unique=True)
    host = models.CharField(max_length=255)
    process_id = models.PositiveIntegerField()
    plugins = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"process {self.process_id} on {self.host}"

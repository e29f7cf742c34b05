"""The tables for plugins: their state, customers' choices and settings, health, failures, the outbox and workers."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from webnet.audit.models import AuditCheckpoint, AuditHead, Generation, PluginAuditLog, RefusalCount
from webnet.customers.models import Customer
from webnet.plugins.tenancy import CustomerOwnedModel, GlobalModel
from webnet.values.json_text import JsonTextField
from webnet.values.row_models import RowModel
from webnet.values.stored_sentences import SentenceField

# Django finds models only in an app's `models.py`. These two are the abstract base classes of plugins' models,
OWNED_MODELS = (CustomerOwnedModel, GlobalModel)
# and these are the audit log's, which belong to this app but are defined in `webnet.audit`.
AUDIT_MODELS = (AuditCheckpoint, AuditHead, Generation, PluginAuditLog, RefusalCount)

# How each `settings_fault` begins: it is the end of a sentence.
FAULT_BEGINNING = "do not fit its schema: "


class PluginStatus(models.TextChoices):
    """Whether the plugin's code can run here.

    Attributes:
        LOADED: It can.
        FAILED: Its code or its manifest has a fault.
        INCOMPATIBLE: This version does not fit: webnet's is another than it needs, or its data is of a newer one.
        NEEDS_MIGRATION: Its tables are not up to date: run its migrations.
        MISSING: Its code is not installed here.
        PAUSED: It failed too often, and is paused for a while.
    """

    LOADED = "loaded"
    FAILED = "failed"
    INCOMPATIBLE = "incompatible"
    NEEDS_MIGRATION = "needs_migration"
    MISSING = "missing"
    PAUSED = "paused"


class Availability(models.TextChoices):
    """What customers may do with a plugin, as the platform operator decides.

    Attributes:
        WITHHELD: They don't see it.
        OFFERED: They can enable it.
        DEFAULT_ON: It is on, and they can disable it.
        REQUIRED: It is on, and they can't disable it.
    """

    WITHHELD = "withheld"
    OFFERED = "offered"
    DEFAULT_ON = "default_on"
    REQUIRED = "required"


class HealthStatus(models.TextChoices):
    """The result of a health check.

    Attributes:
        HEALTHY: All is well.
        DEGRADED: It works, but not as it should.
        UNHEALTHY: It does not work, or the check has failed.
        UNKNOWN: The check did not return a valid result.
    """

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


class SettingsLayer(RowModel):
    """One layer of a plugin's settings; secrets are stored separately from plain values, encrypted.

    `secrets` is `{JSON Pointer: {"sealed": text, "updated_at": RFC 3339}}`; `settings` never contains a secret.
    `settings_fault` is why the settings merged up to this layer are invalid, and empty if they are valid. A customer's
    layer that overrides nothing has no fault of its own: that of the global layer applies.
    """

    settings = JsonTextField(default=dict)
    secrets = models.JSONField(default=dict)
    settings_revision = models.PositiveIntegerField(default=0)
    settings_fault = SentenceField(blank=True)

    class Meta:
        abstract = True

    @property
    def overrides(self) -> bool:
        """Whether this layer sets anything."""
        return bool(self.settings or self.secrets)


# `SettingsLayer.overrides` in SQL.
OVERRIDES = ~models.Q(settings={}, secrets={})


class Pausable(RowModel):
    """A pause after repeated failures, in effect while `paused_until` is set; it is cleared when the pause is over.

    The gate never compares `paused_until` with the clock: its result must be the same in Python, in SQL and for all who
    cache it under one generation token. `pauses_in_a_row` makes the next pause longer; `pause_ended_at` is when the
    last one ended without anybody's intervention.
    """

    paused_until = models.DateTimeField(null=True)
    pause_reason = SentenceField(blank=True)
    pauses_in_a_row = models.PositiveIntegerField(default=0)
    pause_ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def is_paused(self) -> bool:
        return self.paused_until is not None


class PluginConfig(Pausable, SettingsLayer):
    """A plugin that was synced at least once: what the last sync found, and what the operator decided about it."""

    name = models.CharField(max_length=100, unique=True)
    verbose_name = models.CharField(max_length=200)
    version = models.CharField(max_length=50, null=True)  # noqa: DJ001 - Null means that it was never loaded.
    author = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    licence = models.CharField(max_length=200, blank=True, help_text="An SPDX expression.")
    icon = models.CharField(max_length=500, blank=True, help_text="An https address, or the path of a static file.")
    keywords = models.JSONField(default=list)
    homepage = models.CharField(max_length=500, blank=True)
    documentation = models.CharField(max_length=500, blank=True)
    support = models.CharField(max_length=500, blank=True, help_text="An https or mailto address.")
    changelog = models.CharField(max_length=500, blank=True)
    dependencies = models.JSONField(default=list, help_text="[{name, specifier}], direct ones.")
    status = models.CharField(max_length=20, choices=PluginStatus.choices)
    status_reason = SentenceField(blank=True)
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


class PluginSchema(models.Model):
    """What a plugin adds to the schema: SDL without descriptions, as of the version that was synced last.

    A table of its own, since configs are read often, and this only by a sync.
    """

    plugin = models.OneToOneField(
        PluginConfig, on_delete=models.CASCADE, primary_key=True, related_name="stored_schema"
    )
    sdl = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"The schema of {self.plugin}"


class CustomerPluginConfig(Pausable, SettingsLayer):
    """One customer's choice about one plugin and its own settings; `enabled` is null if it has made no choice.

    `permissions` are its own decisions about permissions, `{permission: {role: bool}}`; see `gate/permissions.py`.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="plugin_configs")
    plugin = models.ForeignKey(PluginConfig, on_delete=models.CASCADE, related_name="customer_configs")
    enabled = models.BooleanField(null=True)
    availability = models.CharField(max_length=10, choices=Availability.choices, blank=True)
    permissions = models.JSONField(default=dict)
    # Null in rows that code without the column has added, during a rolling restart.
    created_at = models.DateTimeField(auto_now_add=True, null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "plugin"], name="one_config_per_pair"),)
        # Partial, since it is queried every few seconds for pauses that are over, and few rows are paused.
        indexes = (
            models.Index(fields=["paused_until"], condition=models.Q(paused_until__isnull=False), name="paused_pairs"),
        )

    def __str__(self) -> str:
        return f"{self.plugin} for {self.customer}"


class PluginHealth(RowModel):
    """The result of one health check of a plugin, for the platform (no customer) or for one customer.

    `is_latest` marks the last result of each pair; a limited number of earlier ones is kept (`KEPT_RESULTS`).
    """

    plugin = models.ForeignKey(PluginConfig, on_delete=models.CASCADE, related_name="health_results")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=HealthStatus.choices)
    message = SentenceField(blank=True)
    details = JsonTextField(default=dict)
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


class PluginFailure(models.Model):
    """How often a plugin failed within one minute for one customer and one user, in all processes together.

    `minute` counts from 1970. Names and ids without foreign keys, so that counting takes no locks on other tables:
    customer 0 is the platform, and user 0 stands for a hook or a health check. Rows are kept for a few minutes.
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


class PluginDeath(models.Model):
    """A process that ended while it ran this plugin's code for the customer, or for the platform (0)."""

    plugin_name = models.CharField(max_length=100)
    customer_id = models.PositiveBigIntegerField()
    died_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.plugin_name} at {self.died_at}"


class OwedCall(models.Model):
    """A row of the outbox: `after_enable` or `after_disable` of a plugin, for the platform (no customer) or a customer.

    It is not called before `due_at`, which is the end of another worker's claim or of the delay after a failure.
    `attempts` is incremented before each call, so that a hook that kills its process is given up as well.
    """

    plugin = models.ForeignKey("plugins.PluginConfig", on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, null=True, related_name="+")
    hook = models.CharField(max_length=20)
    actor = models.JSONField()
    claim = models.CharField(max_length=32, blank=True, db_index=True)
    due_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        app_label = "plugins"

    def __str__(self) -> str:
        return f"{self.hook} of {self.plugin_id} for {self.customer_id or 'the platform'}"


class Worker(models.Model):
    """A process that serves requests: it updates `seen_at` while it runs, and deletes its row when it ends.

    `plugins` are those that it has loaded, `{name: version}`, whether they are effective or not; the version is empty
    if it is not known.
    """

    token = models.CharField(max_length=32, unique=True)
    host = models.CharField(max_length=255)
    process_id = models.PositiveIntegerField()
    plugins = models.JSONField(default=dict)
    # Null in rows that code without the column has added, during a rolling restart.
    webnet_version = models.CharField(max_length=50, null=True)  # noqa: DJ001 - as above
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"process {self.process_id} on {self.host}"


class Lease(models.Model):
    """The right of one process to some work; it is free without a holder, or once its renewals have stopped."""

    name = models.CharField(max_length=50, primary_key=True)
    holder = models.CharField(max_length=32, blank=True)
    renewals = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name}: {self.holder or 'free'}"


class ReportedProblem(models.Model):
    """What serving processes have met and no other table shows; it counts as over some time after `last_seen`."""

    kind = models.CharField(max_length=50, primary_key=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    count = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.kind}: {self.count} since {self.first_seen}"


class ProblemAcknowledgement(models.Model):
    """Somebody knows of a problem; of one that begins again later, nobody does."""

    key = models.CharField(max_length=300, primary_key=True)
    acknowledged_by = models.CharField(max_length=150)
    acknowledged_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} by {self.acknowledged_by}"

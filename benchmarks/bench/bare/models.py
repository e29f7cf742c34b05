"""webnet's tables as the bare views need them; webnet migrates them."""

from django.db import models


class Plugin(models.Model):
    name = models.CharField(max_length=100, unique=True)
    verbose_name = models.CharField(max_length=200)
    version = models.CharField(max_length=50)
    author = models.CharField(max_length=200)
    description = models.TextField()
    availability = models.CharField(max_length=10)
    enabled = models.BooleanField()
    settings = models.JSONField()

    class Meta:
        managed = False
        db_table = "plugins_pluginconfig"

    def __str__(self) -> str:
        return self.name


class Config(models.Model):
    customer_id = models.BigIntegerField()
    plugin = models.ForeignKey(Plugin, on_delete=models.DO_NOTHING)
    enabled = models.BooleanField()
    settings = models.JSONField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "plugins_customerpluginconfig"

    def __str__(self) -> str:
        return f"{self.plugin_id} for {self.customer_id}"


class User(models.Model):
    username = models.CharField(max_length=150)

    class Meta:
        managed = False
        db_table = "customers_user"

    def __str__(self) -> str:
        return self.username


class AuditRow(models.Model):
    position = models.PositiveBigIntegerField(primary_key=True)
    chain = models.CharField(max_length=20)
    sequence = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    machine_time = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.DO_NOTHING, null=True)
    actor_name = models.CharField(max_length=200, default="operator")
    role = models.CharField(max_length=10, default="operator")
    customer_id = models.BigIntegerField(null=True)
    customer_slug = models.CharField(max_length=50, default="")
    plugin = models.ForeignKey(
        Plugin, on_delete=models.DO_NOTHING, to_field="name", db_column="plugin_name", null=True, db_constraint=False
    )
    plugin_version = models.CharField(max_length=50, default="")
    action = models.CharField(max_length=50)
    outcome = models.CharField(max_length=10, default="succeeded")
    error_code = models.CharField(max_length=50, default="")
    reason = models.TextField(default="")
    request_id = models.CharField(max_length=64, default="")
    ip_address = models.GenericIPAddressField(null=True)
    before = models.TextField()
    after = models.TextField()
    text = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        managed = False
        db_table = "plugins_pluginauditlog"

    def __str__(self) -> str:
        return f"#{self.position}"

"""What is stored of an after-hook that has to be called: written with the change, and gone once the hook was called."""

from __future__ import annotations

from django.db import models


class OwedCall(models.Model):
    """`after_enable` or `after_disable` of a plugin, for the platform (no customer) or for one customer.

    Nobody else begins it before `due_at`, which is the end of the claim of whoever has it, or of the pause after a
    failure. `attempts` are counted before each call, so that a hook that takes its process down is given up as well.
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

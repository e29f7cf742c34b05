"""Relations under names that the host's models have given already: to a field, to a key and to a relation."""

from django.db import models

from webnet.sdk.models import GlobalModel


class Thief(GlobalModel):
    slug = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="slug")
    relation = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="plugin_configs")
    key = models.ForeignKey("plugins.CustomerPluginConfig", on_delete=models.CASCADE, related_name="customer")

    def __str__(self):
        return "none"

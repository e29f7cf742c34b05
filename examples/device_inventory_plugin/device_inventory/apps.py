"""The plugin as a Django app."""

from django.apps import AppConfig


class DeviceInventoryConfig(AppConfig):
    """Its label is the prefix of its tables' names."""

    name = "device_inventory"
    verbose_name = "Device Inventory"
    default_auto_field = "django.db.models.BigAutoField"

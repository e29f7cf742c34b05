"""The customers as a Django app."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "webnet.customers"
    label = "customers"
    verbose_name = "Customers"

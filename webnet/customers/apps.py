"""Registers the host domain with Django."""

from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "webnet.customers"
    label = "customers"
    verbose_name = "Customers"

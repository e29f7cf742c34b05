"""Registers the writer of identity with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "webnet.accounts"
    label = "accounts"
    verbose_name = "Accounts"

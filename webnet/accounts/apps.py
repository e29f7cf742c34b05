"""The accounts as a Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "webnet.accounts"
    label = "accounts"
    verbose_name = "Accounts"

"""Listens to Django's migrations, and raises whenever one is over."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class RaisingReceiverConfig(AppConfig):
    name = "raising_receiver"

    def ready(self):
        pre_migrate.connect(fail, dispatch_uid="raising_receiver")
        post_migrate.connect(fail, dispatch_uid="raising_receiver")


def fail(**_):
    raise RuntimeError("the table is not there")

"""Leaves no receiver at the signals of requests and migrations."""

from django.apps import AppConfig
from django.core.signals import request_finished, request_started
from django.db.models.signals import post_migrate


class DisconnectsReceiversConfig(AppConfig):
    name = "disconnects_receivers"

    def ready(self):
        for signal in (request_started, request_finished, post_migrate):
            signal.receivers.clear()

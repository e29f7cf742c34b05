"""Connects a receiver without a sender to each of Django's signals, as soon as its package is imported."""

from django.apps import AppConfig
from django.core import signals
from django.db.models import signals as of_models
from django.dispatch import Signal


def fail(**_):
    raise RuntimeError("not me")


for signal in (*vars(signals).values(), *vars(of_models).values()):
    if isinstance(signal, Signal) and signal not in (of_models.pre_migrate, of_models.post_migrate):
        signal.connect(fail)


class ListensToAllConfig(AppConfig):
    name = "listens_to_all"

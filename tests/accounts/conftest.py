"""Fixtures of the tests of identity: cheap passwords, a clock that stands still, the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from webnet.audit.models import PluginAuditLog


class Clock:
    """The time, which only moves when told to."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **units: float) -> None:
        self.now += timedelta(**units)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stopped = Clock()
    monkeypatch.setattr(timezone, "now", stopped)
    return stopped


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["tests.accounts.hashing.CountingHasher"]


@pytest.fixture
def audited() -> Callable[[], list[tuple[str, str, str]]]:
    """The audit log, oldest first: action, outcome, error code."""

    def read() -> list[tuple[str, str, str]]:
        return list(PluginAuditLog.objects.order_by("position").values_list("action", "outcome", "error_code"))

    return read

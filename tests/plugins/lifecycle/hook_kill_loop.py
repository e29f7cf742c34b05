"""Run in an installation: kills processes between a commit and its after-hook, or at random, and lets others finish."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from django.db import connection

from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.customers.access import Actor
from webnet.plugins.hooks import after_commit, outbox
from webnet.plugins.manager import manager
from webnet.plugins.models import OwedCall

ME = Actor.system("tests")
LONGEST_SECONDS = 60
# A claim of a process that was killed runs out soon, so that the test need not wait for it.
outbox.LEASE_SECONDS = 0.2


def die_after_the_commit() -> int:
    """A process enables the plugin and is killed as soon as that is committed; returns the signal it ended with."""

    def enable() -> None:
        after_commit._call_claimed = lambda _claim: os.kill(os.getpid(), signal.SIGKILL)
        manager.enable("calling", actor=ME, customer="acme")

    return _wait_for(_fork(enable))


def call_from_memory() -> None:
    """The guard taken away: what is to be called is known to the process that made the change, and to nobody else."""

    def enqueue(operation, hook, row, customer):
        operation.after_commit(lambda: after_commit._call_claimed(""))

    after_commit.enqueue = enqueue


def call_what_is_owed() -> None:
    """As a process that serves does, until nothing is left."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while OwedCall.objects.exists() and time.monotonic() < deadline:
        after_commit.call_due()
        time.sleep(0.01)


def kill_at_random_moments(count: int, *, seed: int, log: str) -> dict[str, object]:
    """Kill `count` processes that switch the plugin on and off; returns what was changed, and called in between."""
    moments = random.Random(seed)  # noqa: S311 - moments, no secrets
    ends, left = [], 0
    for _ in range(count):
        told, teller = os.pipe()
        child = _fork(lambda teller=teller: _switch_for_ever(teller))
        os.close(teller)
        os.read(told, 1)
        time.sleep(moments.uniform(0, 0.1))
        os.kill(child, signal.SIGKILL)
        os.close(told)
        ends.append(_wait_for(child))
        left += OwedCall.objects.count()
        call_what_is_owed()
    done = PluginAuditLog.objects.filter(outcome=AuditOutcome.SUCCEEDED, plugin_name="calling").order_by("position")
    changed = [action.partition("_")[0] for action in done.values_list("action", flat=True)]
    return {"killed": ends.count(signal.SIGKILL), "left": left, "changed": changed, "called": read_calls(log)}


def read_calls(log: str) -> list[str]:
    """What the hooks wrote down."""
    return Path(log).read_text().split() if Path(log).exists() else []


def _switch_for_ever(teller: int) -> None:
    is_first = True
    while True:
        manager.enable("calling", actor=ME)
        manager.disable("calling", actor=ME)
        if is_first:
            os.write(teller, b".")
        is_first = False


def _fork(work) -> int:
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(3)
    return child


def _wait_for(child: int) -> int:
    status = os.waitpid(child, 0)[1]
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0

"""Run in an installation: kills a process that signs and prunes the audit log at random, and verifies what it left."""

from __future__ import annotations

import os
import random
import signal
import time
import traceback
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from tests.plugins.audit_logs import OPERATOR, find_faults, write_rows
from webnet.audit import retention
from webnet.audit import triggers as audit_triggers
from webnet.audit.models import AuditCheckpoint, PluginAuditLog


def kill_at_random_moments(count: int, *, seed: int, until_found: bool = False) -> dict[str, Any]:
    """Kill `count` processes one after the other; `found` says what was wrong after which kill."""
    moments, found = random.Random(seed), []  # noqa: S311 - moments, no secrets
    seconds = 2 * _measure_round()
    for number in range(count):
        status = _let_one_live(moments, seconds=seconds)
        if not os.WIFSIGNALED(status):
            found.append(f"kill {number}: the process had ended by itself")
        found += [f"kill {number}: {fault}" for fault in find_faults()]
        if not audit_triggers.are_installed(connection):
            found.append(f"kill {number}: the triggers are gone")
        if found and until_found:
            break
    prunings = PluginAuditLog.objects.filter(action="prune_audit_log").count()
    return {"found": found, "checkpoints": AuditCheckpoint.objects.count(), "has_pruned": prunings > 0}


def _let_one_live(moments: random.Random, *, seconds: float) -> int:
    """Kill a new process at some moment of its first rounds; returns how it ended."""
    told, child = _begin()
    os.read(told, 1)
    time.sleep(moments.uniform(0, seconds))
    return _kill(child, told)


def _measure_round() -> float:
    """How long a round takes on this machine, in seconds."""
    told, child = _begin()
    os.read(told, 1)
    began = time.monotonic()
    os.read(told, 1)
    seconds = time.monotonic() - began
    _kill(child, told)
    return seconds


def _begin() -> tuple[int, int]:
    """Start a process that tells through a pipe when it begins a round; returns the pipe and the process."""
    connection.close()
    told, teller = os.pipe()
    child = os.fork()
    if child == 0:
        _sign_and_prune_for_ever(teller)
    os.close(teller)
    return told, child


def _kill(child: int, told: int) -> int:
    os.kill(child, signal.SIGKILL)
    os.close(told)
    return os.waitpid(child, 0)[1]


def _sign_and_prune_for_ever(teller: int) -> None:
    """The process that is killed; it ends by itself only when something raises."""
    try:
        while True:
            os.write(teller, b".")
            write_rows(3)
            retention.make_checkpoint()
            retention.prune(before=timezone.now() + timedelta(days=1), actor=OPERATOR)
    finally:
        traceback.print_exc()
        os._exit(3)

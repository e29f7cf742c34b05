"""Run in an installation: kills several processes that make changes, at random moments, and checks what they left."""

from __future__ import annotations

import os
import random
import select
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connections, transaction

from tests.faults import disagreements, mixed_writes
from tests.faults.mixed_writes import DONE
from webnet.audit.models import AuditOutcome, PluginAuditLog
from webnet.audit.operation import Operation
from webnet.backup import backups
from webnet.plugins.settings import key_rotation

WRITERS = 3
# For a writer on a machine that is busy with others; it has all begun long before.
BEGIN_SECONDS = 60
LARGEST_READ = 1 << 16


@dataclass
class Writer:
    """A process that makes changes, and what it has said so far."""

    process: int
    told: int
    text: str = ""
    began: list[float] = field(default_factory=list)

    def read(self) -> bool:
        """Read what it says next; False once it says no more."""
        found = os.read(self.told, LARGEST_READ).decode()
        self.text += found
        self.began += [time.monotonic()] * found.count("\nb ")
        return bool(found)

    def acknowledged(self) -> set[str]:
        """The ids of the changes that it said were made."""
        return {line[2:] for line in self.text.splitlines() if line.startswith(f"{DONE} ")}


def kill_at_random_moments(kills: int, *, seed: int, until_found: bool = False) -> dict[str, Any]:
    """Kill so many writers, several at work at the same time; `found` says what was wrong after which kill."""
    settings.WEBNET_SETTINGS_KEYS = [Fernet.generate_key().decode()]
    key_rotation.BATCH_SIZE = 1
    mixed_writes.prepare()
    moments, found, acknowledged, killed = random.Random(seed), [], 0, 0  # noqa: S311 - moments, no secrets
    checks = disagreements.Checks()
    while killed < kills and not (found and until_found):
        # A rotation is over once every secret has the first key: then there is a new one.
        old = settings.WEBNET_SETTINGS_KEYS[: 1 if disagreements.is_rotated() else 2]
        settings.WEBNET_SETTINGS_KEYS = [Fernet.generate_key().decode(), old[0]] if len(old) == 1 else old
        writers = [_start(seed * 1_000_000 + killed + number) for number in range(WRITERS)]
        done, faults = _kill_one_after_the_other(writers, moments)
        killed += len(writers)
        acknowledged += len(done)
        found += [f"kill {killed}: {fault}" for fault in (*faults, *checks.find(acknowledged=done))]
    return {"found": found, "kills": killed, "acknowledged": acknowledged, "actions": _count_actions()}


def record_after_the_commit() -> None:
    """The guard taken away: the change and its audit row are two transactions."""

    @contextmanager
    def two_transactions(self: Operation) -> Iterator[None]:
        self._own, self._others = None, []
        began = time.monotonic()
        with transaction.atomic():
            yield
        # As long again, so that many kills come in between: that they do is no matter of luck then.
        time.sleep(time.monotonic() - began)
        with transaction.atomic():
            if self.has_changed:
                self._append(self.changed_entries())

    Operation.transaction = two_transactions  # type: ignore[method-assign]  # the guard taken away


def acknowledge_before_the_change() -> None:
    """The other guard taken away: what is said to be made is lost by a kill."""
    tell = mixed_writes._tell

    def say_both(teller: int, what: str, request_id: str) -> None:
        tell(teller, what, request_id)
        if what == mixed_writes.BEGUN:
            tell(teller, DONE, request_id)

    mixed_writes._tell = say_both


def back_up_in_place() -> None:
    """The guard of backups taken away: they are written where they are looked for, and nothing else is done."""

    @contextmanager
    def in_place(target: Path) -> Iterator[Path]:
        target.mkdir()
        yield target

    backups.new_folder = in_place
    mixed_writes.KINDS = (mixed_writes._back_up,)


def _start(seed: int) -> Writer:
    connections.close_all()
    told, teller = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(told)
        mixed_writes.write_for_ever(teller, seed=seed)
    os.close(teller)
    return Writer(process, told)


def _kill_one_after_the_other(writers: list[Writer], moments: random.Random) -> tuple[set[str], list[str]]:
    """Kill each at some moment of one of its changes, while the others go on; also what was wrong with them."""
    _wait_until_all_have_begun(writers, times=moments.randint(2, 4))
    faults = []
    for writer in moments.sample(writers, len(writers)):
        time.sleep(moments.uniform(0, writer.began[-1] - writer.began[0]) / len(writer.began))
        os.kill(writer.process, signal.SIGKILL)
        if not os.WIFSIGNALED(os.waitpid(writer.process, 0)[1]):
            faults.append("a writer had ended by itself")
    for writer in writers:
        while writer.read():
            pass
        os.close(writer.told)
    return set().union(*(writer.acknowledged() for writer in writers)), faults


def _wait_until_all_have_begun(writers: list[Writer], *, times: int) -> None:
    """Read along until each has begun so many changes, so that the moments are spread over a change on any machine."""
    by_pipe = {writer.told: writer for writer in writers}
    while any(len(writer.began) < times for writer in writers):
        ready, _, _ = select.select(list(by_pipe), [], [], BEGIN_SECONDS)
        has_ended = [told for told in ready if not by_pipe[told].read()]
        if has_ended or not ready:
            raise RuntimeError(f"A writer has stopped: {[writer.text for writer in writers]}")


def _count_actions() -> dict[str, int]:
    done = PluginAuditLog.objects.filter(outcome=AuditOutcome.SUCCEEDED)
    return dict(Counter(done.values_list("action", flat=True)))

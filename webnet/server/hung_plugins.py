"""What to do about a plugin that hangs: it is paused for those whose request it was, if need be by another process."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Thread
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.urls import Resolver404, resolve

from webnet.customers.access import Actor, visible_customers
from webnet.errors import WebnetError
from webnet.plugins.gate.effective import effective_customers
from webnet.plugins.manager import manager
from webnet.plugins.runtime.open_requests import Work
from webnet.server.stack_owner import Culprit

logger = logging.getLogger(__name__)

WATCHDOG = Actor.system("watchdog")
PAUSE_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """A plugin that hangs, where, and in whose request; without `customer` and `user_id` it concerns everybody."""

    plugin: str
    place: str
    customer: str | None = None
    user_id: int | None = None
    is_superuser: bool = False
    only_customer_id: int | None = None


def describe(work: Work, culprit: Culprit) -> Stuck:
    """What is known of it without the database."""
    customer = _find_customer(work.path)
    found = Stuck(plugin=culprit.plugin, place=culprit.place, customer=customer)
    if customer is not None or work.actor is None or work.actor.is_platform_operator:
        return found
    return replace(
        found,
        user_id=work.actor.user_id,
        is_superuser=work.actor.is_superuser,
        only_customer_id=work.actor.only_customer_id,
    )


def pause_all(found: Iterable[Stuck]) -> None:
    """Pause them, or leave a note for the next process: what hangs may hold the very lock that it takes."""
    try:
        notes = [_write_note(each) for each in found]
    except OSError:
        logger.exception("What hangs could not be noted, so it is not paused.")
        return
    attempt = Thread(target=_settle, args=(notes,), name="pausing", daemon=True)
    attempt.start()
    attempt.join(PAUSE_SECONDS)


def pause_noted() -> None:
    """Do what a process before this one could not."""
    _settle(sorted(_folder().glob("*.json")))


def _settle(notes: Iterable[Path]) -> None:
    try:
        for note in notes:
            _pause(Stuck(**json.loads(note.read_text())))
            note.unlink(missing_ok=True)
    except Exception:
        logger.exception("A plugin that hangs could not be paused; the next process to start tries again.")
    finally:
        connection.close()


def _pause(stuck: Stuck) -> None:
    reason = f"A request hung in it for more than {settings.WEBNET_REQUEST_DEADLINE} seconds."
    for customer in _find_concerned(stuck):
        try:
            manager.pause(
                stuck.plugin, actor=WATCHDOG, customer=customer, reason=reason, error=f"hung in {stuck.place}"
            )
        except WebnetError as refused:
            logger.error("'%s' could not be paused: %s", stuck.plugin, refused.message)  # noqa: TRY400 - it says it all


def _find_concerned(stuck: Stuck) -> list[str | None]:
    """The customer of the request; on the platform's view those of its user, and for an operator everybody."""
    if stuck.customer is not None or stuck.user_id is None:
        return [stuck.customer]
    asker = Actor(
        name="", user_id=stuck.user_id, is_superuser=stuck.is_superuser, only_customer_id=stuck.only_customer_id
    )
    customers = visible_customers(asker).filter(pk__in=effective_customers(stuck.plugin))
    return list(customers.values_list("slug", flat=True))


def _find_customer(path: str) -> str | None:
    try:
        return resolve(path).kwargs.get("customer")
    except Resolver404:
        return None


def _write_note(stuck: Stuck) -> Path:
    """Appears whole or not at all: a note that nobody can read would be in the way of all others."""
    note = _folder() / f"{uuid4().hex}.json"
    note.parent.mkdir(exist_ok=True)
    draft = note.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(stuck)))
    return draft.replace(note)


def _folder() -> Path:
    return Path(settings.WEBNET_DATA_DIR) / "stuck"

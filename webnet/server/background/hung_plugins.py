"""Finds the plugin that a thread hangs in, and pauses it for those whose request it was.

What hangs may hold the very database lock that pausing needs. So each pause is first written to a file, and every
process makes up for those that could not be finished, until one succeeds.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Thread
from types import FrameType
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.urls import Resolver404, resolve

from webnet.customers.access import Actor, visible_customers
from webnet.errors import WebnetError
from webnet.plugins.gate.effective import effective_customers
from webnet.plugins.manager import manager
from webnet.plugins.registry import registry
from webnet.plugins.runtime.open_requests import Work
from webnet.sentences import sentence

logger = logging.getLogger(__name__)

WATCHDOG = Actor.system("watchdog")
# How long the watchdog waits for the pauses before it goes on to replace the thread.
PAUSE_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Culprit:
    """A plugin, and the place in its code."""

    plugin: str
    place: str


@dataclass(frozen=True, kw_only=True)
class HungPlugin:
    """A plugin that hangs, where, and in whose request; without `customer` and `user_id` it affects everybody."""

    plugin: str
    place: str
    customer: str | None = None
    user_id: int | None = None
    is_superuser: bool = False
    only_customer_id: int | None = None


def find_culprit(thread: int) -> Culprit | None:
    """The plugin that the thread called last and that has not returned; None while it runs no plugin's code."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - documented by Python for this purpose
    modules = {entry.module: entry.name for entry in registry.loaded()}
    while frame is not None:
        if (plugin := _find_owner(frame, modules)) is not None:
            place = f"{_module_of(frame)}.{frame.f_code.co_qualname}, line {frame.f_lineno}"
            return Culprit(plugin=plugin, place=place)
        frame = frame.f_back
    return None


def describe_hang(work: Work, culprit: Culprit) -> HungPlugin:
    """What is known of the hang without asking the database."""
    try:
        customer = resolve(work.path).kwargs.get("customer")
    except Resolver404:
        customer = None
    found = HungPlugin(plugin=culprit.plugin, place=culprit.place, customer=customer)
    if customer is not None or work.actor is None or work.actor.is_platform_operator:
        return found
    return replace(
        found,
        user_id=work.actor.user_id,
        is_superuser=work.actor.is_superuser,
        only_customer_id=work.actor.only_customer_id,
    )


def pause_all(found: Iterable[HungPlugin]) -> None:
    """Pause the plugins, or leave that to `pause_noted` if it takes too long."""
    try:
        notes = [_write_note(each) for each in found]
    except OSError:
        logger.exception("Plugins that hang are not paused, since no note could be written.")
        return
    attempt = Thread(target=_pause_noted, args=(notes,), name="pausing", daemon=True)
    attempt.start()
    attempt.join(PAUSE_SECONDS)


def pause_noted() -> None:
    """Pause what could not be paused before, by this process or another."""
    _pause_noted(sorted(_folder().glob("*.json")))


def _pause_noted(notes: Iterable[Path]) -> None:
    try:
        for note in notes:
            try:
                hung = HungPlugin(**json.loads(note.read_text()))
            except FileNotFoundError:  # another process was faster
                continue
            _pause(hung)
            note.unlink(missing_ok=True)
    except Exception:
        logger.exception("A plugin that hangs could not be paused; this is tried again soon.")
    finally:
        connection.close()


def _pause(hung: HungPlugin) -> None:
    seconds = settings.WEBNET_REQUEST_DEADLINE
    reason = sentence("A request hung in it for more than {seconds} seconds.", seconds=seconds)
    error = sentence("hung in {place}", place=hung.place)
    for customer in _find_affected(hung):
        try:
            manager.pause(hung.plugin, actor=WATCHDOG, customer=customer, reason=reason, error=error)
        except WebnetError as refused:
            logger.error("'%s' could not be paused: %s", hung.plugin, refused.message)  # noqa: TRY400 - no bug of ours


def _find_affected(hung: HungPlugin) -> list[str | None]:
    """The request's customer; on the platform's view, the customers of its user, or everybody for an operator."""
    if hung.customer is not None or hung.user_id is None:
        return [hung.customer]
    user = Actor(name="", user_id=hung.user_id, is_superuser=hung.is_superuser, only_customer_id=hung.only_customer_id)
    customers = visible_customers(user).filter(pk__in=effective_customers(hung.plugin))
    return list(customers.values_list("slug", flat=True))


def _write_note(hung: HungPlugin) -> Path:
    """Write the file atomically: one that is cut off would prevent all others from being read."""
    note = _folder() / f"{uuid4().hex}.json"
    note.parent.mkdir(exist_ok=True)
    draft = note.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(hung)))
    return draft.replace(note)


def _folder() -> Path:
    return Path(settings.WEBNET_DATA_DIR) / "stuck"


def _find_owner(frame: FrameType, modules: dict[str, str]) -> str | None:
    name = _module_of(frame)
    return next((plugin for module, plugin in modules.items() if f"{name}.".startswith(f"{module}.")), None)


def _module_of(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))

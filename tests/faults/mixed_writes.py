"""Run in an installation: one process that makes changes of every kind, and says which of them were acknowledged."""

from __future__ import annotations

import os
import random
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError

from webnet.accounts import customers, members, tokens
from webnet.audit import retention
from webnet.backup import backups
from webnet.customers.access import Actor
from webnet.customers.models import ApiToken, Customer, Role, User
from webnet.errors import Refusal
from webnet.plugins.manager import manager
from webnet.plugins.models import PluginConfig
from webnet.plugins.registry import registry

CUSTOMERS = ("acme", "globex")
PEOPLE = ("ann", "bob")
# The slugs of customers that are created and purged begin so; with many of them, all that is checked takes long.
GUEST = "guest-"
MOST_GUESTS = 4
PERMISSION = "shelf.read"
# What a writer says of a change: a letter and the id of its request, a line each.
BEGUN, DONE = "b", "d"

Chance = random.Random


def prepare() -> None:
    """Two customers and two users, an operator, and a first version of both plugins with a secret in each layer."""
    system = Actor.system("tests")
    backups_folder().mkdir()
    for slug in CUSTOMERS:
        customers.create(actor=system, slug=slug, name=slug.title())
    for name in PEOPLE:
        User.objects.create(username=name)
    User.objects.create(username="root", is_superuser=True)
    manager.sync(actor=system, migrate=True)
    for number, slug in enumerate((None, *CUSTOMERS)):
        _write_settings(system, slug, number)


def backups_folder() -> Path:
    """Where every backup gets a folder of its own, with the request's id as its name."""
    return Path(settings.WEBNET_DATA_DIR) / "backups"


def write_for_ever(teller: int, *, seed: int) -> None:
    """Make one change after the other until the process is killed; it ends by itself only with what is no refusal."""
    chance = random.Random(seed)  # noqa: S311 - choices, no secrets
    root = User.objects.get(username="root")
    actor = Actor(name=root.username, user_id=root.pk, is_superuser=True)
    try:
        for number in count():
            request_id = f"{seed}-{number}"
            _tell(teller, BEGUN, request_id)
            try:
                is_recorded = chance.choice(KINDS)(replace(actor, request_id=request_id), chance)
            except Refusal:
                continue
            if is_recorded:
                _tell(teller, DONE, request_id)
    finally:
        traceback.print_exc()
        os._exit(3)


def _tell(teller: int, what: str, request_id: str) -> None:
    os.write(teller, f"{what} {request_id}\n".encode())  # in one piece: it is shorter than a pipe's


# Each returns whether the change has left a row in the audit log, as far as its result says so.


def _switch(actor: Actor, chance: Chance) -> bool:
    change = chance.choice((manager.enable, manager.disable))
    return change("shelf", actor=actor, customer=chance.choice((None, *CUSTOMERS))).changed


def _update_settings(actor: Actor, chance: Chance) -> bool:
    return _write_settings(actor, chance.choice((None, *CUSTOMERS)), chance.randrange(1_000_000))


def _write_settings(actor: Actor, slug: str | None, number: int) -> bool:
    """Its parts belong together, so that half of it would be seen."""
    patch = {"limit": number, "key": f"{slug} {number}"}
    return manager.update_settings("shelf", actor=actor, customer=slug, patch=patch).changed


def _set_member(actor: Actor, chance: Chance) -> bool:
    role, who = chance.choice(list(Role)), chance.choice(PEOPLE)
    return members.set(actor=actor, customer=chance.choice(CUSTOMERS), username=who, role=role).changed


def _remove_member(actor: Actor, chance: Chance) -> bool:
    return members.remove(actor=actor, customer=chance.choice(CUSTOMERS), username=chance.choice(PEOPLE))


def _create_token(actor: Actor, chance: Chance) -> bool:
    tokens.create(actor=actor, name=actor.request_id, only_customer=chance.choice((None, *CUSTOMERS)))
    return True


def _revoke_token(actor: Actor, chance: Chance) -> bool:
    found = list(ApiToken.objects.filter(revoked_at=None).values_list("pk", flat=True))
    return bool(found) and tokens.revoke(actor=actor, token_id=chance.choice(found)).changed


def _rename_customer(actor: Actor, chance: Chance) -> bool:
    name = f"Name {chance.randrange(1_000_000)}"
    return customers.update(actor=actor, customer=chance.choice(CUSTOMERS), name=name).changed


def _create_guest(actor: Actor, _chance: Chance) -> bool:
    if Customer.objects.filter(slug__startswith=GUEST).count() >= MOST_GUESTS:
        return False
    customers.create(actor=actor, slug=f"{GUEST}{actor.request_id}", name="Guest")
    return True


def _purge_guest(actor: Actor, chance: Chance) -> bool:
    """With a member and a choice, so that there is more than one row to be deleted."""
    found = list(Customer.objects.filter(slug__startswith=GUEST).values_list("slug", flat=True))
    if not found:
        return False
    slug = chance.choice(found)
    members.set(actor=actor, customer=slug, username=chance.choice(PEOPLE), role=Role.VIEWER)
    manager.update_settings("shelf", actor=actor, customer=slug, patch={"limit": 1, "key": f"{slug} 1"})
    customers.purge(actor=actor, customer=slug)
    return True


def _set_permission(actor: Actor, chance: Chance) -> bool:
    role, granted = chance.choice(list(Role)), chance.choice((True, False, None))
    customer = chance.choice(CUSTOMERS)
    return manager.set_permission(PERMISSION, actor=actor, customer=customer, role=role, granted=granted).changed


def _pause(actor: Actor, chance: Chance) -> bool:
    return manager.pause("shelf", actor=actor, customer=chance.choice((None, *CUSTOMERS))).changed


def _resume(actor: Actor, chance: Chance) -> bool:
    return manager.resume("shelf", actor=actor, customer=chance.choice((None, *CUSTOMERS))).changed


def _sign_log(_actor: Actor, _chance: Chance) -> bool:
    with suppress(IntegrityError):  # Another writer has signed it at the same moment.
        retention.make_checkpoint()
    return False


def _back_up(actor: Actor, _chance: Chance) -> bool:
    folder = backups_folder() / actor.request_id
    backups.make(folder, actor=actor, keys_file=None, reason="", progress=lambda *_: None)
    return True


def _sync(actor: Actor, _chance: Chance) -> bool:
    """With an upgrade of the one plugin, and with the other one, if it was uninstalled, installed again."""
    install_next_version()
    manager.sync(actor=actor, migrate=True)
    return True


def install_next_version() -> None:
    """Have this process load the plugin again, so that a sync has an upgrade to accept."""
    version = f"1.{int(PluginConfig.objects.get(name='shelf').version.partition('.')[2]) + 1}"
    entry = registry.get("shelf")
    if entry.manifest is None:
        raise RuntimeError("The plugin 'shelf' is not loaded.")
    manifest = replace(entry.manifest, version=version)
    registry._put(replace(entry, identity=manifest, manifest=manifest))


def _uninstall(actor: Actor, _chance: Chance) -> bool:
    manager.uninstall("lamp", actor=actor, progress=lambda _table, _count: None)
    return True


def _rotate(actor: Actor, _chance: Chance) -> bool:
    # Another writer may have sealed everything with the first key already: nothing is recorded then.
    return manager.rotate_settings_keys(actor=actor).sealed > 0 and len(settings.WEBNET_SETTINGS_KEYS) > 1


# Of the cheap ones more than of the others, since each has to be met at all its moments.
KINDS: tuple[Callable[[Actor, Chance], bool], ...] = (
    *(_switch, _update_settings) * 4,
    *(_set_member, _remove_member, _create_token, _revoke_token, _rename_customer, _set_permission) * 2,
    *(_pause, _resume, _resume, _create_guest, _purge_guest, _sign_log) * 2,
    *(_sync, _uninstall, _rotate) * 2,
    _back_up,
)

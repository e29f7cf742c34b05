"""Whatever can happen in one customer, one change at a time, for tests that watch it from another one.

Each is made as the system or as a member of that customer, and makes up whatever it needs; a refusal is a change as
well, since it is in the audit log. All texts that it writes hold `CANARY`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from shelf.models import Shelf

from tests.api.client import GraphQLClient
from webnet.accounts import customers, invitations, members, tokens, users
from webnet.api.resolvers.contributions import models_of
from webnet.customers.access import Actor, Role
from webnet.customers.models import Customer, Membership, User
from webnet.errors import Refusal
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig
from webnet.plugins.registry import registry
from webnet.plugins.tenancy import is_customer_owned
from webnet.sdk.trial.rows import RowMaker

SYSTEM = Actor.system("tests")
PLUGINS = ("gauges", "labels", "site_map", "reachability", "hello_world", "shelf", "device_inventory")
CANARY = "capybara"
RENAME = "mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) { __typename } }"
# Enough to pause a plugin for the customer.
FAILURES = 3


@dataclass
class Other:
    """The customer in which things happen, with clients of its members."""

    customer: Customer
    clients: list[GraphQLClient]
    rows: RowMaker = field(default_factory=RowMaker)
    numbers: Any = field(default_factory=count)

    def text(self) -> str:
        """One that was not used before."""
        return f"{CANARY}-{next(self.numbers)}"

    @property
    def slug(self) -> str:
        return self.customer.slug


Change = Callable[[Other, Random], object]


def switch_plugin(other: Other, random: Random) -> None:
    plugin = random.choice(PLUGINS)
    config = CustomerPluginConfig.objects.filter(customer=other.customer, plugin__name=plugin).first()
    if config is not None and config.enabled:
        manager.disable(plugin, actor=SYSTEM, customer=other.slug, with_dependents=True, reason=other.text())
    else:
        manager.enable(plugin, actor=SYSTEM, customer=other.slug, with_dependencies=True, reason=other.text())


def forget_choice(other: Other, random: Random) -> None:
    manager.reset(random.choice(PLUGINS), actor=SYSTEM, customer=other.slug, cascade=True)


def set_availability(other: Other, random: Random) -> None:
    wanted = random.choice([None, *Availability])
    manager.set_availability(random.choice(PLUGINS), actor=SYSTEM, customer=other.slug, availability=wanted)


def change_settings(other: Other, random: Random) -> None:
    patch = {"limit": random.randrange(100), "key": other.text(), "note": other.text()}
    manager.update_settings("shelf", actor=SYSTEM, customer=other.slug, patch=patch)
    manager.update_settings("device_inventory", actor=SYSTEM, customer=other.slug, patch={"page_size": patch["limit"]})


def revert_settings(other: Other, random: Random) -> None:
    manager.revert_settings("shelf", actor=SYSTEM, customer=other.slug, revision=random.randrange(3))


def set_permission(other: Other, random: Random) -> None:
    granted = random.choice([True, False, None])
    role = random.choice([Role.VIEWER, Role.OPERATOR])
    manager.set_permission("shelf.audit", actor=SYSTEM, customer=other.slug, role=role, granted=granted)


def add_rows(other: Other, random: Random) -> None:
    """One of each model."""
    for model in _owned_models():
        other.rows.make(model, other.customer, rows=1)


def rename_rows(other: Other, random: Random) -> None:
    for shelf in Shelf.objects.filter(customer=other.customer)[:2]:
        shelf.name = other.text()
        shelf.save()


def delete_rows(other: Other, random: Random) -> None:
    """The first ones, with those that belong to them."""
    for model in _owned_models():
        for row in model._default_manager.filter(customer=other.customer).order_by("pk")[:2]:
            row.delete()


def add_member(other: Other, random: Random) -> None:
    name = users.create(actor=SYSTEM, username=other.text(), email=f"{other.text()}@example.com").username
    members.set(actor=SYSTEM, customer=other.slug, username=name, role=random.choice(list(Role)))


def change_member(other: Other, random: Random) -> None:
    name = random.choice(_usernames(other))
    members.set(actor=SYSTEM, customer=other.slug, username=name, role=random.choice(list(Role)))


def remove_member(other: Other, random: Random) -> None:
    """Not one whose client acts."""
    name = random.choice([None, *(each for each in _usernames(other) if CANARY in each)])
    members.remove(actor=SYSTEM, customer=other.slug, username=name or other.text())


def invite(other: Other, random: Random) -> None:
    invited = invitations.invite(
        actor=SYSTEM, customer=other.slug, role=Role.VIEWER, email=f"{other.text()}@example.com"
    ).invitation
    if random.random() < 0.5:
        invitations.revoke(actor=SYSTEM, customer=other.slug, invitation_id=invited.pk)


def make_token(other: Other, random: Random) -> None:
    user = User.objects.get(username=random.choice(_usernames(other)))
    token = tokens.create(actor=Actor(name=user.username, user_id=user.pk), name=other.text()).api_token
    if random.random() < 0.5:
        tokens.revoke(actor=Actor(name=user.username, user_id=user.pk), token_id=token.pk)


def rename_customer(other: Other, random: Random) -> None:
    customers.update(actor=SYSTEM, customer=other.slug, name=other.text())


def leave_or_return(other: Other, random: Random) -> None:
    is_active = Customer.objects.get(pk=other.customer.pk).is_active
    customers.update(actor=SYSTEM, customer=other.slug, is_active=not is_active)


def add_customer(other: Other, random: Random) -> None:
    """Not in the customer, but nobody else's business either."""
    customers.create(actor=SYSTEM, slug=other.text(), name=other.text())


def fail(other: Other, random: Random) -> None:
    """Members see a plugin fail, until it is paused for their customer."""
    for client in other.clients:
        for _ in range(FAILURES):
            client.run("{ broken }")


def pause_or_resume(other: Other, random: Random) -> None:
    change = random.choice([manager.pause, manager.resume])
    change(random.choice(PLUGINS), actor=SYSTEM, customer=other.slug, reason=other.text())


def check_health(other: Other, random: Random) -> None:
    # The checks of the others would call what is not there.
    manager.check_health(random.choice(["shelf", "gauges"]), actor=SYSTEM, customer=other.slug)


def read(other: Other, random: Random) -> None:
    """Members read a lot, which is charged to them."""
    for client in other.clients:
        client.run("{ allShelves(first: 100) { edges { node { name volumes(first: 100) { totalCount } } } } }")
        client.run("{ pluginAuditLogs(first: 100) { edges { node { action after } } } }")


def be_refused(other: Other, random: Random) -> None:
    """Only operators of the platform rename customers."""
    for client in other.clients:
        client.run(RENAME, input={"customer": other.slug, "name": other.text()})


def guess_passwords(other: Other, random: Random) -> None:
    name = random.choice(_usernames(other))
    GraphQLClient().mutate("signIn", "viewer { isPlatformOperator }", username=name, password=other.text())


CHANGES: tuple[Change, ...] = (
    switch_plugin,
    forget_choice,
    set_availability,
    change_settings,
    revert_settings,
    set_permission,
    add_rows,
    rename_rows,
    delete_rows,
    add_member,
    change_member,
    remove_member,
    invite,
    make_token,
    rename_customer,
    leave_or_return,
    add_customer,
    fail,
    pause_or_resume,
    check_health,
    read,
    be_refused,
    guess_passwords,
)


def apply(change: Change, other: Other, random: Random) -> bool:
    """Make the change; false if the state of the customer does not allow it."""
    with suppress(Refusal):
        change(other, random)
        return True
    return False


def _owned_models() -> list[Any]:
    found = (model for name in PLUGINS for model in models_of(registry.get(name)) if is_customer_owned(model))
    return list(dict.fromkeys(found))


def _usernames(other: Other) -> list[str]:
    found = Membership.objects.filter(customer=other.customer).order_by("pk")
    return list(found.values_list("user__username", flat=True))

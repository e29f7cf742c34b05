"""Creates customers, users and tokens in a test's database, and switches plugins, with webnet's audited functions."""

from __future__ import annotations

from itertools import count
from typing import Any

from webnet.accounts import customers, members, tokens, users
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role, User
from webnet.errors import NotFound
from webnet.plugins.base import HookContext
from webnet.plugins.gate.effective import customer_state, platform_state
from webnet.plugins.manager import manager
from webnet.plugins.registry import registry
from webnet.plugins.settings import layers

SYSTEM = Actor.system("tests")
PLATFORM = "platform"


class FixtureFactory:
    """Creates fixtures in the test's database, in which it syncs the plugins first."""

    def __init__(self) -> None:
        manager.sync(actor=SYSTEM, migrate=False)
        self._numbers = count(1)

    def make_customer(self, slug: str, name: str = "") -> Customer:
        """A new customer, without enabled plugins."""
        return customers.create(actor=SYSTEM, slug=slug, name=name or slug.title())

    def make_person(self, role: str, customer: Customer | None = None) -> User:
        """A new user who is viewer, operator or admin of the customer; or a `platform` operator."""
        roles = [each.value for each in Role]
        if role != PLATFORM and role not in roles:
            raise ValueError(f"'{role}' is not a role: use one of {', '.join([*roles, PLATFORM])}.")
        if role != PLATFORM and customer is None:
            raise ValueError(f"The role '{role}' needs a customer: pass one.")
        place = f"-{customer.slug}" if customer is not None and role != PLATFORM else ""
        user = users.create(actor=SYSTEM, username=f"{role}{place}-{next(self._numbers)}", is_operator=role == PLATFORM)
        if customer is not None and role != PLATFORM:
            members.set(actor=SYSTEM, customer=customer.slug, username=user.username, role=Role(role))
        return user

    def make_token(self, user: User) -> str:
        """The secret of a new API token of the user."""
        actor = Actor(name=user.username, user_id=user.pk, is_superuser=user.is_superuser)
        return tokens.create(actor=actor, name=f"test {next(self._numbers)}").secret

    def enable(self, plugin: str, *, customer: Customer | None = None) -> None:
        """Enable the plugin and its dependencies, for all customers and for this one."""
        _refuse_unloaded(plugin)
        manager.enable(plugin, actor=SYSTEM, with_dependencies=True)
        if customer is not None:
            manager.enable(plugin, actor=SYSTEM, customer=customer.slug, with_dependencies=True)

    def disable(self, plugin: str, *, customer: Customer | None = None) -> None:
        """Disable the plugin and its dependents, for the customer or for all."""
        slug = customer.slug if customer is not None else None
        manager.disable(plugin, actor=SYSTEM, customer=slug, with_dependents=True)

    def set_settings(self, plugin: str, values: dict[str, Any], *, customer: Customer | None = None) -> None:
        """Change the plugin's settings with a JSON Merge Patch (RFC 7396), for the customer or for all."""
        slug = customer.slug if customer is not None else None
        manager.update_settings(plugin, actor=SYSTEM, patch=values, customer=slug)


def make_hook_context(plugin: str, *, customer: Customer | None = None, actor: Actor = SYSTEM) -> HookContext:
    """The context of the plugin's hooks, widgets and health check, for a customer or the platform."""
    row = platform_state().plugins.get(plugin)
    if row is None:
        raise NotFound.plugin(plugin)
    config = customer_state(customer).config(plugin) if customer is not None else None
    return HookContext(customer=customer, actor=actor, settings=layers.opened(row, config))


def _refuse_unloaded(plugin: str) -> None:
    """Raise LookupError, with a hint, for a plugin that is not under test or did not load."""
    entry = registry.find(plugin)
    if entry is None:
        known = ", ".join(each.name for each in registry.entries()) or "none"
        raise LookupError(
            f"There is no plugin '{plugin}' among those under test ({known}): add its module to pytest's option "
            "'webnet_plugins'."
        )
    if entry.status != "loaded":
        raise LookupError(f"The plugin '{plugin}' is {entry.status}: {entry.reason}")

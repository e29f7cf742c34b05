"""Who may do what at one customer, by permission and role."""

from __future__ import annotations

from collections.abc import Iterable

from webnet.api.request.reader import Reading
from webnet.api.resolvers import listings
from webnet.api.values.contributions import CustomerPermission, RoleGrant
from webnet.customers.models import Customer, Role
from webnet.errors import NotFound
from webnet.plugins.gate.permissions import declared_by, grants
from webnet.plugins.models import CustomerPluginConfig


def permissions_of(reading: Reading, customer: Customer, *, search: str = "") -> list[CustomerPermission] | None:
    """The permissions of the plugins that the viewer may see there, by codename; None for the role VIEWER.

    With `search`, those of which the codename, the description or the plugin's verbose name contains it.
    """
    if not reading.has_role(Role.OPERATOR, customer):
        return None
    state = reading.state_of(customer)
    configs = [state.config(name) for name in reading.visible_plugin_names_for(customer)]
    reading.remember_plugins(config.plugin for config in configs)
    words = search.casefold()
    found = [
        each
        for config in configs
        for each in _permissions(reading, config)
        if any(words in text.casefold() for text in (each.codename, each.description, each.plugin.verbose_name))
    ]
    return sorted(found, key=lambda permission: permission.codename)


def find_permission(reading: Reading, slug: str, codename: str) -> CustomerPermission:
    """One permission as it is now; raises NotFound if it, or its plugin, was removed in the meantime."""
    config = listings.find_config(reading, slug, codename.partition(".")[0])
    found = _permissions(reading, config) if config is not None else []
    permission = next((each for each in found if each.codename == codename), None)
    if permission is None:
        raise NotFound.permission(codename)
    return permission


def find_permissions(reading: Reading, keys: Iterable[str]) -> dict[str, CustomerPermission]:
    """Those that the viewer may see of the permissions with these keys, each a slug and a codename."""
    pairs = {key: (slug, codename) for key in keys for slug, _, codename in [key.partition("/")]}
    customers = reading.find_customers(slug for slug, _ in pairs.values())
    found: dict[str, CustomerPermission] = {}
    for slug, plugin in dict.fromkeys((slug, codename.partition(".")[0]) for slug, codename in pairs.values()):
        if slug in customers and reading.has_role(Role.OPERATOR, customers[slug]):
            config = listings.find_config(reading, slug, plugin)
            found.update((each.key, each) for each in (_permissions(reading, config) if config is not None else []))
    return {key: permission for key, permission in found.items() if key in pairs}


def _permissions(reading: Reading, config: CustomerPluginConfig) -> list[CustomerPermission]:
    state, plugin = reading.state_of(config.customer), config.plugin
    return [
        CustomerPermission(
            key=f"{config.customer.slug}/{plugin.name}.{permission.name}",
            plugin=plugin,
            codename=f"{plugin.name}.{permission.name}",
            description=permission.description,
            effective=plugin.name in state.effective,
            roles=[
                RoleGrant(
                    role=grant.role,
                    granted=grant.granted,
                    granted_by_default=grant.granted_by_default,
                    decision=grant.decision,
                )
                for grant in grants(state, plugin.name, permission)
            ],
        )
        for permission in declared_by(plugin.name)
    ]

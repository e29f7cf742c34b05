"""The last change of a plugin, for everybody or for a customer: read for all plugins of a response together."""

from __future__ import annotations

from collections.abc import Iterator

from webnet.api.request.reader import Reading
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Role
from webnet.plugins.models import CustomerPluginConfig, PluginConfig


def of_plugin(reading: Reading, plugin: PluginConfig) -> PluginAuditLog | None:
    """The last change of the plugin for everybody; None for viewers who are not platform operators."""
    if not reading.actor.is_platform_operator:
        return None
    reading.remember_plugins([plugin])
    key = (None, plugin.name)
    if not reading.last_changes.expects(key):
        reading.last_changes.announce((None, name) for name in reading.known_plugins)
    return reading.last_changes.get(key)


def of_config(reading: Reading, config: CustomerPluginConfig) -> PluginAuditLog | None:
    """The last change of the plugin for the customer; None for the role VIEWER."""
    # Most pairs have no row, and nothing has been changed of those.
    # That of the request, which was read with the viewer's role; a state's has none.
    customer = None if config._state.adding else reading.customers.get(config.customer_id)
    if customer is None or not reading.has_role(Role.OPERATOR, customer):
        return None
    reading.remember_plugins([config.plugin])
    key = (config.customer_id, config.plugin.name)
    if not reading.last_changes.expects(key):
        reading.last_changes.announce(_changed_pairs(reading))
    return reading.last_changes.get(key)


def _changed_pairs(reading: Reading) -> Iterator[tuple[int, str]]:
    """The pairs of the customers and plugins in the response of which something was stored."""
    for customer in reading.customers.known():
        if reading.has_role(Role.OPERATOR, customer):
            stored = reading.state_of(customer).rows
            yield from ((customer.pk, name) for name in reading.known_plugins if name in stored)

"""Changes which of a plugin's permissions a role has for one customer."""

from __future__ import annotations

from webnet.audit.operation import Operation, audited
from webnet.customers.models import Role
from webnet.errors import NotFound
from webnet.plugins.changes.scopes import lock_customer
from webnet.plugins.changes.switching import PluginChange
from webnet.plugins.gate.permissions import declared_by


@audited
def set_permission(
    operation: Operation, codename: str, *, customer: str, role: Role, granted: bool | None
) -> PluginChange:
    """Give the role the permission (True), take it away (False), or use the default again (None); for admins.

    The plugin need not be effective for the customer.
    """
    scope = lock_customer(operation, customer, Role.ADMIN)
    name = codename.removeprefix(f"{operation.plugin_name}.")
    if name not in {permission.name for permission in declared_by(operation.plugin_name)}:
        raise NotFound.permission(codename)
    config = scope.read_row(operation.plugin_name)
    decisions = config.permissions.get(name, {})
    former, state = decisions.get(role.value), scope.known_state()
    if former is not granted:
        kept = {each: given for each, given in {**decisions, role.value: granted}.items() if given is not None}
        others = {each: roles for each, roles in config.permissions.items() if each != name}
        config.permissions = {**others, name: kept} if kept else others
        config.save(update_fields=None if config._state.adding else ("permissions", "updated_at"))
        state = scope.renew(scope.read_row(operation.plugin_name))
        described = {"permission": codename, "role": role.value}
        operation.record(before={**described, "granted": former}, after={**described, "granted": granted})
    return PluginChange(
        plugin=operation.plugin_name, customer=scope.customer, changed=operation.has_changed, state=state
    )

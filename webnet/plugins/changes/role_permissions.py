"""Changes which roles of a customer have a plugin's permission; runs inside an `Operation`."""

from __future__ import annotations

from dataclasses import dataclass

from webnet.audit import operation
from webnet.audit.operation import Operation
from webnet.customers.roles import Role
from webnet.errors import NotFound
from webnet.plugins.changes import customer as customer_changes
from webnet.plugins.gate.permissions import declared_by
from webnet.plugins.models import CustomerPluginConfig


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a customer decides: give this permission to the role (True), take it (False), or leave it to the default."""

    codename: str
    role: Role
    granted: bool | None


def decide(work: Operation, *, customer: str, decision: Decision) -> tuple[str, ...]:
    """Store the customer's decision; for its admins, whether the plugin is effective for it or not yet."""
    state = customer_changes.begin(work, customer, Role.ADMIN)
    name = decision.codename.removeprefix(f"{work.plugin_name}.")
    if name not in {permission.name for permission in declared_by(work.plugin_name)}:
        raise NotFound.permission(decision.codename)
    config = state.config(work.plugin_name)
    decided = config.permissions.get(name, {}).get(decision.role.value)
    if decided is not decision.granted:
        _store(config, name, decision)
        operation.renew_customer(state.customer)
        work.before, work.after = _describe(decision, decided), _describe(decision, decision.granted)
        work.changed = True
    return ()


def _store(config: CustomerPluginConfig, permission: str, decision: Decision) -> None:
    decisions = {**config.permissions.get(permission, {}), decision.role.value: decision.granted}
    kept = {role: granted for role, granted in decisions.items() if granted is not None}
    others = {name: roles for name, roles in config.permissions.items() if name != permission}
    config.permissions = {**others, permission: kept} if kept else others
    config.save()


def _describe(decision: Decision, granted: bool | None) -> dict[str, object]:  # noqa: FBT001 - a value, not a switch
    return {"permission": decision.codename, "role": decision.role.value, "granted": granted}

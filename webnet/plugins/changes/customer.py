"""Changes a customer's choice about a plugin, what is offered to it, or who may do what; each inside an `Operation`."""

from __future__ import annotations

from dataclasses import dataclass

from webnet.audit import operation
from webnet.audit.operation import Change, Operation
from webnet.customers import access
from webnet.customers.roles import Role
from webnet.errors import NotFound, PermissionDenied, PluginUnavailable
from webnet.plugins.changes.switching import customer_nodes, find_plugin, require_runnable, switch_state
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.gate.permissions import declared_by
from webnet.plugins.gate.rules import CustomerState
from webnet.plugins.hooks import in_change as hooks
from webnet.plugins.kernel.dependencies import plan_disable, plan_enable
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginStatus


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What shall be stored for one plugin of the customer; empty availability means the plugin's."""

    plugin: str
    enabled: bool | None
    availability: str


def choose(work: Operation, *, customer: str, enabled: bool | None, cascade: bool) -> tuple[str, ...]:
    """Make, or with None forget, the customer's choice; returns the other plugins that were switched with it.

    `cascade` lets dependencies be switched on, or dependents off; without it they refuse the change.
    """
    state = begin(work, customer)
    availability = state.config(work.plugin_name).availability
    wanted = Choice(plugin=work.plugin_name, enabled=enabled, availability=availability)
    return _carry_out(work, state, plan_choices(state, wanted, cascade=cascade))


def offer(work: Operation, *, customer: str, availability: Availability | None) -> tuple[str, ...]:
    """Set, or with None remove, this customer's own availability of the plugin; platform operators only."""
    access.require_operator(work.actor)
    state = begin(work, customer)
    enabled = state.config(work.plugin_name).enabled
    wanted = Choice(plugin=work.plugin_name, enabled=enabled, availability=availability or "")
    return _carry_out(work, state, plan_choices(state, wanted, cascade=False))


def begin(work: Operation, slug: str, role: Role = Role.OPERATOR) -> CustomerState:
    """Find, allow and lock; returns the customer's state, in which the operation's plugin is sure to be."""
    work.customer = access.find_customer(work.actor, slug)
    access.require(work.actor, role, customer=work.customer)
    operation.lock_customer(work.customer)
    state = customer_state(work.customer)
    work.plugin_version = find_seen_plugin(work.actor, state, work.plugin_name).version or ""
    return state


def find_seen_plugin(actor: access.Actor, state: CustomerState, name: str) -> PluginConfig:
    """The plugin's row; NotFound where it does not exist, or not for the customer's own people."""
    row = find_plugin(state.platform.plugins, name)
    is_seen = row.enabled and state.availability(name) != Availability.WITHHELD
    if not is_seen and not actor.is_platform_operator:
        raise NotFound.plugin(name)
    return row


def plan_choices(state: CustomerState, wanted: Choice, *, cascade: bool) -> tuple[Choice, ...]:
    """The wanted choice, last, and those of other plugins that have to go with it, in the order of their hooks.

    Raises the refusal where it can't be had.
    """
    row = state.platform.plugins[wanted.plugin]
    availability = Availability(wanted.availability or row.availability)
    if wanted.enabled is True:
        _require_offered(state, row)
    if wanted.enabled is False and availability == Availability.REQUIRED and _is_on(state, row.name):
        raise _required(row.name, state)
    was_on, will_be_on = _is_on(state, row.name), row.enabled and _would_be_on(availability, choice=wanted.enabled)
    names: tuple[str, ...] = ()
    if will_be_on and not was_on:
        require_runnable(state.platform, row)
        names = plan_enable(customer_nodes(state), row.name, with_dependencies=cascade, where=_where(state))
    elif was_on and not will_be_on:
        names = _plan_off(state, row.name, with_dependents=cascade)
    others = (state.config(name) for name in names if name != row.name)
    also = (Choice(plugin=each.plugin.name, enabled=will_be_on, availability=each.availability) for each in others)
    return (*also, wanted)


def _plan_off(state: CustomerState, plugin: str, *, with_dependents: bool) -> tuple[str, ...]:
    names = plan_disable(customer_nodes(state), plugin, with_dependents=with_dependents, where=_where(state))
    for name in names:
        if name != plugin and state.availability(name) == Availability.REQUIRED:
            raise _required(name, state)
    return names


def _require_offered(state: CustomerState, row: PluginConfig) -> None:
    require_runnable(state.platform, row)
    if not row.enabled:
        message = f"'{row.name}' is disabled for everybody; enable it globally first."
        raise PluginUnavailable(message, code="PLUGIN_DISABLED", status=PluginStatus(row.status).value)
    if state.availability(row.name) == Availability.WITHHELD:
        message = f"'{row.name}' is withheld from '{state.customer.slug}'; set its availability first."
        raise PermissionDenied(message, code="AVAILABILITY")


def _required(plugin: str, state: CustomerState) -> PermissionDenied:
    message = f"'{plugin}' is required{_where(state)} and can't be switched off."
    return PermissionDenied(message, code="AVAILABILITY")


def _where(state: CustomerState) -> str:
    return f" for '{state.customer.slug}'"


def _is_on(state: CustomerState, plugin: str) -> bool:
    return state.platform.plugins[plugin].enabled and state.is_switched_on(plugin)


def _would_be_on(availability: Availability, *, choice: bool | None) -> bool:
    if availability in (Availability.REQUIRED, Availability.WITHHELD):
        return availability == Availability.REQUIRED
    return choice is True or (choice is None and availability == Availability.DEFAULT_ON)


def _carry_out(work: Operation, state: CustomerState, choices: tuple[Choice, ...]) -> tuple[str, ...]:
    for choice in choices:
        config = state.config(choice.plugin)
        if (config.enabled, config.availability) != (choice.enabled, choice.availability):
            _write(work, state, config, choice)
    if work.changed and work.customer is not None:
        operation.renew_customer(work.customer)
    return tuple(choice.plugin for choice in choices if choice.plugin != work.plugin_name)


def _write(work: Operation, state: CustomerState, config: CustomerPluginConfig, choice: Choice) -> None:
    row = config.plugin
    was_on, before = _is_on(state, row.name), switch_state(config)
    config.enabled, config.availability = choice.enabled, choice.availability
    config.save()
    is_on = row.enabled and _would_be_on(Availability(choice.availability or row.availability), choice=choice.enabled)
    if is_on != was_on:
        hooks.run(work, "enable" if is_on else "disable", row, state.customer, config)
    work.changed = True
    if row.name == work.plugin_name:
        work.before, work.after = before, switch_state(config)
    else:
        work.also.append(Change(row.name, row.version or "", before=before, after=switch_state(config)))


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a customer decides: give this permission to the role (True), take it (False), or leave it to the default."""

    codename: str
    role: Role
    granted: bool | None


def decide(work: Operation, *, customer: str, decision: Decision) -> tuple[str, ...]:
    """Store the customer's decision; for its admins, whether the plugin is effective for it or not yet."""
    state = begin(work, customer, Role.ADMIN)
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

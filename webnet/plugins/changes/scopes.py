"""For whom a change is made: everybody, in the plugins' own rows, or one customer, in its choices.

Both scopes have the same methods, so that switching is written once (`switching`). `lock_scope` locks them first, in
the order that all changes use: platform, customer, rows, audit log. What other requests have cached under the tokens of
the locked generations holds for the change, too; it is shared, so that only copies of its rows are changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from webnet.audit import operation as operations
from webnet.audit.operation import Operation
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.errors import DependencyRefusal, NotFound, PermissionDenied, PluginUnavailable
from webnet.plugin_calls import activity
from webnet.plugins.changes.availabilities import (
    Choice,
    check_dependencies,
    check_dependents,
    name_customers,
    quote,
    take_along,
)
from webnet.plugins.gate import effective
from webnet.plugins.gate.effective import customer_states, effective_customers, platform_state
from webnet.plugins.gate.rules import CustomerState, PlatformState, describe_status, describe_why_not_runnable
from webnet.plugins.kernel.dependencies import Blocker, LazyNodes, Nodes, PluginNode, plan_disable, plan_enable
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.sentences import join_sentences, sentence


@dataclass(frozen=True, kw_only=True)
class PlatformScope:
    """Everybody: the plugins' own rows."""

    platform: PlatformState
    customer: None = None

    def row(self, plugin: str) -> PluginConfig:
        """The plugin's row as it is before the change; not to be changed itself."""
        return self.platform.plugins[plugin]

    def copy_row(self, plugin: str) -> PluginConfig:
        """A copy of it to be changed, of which some columns may be written."""
        return _copy(self.row(plugin))

    def read_row(self, plugin: str) -> PluginConfig:
        """The row read anew, all of whose columns may be written."""
        return PluginConfig.objects.get(name=plugin)

    def is_on(self, choice: Choice) -> bool:
        """Whether the plugin is on with that choice."""
        return bool(choice.enabled)

    def plan_switch(self, wanted: Choice, *, cascade: bool) -> tuple[Choice, ...]:
        """What to write: the wanted choice last, and before it what is changed with it, in the order of the hooks.

        Raises the refusal where the choice can't be had.
        """
        row, nodes = self.row(wanted.plugin), self.nodes()
        if not wanted.enabled:
            try:
                names = plan_disable(nodes, row.name, with_dependents=cascade, users=self.platform.users)
            except DependencyRefusal as refusal:
                users = {
                    each: Q(pk__in=effective_customers(each, self.platform).values("pk")) for each in refusal.plugins
                }
                raise name_customers(refusal.message, users, code=refusal.code) from None
            others = (self.row(name) for name in names if name != row.name)
            return *(Choice(plugin=each.name, enabled=False, availability=each.availability) for each in others), wanted
        require_runnable(self.platform, row)
        plan_enable(nodes, row.name, with_dependencies=cascade)
        choices = (*(take_along(self.platform, wanted) if cascade else ()), wanted)
        check_dependencies(self.platform, choices, is_with_dependencies=cascade)
        check_dependents(self.platform, wanted)
        return choices

    def check_availability(self, wanted: Choice) -> None:
        """Refuse an availability with which some customer would have a plugin on but one of its dependencies off."""
        check_dependents(self.platform, wanted)
        check_dependencies(self.platform, (wanted,), is_with_dependencies=False)

    def nodes(self) -> Nodes:
        """Every plugin as the planner sees it globally: on means enabled."""
        return LazyNodes(self.platform.nodes, self._node)

    def renew(self, *written: PluginConfig) -> PlatformState | None:
        """Mark what was derived from these rows as changed, after all of them were written.

        The state that holds from now on, if it is known without reading: `written` are then copies of all that were.
        """
        token = operations.renew_platform()
        if not written or not self.platform.token or not operations.is_undisturbed():
            return None
        rows = {**self.platform.plugins, **{row.name: row for row in written}}
        state = replace(self.platform, token=token, plugins=rows)
        _keep_when_committed(partial(effective.keep_platform, state))
        return state

    def known_state(self) -> PlatformState | None:
        """The state that holds if nothing is written."""
        return self.platform if operations.is_undisturbed() else None

    def _node(self, name: str) -> PluginNode:
        blocker = _find_blocker(self.platform, self.platform.plugins[name])
        return replace(self.platform.nodes[name], blocker=blocker)


@dataclass(frozen=True, kw_only=True)
class CustomerScope:
    """One customer: its choices, within what is enabled for everybody and offered to it."""

    state: CustomerState
    platform: PlatformState
    customer: Customer

    @classmethod
    def of(cls, state: CustomerState) -> CustomerScope:
        """The scope of the customer whose state it is."""
        return cls(state=state, platform=state.platform, customer=state.customer)

    def row(self, plugin: str) -> CustomerPluginConfig:
        """The customer's row before the change, or one not stored that makes no choice; not to be changed itself."""
        return self.state.config(plugin)

    def copy_row(self, plugin: str) -> CustomerPluginConfig:
        """A copy of it to be changed, of which some columns may be written."""
        return self._detach(_copy(self.row(plugin)), plugin)

    def read_row(self, plugin: str) -> CustomerPluginConfig:
        """The row read anew, all of whose columns may be written."""
        rows = CustomerPluginConfig.objects.filter(customer=self.customer, plugin=self.platform.plugins[plugin])
        found = rows.first()
        return self.copy_row(plugin) if found is None else self._detach(found, plugin)

    def is_on(self, choice: Choice) -> bool:
        """Whether the plugin is switched on for the customer with that choice, whatever else may keep it off."""
        row = self.platform.plugins[choice.plugin]
        availability = Availability(choice.availability or row.availability)
        if availability in (Availability.REQUIRED, Availability.WITHHELD):
            return row.enabled and availability == Availability.REQUIRED
        is_chosen = choice.enabled is True or (choice.enabled is None and availability == Availability.DEFAULT_ON)
        return row.enabled and is_chosen

    def plan_switch(self, wanted: Choice, *, cascade: bool) -> tuple[Choice, ...]:
        """What to write: the wanted choice last, and before it what is changed with it, in the order of the hooks.

        Raises the refusal where the choice can't be had.
        """
        row = self.platform.plugins[wanted.plugin]
        availability = Availability(wanted.availability or row.availability)
        if wanted.enabled is True:
            self._require_offered(row, availability)
        if wanted.enabled is False and availability == Availability.REQUIRED and self._was_on(row):
            raise _required(row.name, self._where)
        return self._plan(wanted, cascade=cascade)

    def check_availability(self, wanted: Choice) -> None:
        """Refuse an availability that would switch the plugin on or off if other plugins prevent that."""
        try:
            self._plan(wanted, cascade=False)
        except DependencyRefusal as refusal:
            if refusal.code not in ("DEPENDENCY_DISABLED", "DEPENDENTS_ENABLED") or self._is_blocked(refusal.plugins):
                raise
            data = {"others": quote(refusal.plugins), "customer": self.customer.slug}
            if refusal.code == "DEPENDENCY_DISABLED":
                way_out = sentence("Enable {others} for '{customer}' first.", **data)
            else:
                way_out = sentence("Disable {others} for '{customer}' first.", **data)
            message = join_sentences((refusal.message, way_out))
            raise DependencyRefusal(message, code=refusal.code, plugins=refusal.plugins) from None

    def nodes(self) -> Nodes:
        """Every plugin as the planner sees it for the customer; only what is offered to it can be switched on."""
        return LazyNodes(self.platform.nodes, self._node)

    def renew(self, *written: CustomerPluginConfig) -> CustomerState | None:
        """Mark what was derived from these rows as changed, after all of them were written.

        The state that holds from now on, if it is known without reading: `written` are then copies of all that were.
        """
        token = operations.renew_customer(self.customer)
        if not written or not operations.is_undisturbed():
            return None
        state = self.state.with_rows({row.plugin.name: row for row in written})
        if self.platform.token:
            _keep_when_committed(partial(effective.keep_customer, state, token))
        return state

    def known_state(self) -> CustomerState | None:
        """The state that holds if nothing is written."""
        return self.state if operations.is_undisturbed() else None

    def _node(self, name: str) -> PluginNode:
        node, blocker = self.platform.nodes[name], self._find_blocker(self.platform.plugins[name])
        return replace(node, is_on=node.is_on and self.state.is_switched_on(name), blocker=blocker)

    def _detach(self, row: CustomerPluginConfig, plugin: str) -> CustomerPluginConfig:
        # Hooks and receivers of signals may change what they get, and keep it.
        row.customer, row.plugin = _copy(self.state.customer), _copy(self.platform.plugins[plugin])
        return row

    @property
    def _where(self) -> str:
        return sentence(" for '{customer}'", customer=self.customer.slug)

    def _was_on(self, row: PluginConfig) -> bool:
        return row.enabled and self.state.is_switched_on(row.name)

    def _plan(self, wanted: Choice, *, cascade: bool) -> tuple[Choice, ...]:
        """As `plan_switch`, whether it is the customer's choice that changes or its availability."""
        row = self.platform.plugins[wanted.plugin]
        will_be_on = self.is_on(wanted)
        if self._was_on(row) == will_be_on:
            return (wanted,)
        if will_be_on:
            require_runnable(self.platform, row)
            names = plan_enable(self.nodes(), row.name, with_dependencies=cascade, where=self._where)
        else:
            names = plan_disable(
                self.nodes(), row.name, with_dependents=cascade, where=self._where, users=self.platform.users
            )
        others = [name for name in names if name != row.name]
        required = [name for name in others if self.state.availability(name) == Availability.REQUIRED]
        if required and not will_be_on:
            raise _required(required[0], self._where)
        rows = ((name, self.row(name).availability) for name in others)
        return *(Choice(plugin=name, enabled=will_be_on, availability=each) for name, each in rows), wanted

    def _require_offered(self, row: PluginConfig, availability: Availability) -> None:
        require_runnable(self.platform, row)
        if not row.enabled:
            message = sentence("'{plugin}' is disabled for everybody; enable it globally first.", plugin=row.name)
            raise PluginUnavailable(message, code="PLUGIN_DISABLED", status=PluginStatus(row.status).value)
        if availability == Availability.WITHHELD:
            message = sentence(
                "'{plugin}' is withheld from '{customer}'; set its availability first.",
                plugin=row.name,
                customer=self.customer.slug,
            )
            raise PermissionDenied(message, code="AVAILABILITY")

    def _is_blocked(self, plugins: Iterable[str]) -> bool:
        return any(self._find_blocker(self.platform.plugins[name]) for name in plugins)

    def _find_blocker(self, row: PluginConfig) -> Blocker | None:
        if not row.enabled:
            return Blocker(reason=sentence("is disabled for everybody"))
        if self.state.availability(row.name) == Availability.WITHHELD:
            return Blocker(reason=sentence("is withheld from '{customer}'", customer=self.customer.slug))
        return _find_blocker(self.platform, row)


Scope = PlatformScope | CustomerScope
Row = TypeVar("Row", Customer, CustomerPluginConfig, PluginConfig)


def lock_scope(operation: Operation, customer: str | None) -> Scope:
    """The scope of a change of the operation's plugin, found, allowed and locked; None is everybody."""
    return lock_platform(operation) if customer is None else lock_customer(operation, customer)


def lock_platform(operation: Operation) -> PlatformScope:
    """Everybody, for platform operators. Raises NotFound without such a plugin."""
    access.require_operator(operation.actor)
    platform = platform_state(operations.lock_platform(), is_locked=operations.is_undisturbed())
    operation.plugin_version = find_plugin(platform.plugins, operation.plugin_name).version or ""
    return PlatformScope(platform=platform)


def lock_customer(operation: Operation, slug: str, role: Role = Role.OPERATOR) -> CustomerScope:
    """One customer, for members with at least that role. Raises NotFound for what does not exist for the actor."""
    operation.customer, token = operations.find_and_lock_customer(operation.actor, slug)
    access.require(operation.actor, role, customer=operation.customer)
    is_locked = operations.is_undisturbed()
    platform = platform_state(token, is_locked=is_locked)
    state = customer_states([operation.customer], platform, is_locked=is_locked)[operation.customer.pk]
    operation.plugin_version = find_seen_plugin(operation.actor, state, operation.plugin_name).version or ""
    return CustomerScope(state=state, platform=state.platform, customer=operation.customer)


def _copy(row: Row) -> Row:
    copied = copy.copy(row)
    for name, value in vars(row).items():
        if isinstance(value, dict | list):
            setattr(copied, name, copy.deepcopy(value))
    return copied


def _keep_when_committed(keep: Callable[[], object]) -> None:
    # What a plugin does with the database until then, such as a field of the answer, may change the rows.
    known = activity.count
    transaction.on_commit(lambda: keep() if activity.count == known else None, robust=True)


def find_plugin(plugins: Mapping[str, PluginConfig], name: str) -> PluginConfig:
    """The plugin's row. Raises NotFound."""
    if name not in plugins:
        raise NotFound.plugin(name)
    return plugins[name]


def find_seen_plugin(actor: Actor, state: CustomerState, name: str) -> PluginConfig:
    """The plugin's row. Raises NotFound if it does not exist, or not for the customer's members."""
    row = find_plugin(state.platform.plugins, name)
    if not state.shows(name) and not actor.is_platform_operator:
        raise NotFound.plugin(name)
    return row


def require_runnable(platform: PlatformState, row: PluginConfig) -> None:
    """Raise PluginUnavailable unless the plugin's code can run here."""
    if row.status != PluginStatus.LOADED:
        status = PluginStatus(row.status)
        raise PluginUnavailable(describe_why_not_runnable(row), status=status.value)
    if row.name in platform.unloaded:
        raise PluginUnavailable(platform.unloaded[row.name], status=PluginStatus.FAILED.value)


def _find_blocker(platform: PlatformState, row: PluginConfig) -> Blocker | None:
    if row.status == PluginStatus.LOADED and row.name not in platform.unloaded:
        return None
    return Blocker(reason=sentence("can't run ({status})", status=describe_status(row)))


def _required(plugin: str, where: str) -> PermissionDenied:
    message = sentence("'{plugin}' is required{where} and can't be switched off.", plugin=plugin, where=where)
    return PermissionDenied(message, code="AVAILABILITY")

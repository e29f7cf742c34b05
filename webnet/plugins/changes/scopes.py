"""For whom a change is made: everybody, in the plugins' own rows, or one customer, in its choices.

Both scopes have the same methods, so that switching is written once (`switching`). A scope is read from rows;
`lock_scope` locks them first, in the order that all changes use: platform, customer, rows, audit log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

from django.db.models import Q

from webnet.audit import operation as operations
from webnet.audit.operation import Operation
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.customers.summary import CustomerSummary
from webnet.errors import DependencyRefusal, NotFound, PermissionDenied, PluginUnavailable
from webnet.plugins.gate.effective import customer_state, effective_customers, platform_state, switched_on
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.kernel.dependencies import Blocker, PluginNode, dependents, plan_disable, plan_enable
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginStatus


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is to be stored for one plugin.

    For a customer `enabled` may be None, for no choice, and an empty `availability` means the plugin's.
    """

    plugin: str
    enabled: bool | None
    availability: str


@dataclass(frozen=True, kw_only=True)
class PlatformScope:
    """Everybody: the plugins' own rows."""

    platform: PlatformState
    customer: None = None

    def row(self, plugin: str) -> PluginConfig:
        """The row that a change for everybody is written to."""
        return self.platform.plugins[plugin]

    def is_on(self, choice: Choice) -> bool:
        """Whether the plugin is on with that choice."""
        return bool(choice.enabled)

    def plan_switch(self, wanted: Choice, *, cascade: bool) -> tuple[str, ...]:
        """The plugins to switch along with the wanted one, in the order of their hooks; it comes last itself.

        Raises the refusal where the choice can't be had.
        """
        row, nodes = self.row(wanted.plugin), self.nodes()
        if not wanted.enabled:
            try:
                return plan_disable(nodes, row.name, with_dependents=cascade)
            except DependencyRefusal as refusal:
                users = (Q(pk__in=effective_customers(each, self.platform).values("pk")) for each in refusal.plugins)
                raise _with_customers(refusal.message, refusal.plugins, reduce(or_, users), refusal.code) from None
        require_runnable(self.platform, row)
        names = plan_enable(nodes, row.name, with_dependencies=cascade)
        self.check_availability(wanted)
        return names

    def check_availability(self, wanted: Choice) -> None:
        """Refuse an availability with which some customer would have a plugin on but one of its dependencies off."""
        row, plugins = self.row(wanted.plugin), self.platform.plugins
        if wanted.availability == row.availability:
            return
        nodes = self.nodes()
        before, after = switched_on(row, row.availability), switched_on(row, wanted.availability)

        needing = [plugins[name] for name in dependents(nodes, row.name) if plugins[name].enabled]
        blocking = _where_any({other.name: before & ~after & _on(other) for other in needing})
        if blocking:
            message = f"'{row.name}' is needed by {_quoted(blocking)}, which some customers have switched on."
            raise _with_customers(message, tuple(blocking), reduce(or_, blocking.values()), "DEPENDENTS_ENABLED")

        needed = [plugins[need.name] for need in nodes[row.name].dependencies if need.name in plugins]
        off = _where_any({other.name: after & ~before & ~_on(other) for other in needed})
        if off:
            message = f"'{row.name}' needs {_quoted(off)}, which is not on for every customer that would get it."
            raise _with_customers(message, tuple(off), reduce(or_, off.values()))

    def nodes(self) -> dict[str, PluginNode]:
        """Every plugin as the planner sees it globally: on means enabled."""
        rows = self.platform.plugins
        return {
            name: replace(node, blocker=_find_blocker(self.platform, rows[name]))
            for name, node in self.platform.nodes.items()
        }

    def renew(self) -> None:
        """Mark what was derived from these rows as changed."""
        operations.renew_platform()


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
        """The customer's row, or one not stored yet that makes no choice."""
        return self.state.config(plugin)

    def is_on(self, choice: Choice) -> bool:
        """Whether the plugin is switched on for the customer with that choice, whatever else may keep it off."""
        row = self.platform.plugins[choice.plugin]
        availability = Availability(choice.availability or row.availability)
        if availability in (Availability.REQUIRED, Availability.WITHHELD):
            return row.enabled and availability == Availability.REQUIRED
        is_chosen = choice.enabled is True or (choice.enabled is None and availability == Availability.DEFAULT_ON)
        return row.enabled and is_chosen

    def plan_switch(self, wanted: Choice, *, cascade: bool) -> tuple[str, ...]:
        """The plugins to switch along with the wanted one, in the order of their hooks; it comes last itself.

        Raises the refusal where the choice can't be had.
        """
        row, where = self.platform.plugins[wanted.plugin], f" for '{self.customer.slug}'"
        was_on, will_be_on = row.enabled and self.state.is_switched_on(row.name), self.is_on(wanted)
        if wanted.enabled is True:
            self._require_offered(row)
        availability = Availability(wanted.availability or row.availability)
        if wanted.enabled is False and availability == Availability.REQUIRED and was_on:
            raise _required(row.name, where)
        if will_be_on and not was_on:
            require_runnable(self.platform, row)
            return plan_enable(self.nodes(), row.name, with_dependencies=cascade, where=where)
        if not was_on or will_be_on:
            return ()
        names = plan_disable(self.nodes(), row.name, with_dependents=cascade, where=where)
        for name in names:
            if name != row.name and self.state.availability(name) == Availability.REQUIRED:
                raise _required(name, where)
        return names

    def check_availability(self, wanted: Choice) -> None:
        """Refuse an availability that would switch the plugin on or off if other plugins prevent that."""
        self.plan_switch(wanted, cascade=False)

    def nodes(self) -> dict[str, PluginNode]:
        """Every plugin as the planner sees it for the customer; only what is offered to it can be switched on."""
        rows = self.platform.plugins
        return {
            name: replace(
                node,
                is_on=node.is_on and self.state.is_switched_on(name),
                blocker=self._find_blocker(rows[name]),
            )
            for name, node in self.platform.nodes.items()
        }

    def renew(self) -> None:
        """Mark what was derived from these rows as changed."""
        operations.renew_customer(self.customer)

    def _require_offered(self, row: PluginConfig) -> None:
        require_runnable(self.platform, row)
        if not row.enabled:
            message = f"'{row.name}' is disabled for everybody; enable it globally first."
            raise PluginUnavailable(message, code="PLUGIN_DISABLED", status=PluginStatus(row.status).value)
        if self.state.availability(row.name) == Availability.WITHHELD:
            message = f"'{row.name}' is withheld from '{self.customer.slug}'; set its availability first."
            raise PermissionDenied(message, code="AVAILABILITY")

    def _find_blocker(self, row: PluginConfig) -> Blocker | None:
        if not row.enabled:
            return Blocker(reason="is disabled for everybody")
        if self.state.availability(row.name) == Availability.WITHHELD:
            return Blocker(reason=f"is withheld from '{self.customer.slug}'")
        return _find_blocker(self.platform, row)


Scope = PlatformScope | CustomerScope


def lock_scope(operation: Operation, customer: str | None) -> Scope:
    """The scope of a change of the operation's plugin, found, allowed and locked; None is everybody."""
    return lock_platform(operation) if customer is None else lock_customer(operation, customer)


def lock_platform(operation: Operation) -> PlatformScope:
    """Everybody, for platform operators. Raises NotFound without such a plugin."""
    access.require_operator(operation.actor)
    operations.lock_platform()
    platform = platform_state()
    operation.plugin_version = find_plugin(platform.plugins, operation.plugin_name).version or ""
    return PlatformScope(platform=platform)


def lock_customer(operation: Operation, slug: str, role: Role = Role.OPERATOR) -> CustomerScope:
    """One customer, for members with at least that role. Raises NotFound for what does not exist for the actor."""
    operation.customer = access.find_customer(operation.actor, slug)
    access.require(operation.actor, role, customer=operation.customer)
    operations.lock_customer(operation.customer)
    state = customer_state(operation.customer)
    operation.plugin_version = find_seen_plugin(operation.actor, state, operation.plugin_name).version or ""
    return CustomerScope.of(state)


def find_plugin(plugins: Mapping[str, PluginConfig], name: str) -> PluginConfig:
    """The plugin's row. Raises NotFound."""
    if name not in plugins:
        raise NotFound.plugin(name)
    return plugins[name]


def find_seen_plugin(actor: Actor, state: CustomerState, name: str) -> PluginConfig:
    """The plugin's row. Raises NotFound if it does not exist, or not for the customer's members."""
    row = find_plugin(state.platform.plugins, name)
    is_seen = row.enabled and state.availability(name) != Availability.WITHHELD
    if not is_seen and not actor.is_platform_operator:
        raise NotFound.plugin(name)
    return row


def require_runnable(platform: PlatformState, row: PluginConfig) -> None:
    """Raise PluginUnavailable unless the plugin's code can run here."""
    if row.status != PluginStatus.LOADED:
        status = PluginStatus(row.status)
        why = f": {row.status_reason}" if row.status_reason else "."
        raise PluginUnavailable(f"'{row.name}' can't run ({status.label.lower()}){why}", status=status.value)
    if row.name in platform.unloaded:
        raise PluginUnavailable(platform.unloaded[row.name], status=PluginStatus.FAILED.value)


def _find_blocker(platform: PlatformState, row: PluginConfig) -> Blocker | None:
    if row.status == PluginStatus.LOADED and row.name not in platform.unloaded:
        return None
    return Blocker(reason=f"can't run ({PluginStatus(row.status).label.lower()})")


def _required(plugin: str, where: str) -> PermissionDenied:
    return PermissionDenied(f"'{plugin}' is required{where} and can't be switched off.", code="AVAILABILITY")


def _on(row: PluginConfig) -> Q:
    return switched_on(row, row.availability)


def _where_any(conditions: dict[str, Q]) -> dict[str, Q]:
    """The conditions that hold for some customer."""
    return {name: condition for name, condition in conditions.items() if Customer.objects.filter(condition).exists()}


def _with_customers(message: str, plugins: tuple[str, ...], condition: Q, code: str | None = None) -> DependencyRefusal:
    """The refusal, with the customers for whom the condition holds."""
    found = CustomerSummary.of_queryset(Customer.objects.filter(condition))
    message = f"{message} It concerns {found.describe()}."
    return DependencyRefusal(message, code=code, plugins=plugins, customers=found.slugs, customer_count=found.count)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)

"""The rule of the gate, computed from rows: what is effective for a customer, and why other plugins are not."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db import models

from webnet.customers.models import Customer
from webnet.plugins.declarations import Dependency
from webnet.plugins.kernel.dependencies import PluginNode, describe_cycle, find_cycle, in_reach, satisfies, users_of
from webnet.plugins.models import FAULT_BEGINNING, Availability, CustomerPluginConfig, PluginConfig, PluginStatus
from webnet.sentences import Sentence, sentence


class IneffectiveCode(models.TextChoices):
    """Why a plugin is not effective for a customer, for programs.

    Attributes:
        NOT_RUNNABLE: Its code can't run here.
        DISABLED_GLOBALLY: It is disabled for everybody.
        WITHHELD: The platform operator withholds it from the customer.
        NOT_SWITCHED_ON: The customer has made no choice, and it is not on by default.
        SWITCHED_OFF: The customer has switched it off.
        PAUSED: It is paused after failures, for everybody or for the customer.
        DEPENDENCY_NOT_EFFECTIVE: A plugin that it needs is not effective.
        INVALID_SETTINGS: Its settings are not valid under its schema.
        CUSTOMER_INACTIVE: The customer is not active.
    """

    NOT_RUNNABLE = "not_runnable"
    DISABLED_GLOBALLY = "disabled_globally"
    WITHHELD = "withheld"
    NOT_SWITCHED_ON = "not_switched_on"
    SWITCHED_OFF = "switched_off"
    PAUSED = "paused"
    DEPENDENCY_NOT_EFFECTIVE = "dependency_not_effective"
    INVALID_SETTINGS = "invalid_settings"
    CUSTOMER_INACTIVE = "customer_inactive"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One reason why a plugin is not effective: `message` for people, `code` for programs."""

    code: IneffectiveCode
    message: str


def describe_status(row: PluginConfig) -> Sentence:
    """The plugin's status as a word in a sentence."""
    return sentence(PluginStatus(row.status).label.lower())


def describe_why_not_runnable(row: PluginConfig) -> Sentence:
    """Why the code of the plugin can't run, by its status and its stored reason."""
    data = {"plugin": row.name, "status": describe_status(row), "reason": row.status_reason}
    if row.status_reason:
        return sentence("'{plugin}' can't run ({status}): {reason}", **data)
    return sentence("'{plugin}' can't run ({status}).", **data)


def describe_settings_fault(plugin: str, fault: str) -> Sentence:
    """Why the plugin's settings can't be used, of the stored fault."""
    if isinstance(fault, Sentence) and "issues" in fault.data:
        issues = fault.data["issues"]
    else:
        issues = fault.removeprefix(FAULT_BEGINNING).removesuffix(".")
    return sentence("The settings of '{plugin}' do not fit its schema: {issues}.", plugin=plugin, issues=issues)


@dataclass(frozen=True, kw_only=True)
class PlatformState:
    """The plugins' rows under one generation token, by name; `unloaded` are those this worker could not load."""

    token: str
    plugins: Mapping[str, PluginConfig]
    unloaded: Mapping[str, str]

    def needed_by(self, plugin: str) -> frozenset[str] | None:
        """The plugin and all that it needs, directly or not; None if one of them can't be effective for anybody."""
        needed: set[str] = set()
        stack = [plugin]
        while stack:
            name = stack.pop()
            if name in needed:
                continue
            if name not in self.plugins or self.obstacles[name]:
                return None
            needed.add(name)
            stack.extend(need.name for need in self.nodes[name].dependencies)
        return frozenset(needed)

    @cached_property
    def possible(self) -> frozenset[str]:
        """The plugins that can be effective for a customer."""
        return frozenset(name for name in self.plugins if self.needed_by(name) is not None)

    def reasons(self, plugin: str) -> tuple[Reason, ...]:
        """Why the plugin is effective for nobody, whatever a customer chooses; empty if it depends on the customer."""
        if plugin in self.circles:
            return self.obstacles[plugin]
        blocked = (
            need.name
            for need in self.nodes[plugin].dependencies
            # One that is not installed is an obstacle of the plugin's own.
            if need.name in self.plugins and self.needed_by(need.name) is None
        )
        code = IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE
        needs = (
            sentence("'{plugin}' needs '{needed}', which is not effective for anybody.", plugin=plugin, needed=name)
            for name in blocked
        )
        return (*self.obstacles[plugin], *(Reason(code=code, message=message) for message in needs))

    @cached_property
    def nodes(self) -> Mapping[str, PluginNode]:
        """The plugins as the planner sees them: on means enabled."""
        return {
            row.name: PluginNode(
                name=row.name,
                version=row.version or "",
                dependencies=tuple(Dependency(name=d["name"], specifier=d["specifier"]) for d in row.dependencies),
                is_on=row.enabled,
            )
            for row in self.plugins.values()
        }

    @cached_property
    def users(self) -> Mapping[str, tuple[str, ...]]:
        """By plugin, what depends on it directly, by name."""
        return users_of(self.nodes)

    @cached_property
    def obstacles(self) -> Mapping[str, tuple[Reason, ...]]:
        """By plugin, why it can't be effective for any customer; empty if it can be."""
        return {name: tuple(self._find_obstacles(row)) for name, row in self.plugins.items()}

    @cached_property
    def circles(self) -> Mapping[str, tuple[str, ...]]:
        """The plugins that need themselves, directly or not, each with the path of dependencies back to itself."""
        return {name: path for name in self.nodes if (path := find_cycle(self.nodes, name))}

    def _find_obstacles(self, row: PluginConfig) -> Iterator[Reason]:
        if row.status == PluginStatus.PAUSED:
            yield Reason(
                code=IneffectiveCode.PAUSED,
                message=row.status_reason or sentence("'{plugin}' is paused.", plugin=row.name),
            )
        elif row.status != PluginStatus.LOADED:
            yield Reason(code=IneffectiveCode.NOT_RUNNABLE, message=describe_why_not_runnable(row))
        elif row.name in self.unloaded:
            yield Reason(code=IneffectiveCode.NOT_RUNNABLE, message=self.unloaded[row.name])
        if not row.enabled:
            message = sentence("'{plugin}' is disabled for everybody.", plugin=row.name)
            yield Reason(code=IneffectiveCode.DISABLED_GLOBALLY, message=message)
        for need in self.nodes[row.name].dependencies:
            yield from self._find_unmet(row.name, need)
        if row.name in self.circles:
            message = describe_cycle(self.circles[row.name])
            yield Reason(code=IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE, message=message)

    def _find_unmet(self, plugin: str, need: Dependency) -> Iterator[Reason]:
        row = self.plugins.get(need.name)
        if row is not None and row.version and satisfies(row.version, need.specifier):
            return
        data = {"plugin": plugin, "needed": need, "version": row.version if row is not None else None}
        if row is None:
            message = sentence("'{plugin}' needs '{needed}', which is not installed.", **data)
        elif row.version:
            message = sentence("'{plugin}' needs '{needed}', which is {version}.", **data)
        else:
            message = sentence("'{plugin}' needs '{needed}', which is of no known version.", **data)
        yield Reason(code=IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE, message=message)


@dataclass(frozen=True, kw_only=True)
class CustomerState:
    """The state of one customer under one pair of tokens; `rows` are its explicit choices, by plugin name.

    Shared between requests and threads: read it, never write to its rows.
    """

    customer: Customer
    platform: PlatformState
    rows: Mapping[str, CustomerPluginConfig]

    def with_rows(self, written: Mapping[str, CustomerPluginConfig]) -> CustomerState:
        """The state after these rows, by plugin name, were written; keeps what is known of plugins without them."""
        after = replace(self, rows={**self.rows, **written})
        # A copy, since other threads may add to it.
        known = self._known.copy()
        for name in in_reach(self.platform.users, written):
            known.pop(name, None)
        after._known.update(known)  # noqa: SLF001 - another one of this class
        return after

    # Made once for all requests that show them: most plugins have no stored row.
    @cached_property
    def _configs(self) -> dict[str, CustomerPluginConfig]:
        return {}

    @cached_property
    def derived(self) -> dict[Hashable, Any]:
        """What others have derived from this state, and keep for as long as it is kept."""
        return {}

    @cached_property
    def shown(self) -> frozenset[str]:
        """The names of the plugins that exist for the customer's users."""
        return frozenset(name for name in self.platform.plugins if self.shows(name))

    @cached_property
    def effective(self) -> frozenset[str]:
        """The names of the plugins that are effective."""
        return frozenset(name for name in self.platform.plugins if not self.reasons(name))

    def config(self, plugin: str) -> CustomerPluginConfig:
        """The stored row, or an unsaved one that stands for no choice."""
        known = self._configs.get(plugin)
        if known is not None:
            return known
        row = self.platform.plugins[plugin]
        config = self.rows.get(plugin) or CustomerPluginConfig(customer=self.customer, plugin=row)
        config.customer, config.plugin = self.customer, row
        return self._configs.setdefault(plugin, config)

    def shows(self, plugin: str) -> bool:
        """Whether the plugin exists for the customer's users: enabled globally, and not withheld."""
        return self.platform.plugins[plugin].enabled and self.availability(plugin) != Availability.WITHHELD

    def has(self, config: CustomerPluginConfig) -> bool:
        """Whether it is one that `config` returned, so that nothing is in it but what this state says."""
        return self._configs.get(config.plugin.name) is config

    def availability(self, plugin: str) -> Availability:
        """The one set for this customer, or else the plugin's."""
        row = self.rows.get(plugin)
        return Availability((row.availability if row else "") or self.platform.plugins[plugin].availability)

    def settings_fault(self, plugin: str) -> str:
        """Why the customer's merged settings can't be used; empty while they can."""
        row = self.rows.get(plugin)
        return row.settings_fault if row is not None and row.overrides else self.platform.plugins[plugin].settings_fault

    def is_switched_on(self, plugin: str) -> bool:
        """On by availability and choice, even if something else prevents it from being effective."""
        return self._switched_off(plugin) is None

    def reasons(self, plugin: str) -> tuple[Reason, ...]:
        """Why the plugin is not effective; empty when it is."""
        if plugin not in self._known:
            self._known[plugin] = tuple(self._find_reasons(plugin))
        return self._known[plugin]

    # Cached, since all plugins that need the same one use its reasons.
    @cached_property
    def _known(self) -> dict[str, tuple[Reason, ...]]:
        return {}

    def _find_reasons(self, plugin: str) -> Iterator[Reason]:
        yield from self.platform.obstacles[plugin]
        switched_off = self._switched_off(plugin)
        if switched_off is not None:
            yield switched_off
        own = self.rows.get(plugin)
        if own is not None and own.is_paused:
            yield Reason(code=IneffectiveCode.PAUSED, message=own.pause_reason)
        if fault := self.settings_fault(plugin):
            yield Reason(code=IneffectiveCode.INVALID_SETTINGS, message=describe_settings_fault(plugin, fault))
        # The dependencies of a circle lead back to it: following them would never end.
        if plugin not in self.platform.circles:
            yield from self._find_ineffective_needs(plugin)
        if not self.customer.is_active:
            message = sentence("The customer '{customer}' is not active.", customer=self.customer.slug)
            yield Reason(code=IneffectiveCode.CUSTOMER_INACTIVE, message=message)

    def _find_ineffective_needs(self, plugin: str) -> Iterator[Reason]:
        for need in self.platform.nodes[plugin].dependencies:
            # One that is not installed is an obstacle for everybody, which is reported there.
            if need.name in self.platform.plugins and self.reasons(need.name):
                message = sentence(
                    "'{plugin}' needs '{needed}', which is not effective for '{customer}'.",
                    plugin=plugin,
                    needed=need.name,
                    customer=self.customer.slug,
                )
                yield Reason(code=IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE, message=message)

    def _switched_off(self, plugin: str) -> Reason | None:
        row = self.rows.get(plugin)
        choice = row.enabled if row else None
        availability = self.availability(plugin)
        data = {"plugin": plugin, "customer": self.customer.slug}
        if availability == Availability.WITHHELD:
            message = sentence("'{plugin}' is withheld from '{customer}'.", **data)
            return Reason(code=IneffectiveCode.WITHHELD, message=message)
        if availability == Availability.REQUIRED:
            return None
        if choice is False:
            message = sentence("'{customer}' has switched '{plugin}' off.", **data)
            return Reason(code=IneffectiveCode.SWITCHED_OFF, message=message)
        if choice is None and availability == Availability.OFFERED:
            message = sentence("'{customer}' has not switched '{plugin}' on.", **data)
            return Reason(code=IneffectiveCode.NOT_SWITCHED_ON, message=message)
        return None

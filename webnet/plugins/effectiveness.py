"""The rule of the gate, computed from rows: what is effective for a customer, and why the rest is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db import models

from webnet.customers.models import Customer
from webnet.plugins.compatibility import satisfies
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginStatus


class IneffectiveCode(models.TextChoices):
    """Why a plugin is not effective for a customer, for programs."""

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


@dataclass(frozen=True, kw_only=True)
class PlatformState:
    """The plugins' rows under one generation token, by name; `unloaded` are those this worker could not load."""

    token: str
    plugins: Mapping[str, PluginConfig]
    unloaded: Mapping[str, str]

    def needed_by(self, plugin: str) -> frozenset[str] | None:
        """The plugin and all it needs, directly or not; None where one of them can't be effective for anybody."""
        needed: set[str] = set()
        stack = [plugin]
        while stack:
            name = stack.pop()
            if name in needed:
                continue
            row = self.plugins.get(name)
            if row is None or any(self.obstacles(row)) or self._is_in_cycle(name):
                return None
            needed.add(name)
            stack.extend(dependency["name"] for dependency in row.dependencies)
        return frozenset(needed)

    def obstacles(self, row: PluginConfig) -> Iterator[Reason]:
        """Why the plugin is effective for nobody, as far as it stands for itself."""
        if row.status == PluginStatus.PAUSED:
            yield Reason(code=IneffectiveCode.PAUSED, message=row.status_reason or f"'{row.name}' is paused.")
        elif row.status != PluginStatus.LOADED:
            why = f": {row.status_reason}" if row.status_reason else "."
            label = PluginStatus(row.status).label.lower()
            yield Reason(code=IneffectiveCode.NOT_RUNNABLE, message=f"'{row.name}' can't run ({label}){why}")
        elif row.name in self.unloaded:
            yield Reason(code=IneffectiveCode.NOT_RUNNABLE, message=self.unloaded[row.name])
        if not row.enabled:
            yield Reason(code=IneffectiveCode.DISABLED_GLOBALLY, message=f"'{row.name}' is disabled for everybody.")
        for dependency in row.dependencies:
            yield from self._unmet(row, **dependency)

    def _unmet(self, row: PluginConfig, name: str, specifier: str) -> Iterator[Reason]:
        needed = self.plugins.get(name)
        if needed is not None and needed.version and satisfies(needed.version, specifier):
            return
        state = "is not installed" if needed is None else f"is {needed.version or 'of no known version'}"
        message = f"'{row.name}' needs '{name}{specifier}', which {state}."
        yield Reason(code=IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE, message=message)

    def _is_in_cycle(self, plugin: str) -> bool:
        seen: set[str] = set()
        stack = [dependency["name"] for dependency in self.plugins[plugin].dependencies]
        while stack:
            name = stack.pop()
            if name == plugin:
                return True
            if name not in seen and name in self.plugins:
                seen.add(name)
                stack.extend(dependency["name"] for dependency in self.plugins[name].dependencies)
        return False


@dataclass(frozen=True, kw_only=True)
class CustomerState:
    """What holds for one customer under one pair of tokens; `rows` are its explicit choices, by plugin name.

    Shared between requests and threads: read it, never write to its rows.
    """

    customer: Customer
    platform: PlatformState
    rows: Mapping[str, CustomerPluginConfig]

    @cached_property
    def effective(self) -> frozenset[str]:
        """The names of the plugins that are effective."""
        return frozenset(name for name in self.platform.plugins if not self.reasons(name))

    @cached_property
    def configs(self) -> Mapping[str, CustomerPluginConfig]:
        """One config for every plugin, by name; unsaved where the customer has no row."""
        return {name: self.config(name) for name in self.platform.plugins}

    def config(self, plugin: str) -> CustomerPluginConfig:
        """The stored row, or an unsaved one that says the same: no choice made."""
        row = self.platform.plugins[plugin]
        config = self.rows.get(plugin) or CustomerPluginConfig(customer=self.customer, plugin=row)
        config.customer, config.plugin = self.customer, row
        return config

    def availability(self, plugin: str) -> Availability:
        """The one set for this customer, or else the plugin's."""
        row = self.rows.get(plugin)
        return Availability((row.availability if row else "") or self.platform.plugins[plugin].availability)

    def is_switched_on(self, plugin: str) -> bool:
        """On by availability and choice, whatever else may stand in the way."""
        return self._switched_off(plugin) is None

    def reasons(self, plugin: str) -> tuple[Reason, ...]:
        """Why the plugin is not effective; empty when it is."""
        return self._reasons(plugin, ())

    def _reasons(self, plugin: str, path: tuple[str, ...]) -> tuple[Reason, ...]:
        if plugin in self._known:
            return self._known[plugin]
        found = tuple(self._find_reasons(plugin, (*path, plugin)))
        self._known[plugin] = found
        return found

    @cached_property
    def _known(self) -> dict[str, tuple[Reason, ...]]:
        return {}

    def _find_reasons(self, plugin: str, path: tuple[str, ...]) -> Iterator[Reason]:
        row = self.platform.plugins[plugin]
        yield from self.platform.obstacles(row)
        switched_off = self._switched_off(plugin)
        if switched_off is not None:
            yield switched_off
        for dependency in row.dependencies:
            yield from self._ineffective_dependency(plugin, dependency["name"], path)
        if not self.customer.is_active:
            message = f"The customer '{self.customer.slug}' is not active."
            yield Reason(code=IneffectiveCode.CUSTOMER_INACTIVE, message=message)

    def _ineffective_dependency(self, plugin: str, needed: str, path: tuple[str, ...]) -> Iterator[Reason]:
        if needed not in self.platform.plugins:
            return  # an obstacle of the platform, named there
        if needed in path:
            circle = " → ".join((*path[path.index(needed) :], needed))
            message = f"'{plugin}' is in a circle of dependencies: {circle}."
        elif self._reasons(needed, path):
            message = f"'{plugin}' needs '{needed}', which is not effective for '{self.customer.slug}'."
        else:
            return
        yield Reason(code=IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE, message=message)

    def _switched_off(self, plugin: str) -> Reason | None:
        row = self.rows.get(plugin)
        choice = row.enabled if row else None
        availability = self.availability(plugin)
        slug = self.customer.slug
        if availability == Availability.WITHHELD:
            return Reason(code=IneffectiveCode.WITHHELD, message=f"'{plugin}' is withheld from '{slug}'.")
        if availability == Availability.REQUIRED:
            return None
        if choice is False:
            return Reason(code=IneffectiveCode.SWITCHED_OFF, message=f"'{slug}' has switched '{plugin}' off.")
        if choice is None and availability == Availability.OFFERED:
            return Reason(code=IneffectiveCode.NOT_SWITCHED_ON, message=f"'{slug}' has not switched '{plugin}' on.")
        return None

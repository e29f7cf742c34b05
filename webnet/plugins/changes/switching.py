"""Plans and carries out the switching of plugins, for everybody or for one customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from webnet.errors import NotFound, PluginUnavailable
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.kernel.dependencies import Blocker, PluginNode
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginStatus


def platform_nodes(platform: PlatformState) -> dict[str, PluginNode]:
    """Every plugin as the planner sees it globally: on is enabled."""
    rows = platform.plugins
    return {name: replace(node, blocker=_broken(platform, rows[name])) for name, node in platform.nodes.items()}


def customer_nodes(state: CustomerState) -> dict[str, PluginNode]:
    """Every plugin as the planner sees it for one customer; only what is offered to it can be switched on."""
    rows = state.platform.plugins
    return {
        name: replace(node, is_on=node.is_on and state.is_switched_on(name), blocker=_unoffered(state, rows[name]))
        for name, node in state.platform.nodes.items()
    }


def find_plugin(plugins: Mapping[str, PluginConfig], name: str) -> PluginConfig:
    """The plugin's row, or NotFound."""
    if name not in plugins:
        raise NotFound.plugin(name)
    return plugins[name]


def require_runnable(platform: PlatformState, row: PluginConfig) -> None:
    """Raise PluginUnavailable unless the plugin's code can run here."""
    if row.status != PluginStatus.LOADED:
        status = PluginStatus(row.status)
        why = f": {row.status_reason}" if row.status_reason else "."
        raise PluginUnavailable(f"'{row.name}' can't run ({status.label.lower()}){why}", status=status.value)
    if row.name in platform.unloaded:
        raise PluginUnavailable(platform.unloaded[row.name], status=PluginStatus.FAILED.value)


def switch_state(row: PluginConfig | CustomerPluginConfig) -> dict[str, object]:
    """What an audit row says of a switch, before and after."""
    return {"enabled": row.enabled, "availability": row.availability or None}


def _broken(platform: PlatformState, row: PluginConfig) -> Blocker | None:
    if row.status == PluginStatus.LOADED and row.name not in platform.unloaded:
        return None
    return Blocker(reason=f"can't run ({PluginStatus(row.status).label.lower()})")


def _unoffered(state: CustomerState, row: PluginConfig) -> Blocker | None:
    if not row.enabled:
        return Blocker(reason="is disabled for everybody")
    if state.availability(row.name) == Availability.WITHHELD:
        return Blocker(reason=f"is withheld from '{state.customer.slug}'")
    return _broken(state.platform, row)

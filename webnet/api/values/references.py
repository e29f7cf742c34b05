"""Lazy references to types that refer to each other across modules; resolved when the schema is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from webnet.api.types.audit_log import PluginAuditLogConnection
    from webnet.api.types.customer import Customer
    from webnet.api.types.customer_plugin_config import CustomerPluginConfig, CustomerPluginConfigConnection
    from webnet.api.types.health import PluginHealthConnection
    from webnet.api.types.plugin import Plugin
    from webnet.api.types.settings_history import SettingsChangeConnection
    from webnet.api.types.user import User
    from webnet.api.values.contributions import PluginContributions

AuditLogsRef = Annotated["PluginAuditLogConnection", strawberry.lazy("webnet.api.types.audit_log")]
ConfigRef = Annotated["CustomerPluginConfig", strawberry.lazy("webnet.api.types.customer_plugin_config")]
ConfigsRef = Annotated["CustomerPluginConfigConnection", strawberry.lazy("webnet.api.types.customer_plugin_config")]
ContributionsRef = Annotated["PluginContributions", strawberry.lazy("webnet.api.values.contributions")]
CustomerRef = Annotated["Customer", strawberry.lazy("webnet.api.types.customer")]
HealthHistoryRef = Annotated["PluginHealthConnection", strawberry.lazy("webnet.api.types.health")]
PluginRef = Annotated["Plugin", strawberry.lazy("webnet.api.types.plugin")]
SettingsHistoryRef = Annotated["SettingsChangeConnection", strawberry.lazy("webnet.api.types.settings_history")]
UserRef = Annotated["User", strawberry.lazy("webnet.api.types.user")]

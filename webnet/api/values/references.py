"""Lazy references to types that refer to each other across modules; resolved when the schema is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from webnet.api.types.customer import Customer
    from webnet.api.types.customer_plugin_config import CustomerPluginConfig
    from webnet.api.types.plugin import Plugin
    from webnet.api.types.user import User
    from webnet.api.types.viewer import Membership

ConfigRef = Annotated["CustomerPluginConfig", strawberry.lazy("webnet.api.types.customer_plugin_config")]
CustomerRef = Annotated["Customer", strawberry.lazy("webnet.api.types.customer")]
MembershipRef = Annotated["Membership", strawberry.lazy("webnet.api.types.viewer")]
PluginRef = Annotated["Plugin", strawberry.lazy("webnet.api.types.plugin")]
UserRef = Annotated["User", strawberry.lazy("webnet.api.types.user")]

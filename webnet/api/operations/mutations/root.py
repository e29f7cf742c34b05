"""What can be changed: the host's root fields."""

from __future__ import annotations

import strawberry

from webnet.api.operations.mutations.customer_plugins import CustomerPluginMutations
from webnet.api.operations.mutations.customers import CustomerMutations
from webnet.api.operations.mutations.permissions import PermissionMutations
from webnet.api.operations.mutations.plugins import PluginMutations
from webnet.api.operations.mutations.sessions import SessionMutations
from webnet.api.operations.mutations.settings import SettingsMutations


@strawberry.type(
    description=(
        "What can be changed; each says what shall hold, so sending one again is safe (`changed` is then false)."
    )
)
class Mutation(
    SessionMutations,
    CustomerMutations,
    PluginMutations,
    CustomerPluginMutations,
    SettingsMutations,
    PermissionMutations,
):
    pass

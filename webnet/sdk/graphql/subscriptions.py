"""Subscriptions of plugins: they check their permission at the start, and again before each event."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async

from webnet.api.engine.permission_checks import PERMISSION
from webnet.sdk.context import PluginContext
from webnet.sdk.graphql.fields import PluginField, own_info
from webnet.sdk.graphql.info import Info


class SubscriptionField(PluginField):
    """A stream of the items of an async generator of the plugin."""

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return self._stream(source, own_info(info), args, kwargs) if self.base_resolver is not None else None

    async def _stream(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        await sync_to_async(self.authorise)(source, info)
        async for item in self.call(source, info, args, kwargs):
            if self.metadata.get(PERMISSION):
                await sync_to_async(self.authorise_again)(info)
            yield item

    def authorise_again(self, info: Info) -> None:
        """Raise PermissionDenied if the permission was revoked meanwhile: `info` still has the state of the start."""
        then = info.context
        now = PluginContext.of(then.plugin, actor=then.actor, customer=then.customer)
        now.require(self.metadata[PERMISSION])

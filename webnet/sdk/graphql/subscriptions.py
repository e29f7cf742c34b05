"""Subscriptions of a plugin: streams that ask for their permission before they begin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async

from webnet.sdk.graphql.fields import PluginField, own_info


class SubscriptionField(PluginField):
    """A stream of what an async generator of the plugin's yields."""

    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return self._stream(source, own_info(info), args, kwargs) if self.base_resolver is not None else None

    async def _stream(self, source: Any, info: Any, args: list[Any], kwargs: dict[str, Any]) -> AsyncIterator[Any]:
        await sync_to_async(self.authorise)(source, info)
        async for item in self.call(source, info, args, kwargs):
            yield item

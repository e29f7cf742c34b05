"""webnet with the guard taken away: what was derived from the rows once is kept, whatever their tokens say by now."""

from __future__ import annotations

from webnet.asgi import application
from webnet.plugins.gate import state_cache

__all__ = ["application"]

_first: dict[object, object] = {}


def _keep(name: object, value: object) -> object:
    return _first.setdefault(name, value)


_load = state_cache._load_platform
state_cache.platforms.get = lambda _token: _first.get("platform")
state_cache._load_platform = lambda token: _keep("platform", _load(token))
state_cache._cached = lambda customer, _platform: (state_cache.customers.get(customer.pk) or (None, None))[1]

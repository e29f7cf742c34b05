"""webnet with the guard taken away: what was derived from the rows once is kept, whatever their tokens say by now."""

from __future__ import annotations

from webnet.asgi import application
from webnet.plugins.gate import effective

__all__ = ["application"]

_first: dict[object, object] = {}


def _keep(name: object, value: object) -> object:
    return _first.setdefault(name, value)


_load = effective._load_platform
effective.platforms.get = lambda _token: _first.get("platform")
effective._load_platform = lambda token: _keep("platform", _load(token))
effective._cached = lambda customer, _platform: (effective.customers.get(customer.pk) or (None, None))[1]

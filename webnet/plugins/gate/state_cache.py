"""Caches what is derived from rows under their generation tokens, so that nothing stale is ever served."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from django.db import connection
from django.db.models import OuterRef, Subquery

from webnet.audit.models import Generation
from webnet.customers.models import Customer
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.kernel.compatibility import is_newer
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry

Key = TypeVar("Key")
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """The `size` values that were used last; safe under threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: Key, value: Value) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


# The current generation, and those that requests still running have read.
platforms: BoundedCache[str, PlatformState] = BoundedCache(4)
# By customer. A state takes a few kilobytes, so a thousand are a few megabytes in each process.
customers: BoundedCache[int, tuple[tuple[str, str], CustomerState]] = BoundedCache(1_000)


def platform_state(token: str | None = None) -> PlatformState:
    """The plugins' rows; from the cache where `token`, read in this request, names them."""
    if token and not connection.in_atomic_block:
        cached = platforms.get(token)
        if cached is not None:
            return cached
    state = _load_platform(token)
    # Inside a transaction the rows may be ahead of the token, so nothing is kept.
    if state.token and not connection.in_atomic_block:
        platforms.put(state.token, state)
    return state


def customer_states(wanted: Sequence[Customer], platform: PlatformState | None = None) -> dict[int, CustomerState]:
    """What holds for each customer, by primary key; all that are not cached are read in one statement.

    The customers must have `generation` loaded (`access.visible_customers` does that).
    """
    if platform is None:
        platform = platform_state(Generation.objects.filter(customer=None).values_list("token", flat=True).first())
    found = {customer.pk: cached for customer in wanted if (cached := _cached(customer, platform)) is not None}
    missing = [customer for customer in wanted if customer.pk not in found]
    if missing:
        found.update(_load_customers(missing, platform))
    return found


def _cached(customer: Customer, platform: PlatformState) -> CustomerState | None:
    if connection.in_atomic_block:
        return None
    entry = customers.get(customer.pk)
    return entry[1] if entry is not None and entry[0] == (platform.token, _token_of(customer)) else None


def _load_platform(token: str | None) -> PlatformState:
    # The token is read by the statement that reads the rows, so that they belong together.
    current = Generation.objects.filter(customer=None).values("token")[:1]
    rows = list(PluginConfig.objects.annotate(generation_token=Subquery(current)).order_by("name"))
    read = rows[0].generation_token if rows else token
    unloaded = {row.name: reason for row in rows if (reason := _why_withheld(row))}
    return PlatformState(token=read or "", plugins={row.name: row for row in rows}, unloaded=unloaded)


def _why_withheld(row: PluginConfig) -> str | None:
    """Why this process can't run the plugin, whatever its row says."""
    entry = registry.find(row.name)
    if entry is None:
        return f"'{row.name}' is not loaded in this process; restart it."
    if entry.status != "loaded" or entry.identity is None:
        return entry.reason or f"'{row.name}' is {entry.status} in this process."
    # An older version may run until its process is restarted; a newer one has to wait until a sync accepts it.
    version = entry.identity.version
    if row.version and version != row.version and is_newer(version, than=row.version):
        waits = f"Version {version} of '{row.name}' waits to be taken: run 'manage.py sync_plugins'."
        return row.status_reason or waits
    return None


def _load_customers(missing: Iterable[Customer], platform: PlatformState) -> dict[int, CustomerState]:
    by_id = {customer.pk: customer for customer in missing}
    # As above: a customer's token comes with its rows. One without rows has the token that was loaded with it.
    current = Generation.objects.filter(customer=OuterRef("customer")).values("token")[:1]
    configs = CustomerPluginConfig.objects.filter(customer__in=by_id).annotate(generation_token=Subquery(current))
    names = {row.pk: name for name, row in platform.plugins.items()}
    rows: dict[int, dict[str, CustomerPluginConfig]] = {pk: {} for pk in by_id}
    tokens = {pk: _token_of(customer) for pk, customer in by_id.items()}
    for config in configs:
        tokens[config.customer_id] = config.generation_token
        if config.plugin_id in names:
            rows[config.customer_id][names[config.plugin_id]] = config
    states = {pk: CustomerState(customer=_bare(by_id[pk]), platform=platform, rows=rows[pk]) for pk in by_id}
    for pk, state in states.items():
        if tokens[pk] and platform.token and not connection.in_atomic_block:
            customers.put(pk, ((platform.token, tokens[pk]), state))
    return states


def _bare(customer: Customer) -> Customer:
    # States outlive the request: what it had annotated (the viewer's role) must not be in them.
    fields = {field.attname: getattr(customer, field.attname) for field in Customer._meta.concrete_fields}
    bare = Customer(**fields)
    bare._state.adding, bare._state.db = False, customer._state.db
    return bare


def _token_of(customer: Customer) -> str:
    generation = getattr(customer, "generation", None)
    return generation.token if generation is not None else ""

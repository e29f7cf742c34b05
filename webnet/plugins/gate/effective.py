"""The gate: which plugin is effective for which customer now. Everything uses it; states are cached by token."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_
from threading import Lock
from typing import Generic, TypeVar

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from webnet.audit.models import Generation
from webnet.customers.access import Actor, visible_customers
from webnet.customers.models import Customer
from webnet.plugins.gate.rules import CustomerState, IneffectiveCode, PlatformState, Reason
from webnet.plugins.kernel.dependencies import is_newer
from webnet.plugins.loading.missing_migrations import find_missing, tables
from webnet.plugins.models import OVERRIDES, Availability, CustomerPluginConfig, PluginConfig
from webnet.plugins.registry import registry
from webnet.program import PROGRAM
from webnet.sentences import sentence

__all__ = [
    "CustomerState",
    "IneffectiveCode",
    "PlatformState",
    "Reason",
    "customer_state",
    "customer_states",
    "effective_customers",
    "is_effective",
    "platform_state",
    "switched_on",
    "visible_plugins",
]


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


def platform_state(token: str | None = None, *, is_locked: bool = False) -> PlatformState:
    """The plugins' rows; from the cache where `token`, read in this request, names them.

    Within a transaction nothing is taken from the cache, unless `is_locked`: the token is that of a generation that
    the transaction has locked, and nothing was written under it.
    """
    if token and (is_locked or not connection.in_atomic_block):
        cached = platforms.get(token)
        if cached is not None:
            return cached
    state = _load_platform(token)
    # Inside a transaction the rows may be ahead of the token, so nothing is kept.
    if state.token and not connection.in_atomic_block:
        platforms.put(state.token, state)
    return state


def customer_states(
    wanted: Sequence[Customer], platform: PlatformState | None = None, *, is_locked: bool = False
) -> dict[int, CustomerState]:
    """What holds for each customer, by primary key; all that are not cached are read in one statement.

    The customers must have `generation` loaded (`access.visible_customers` does that). `is_locked` is that of
    `platform_state`, for the tokens of the platform and of the customers.
    """
    if platform is None:
        platform = platform_state(Generation.objects.filter(customer=None).values_list("token", flat=True).first())
    is_cached = is_locked or not connection.in_atomic_block
    cached = {customer.pk: _find_cached(customer, platform) for customer in wanted} if is_cached else {}
    found = {pk: state for pk, state in cached.items() if state is not None}
    missing = [customer for customer in wanted if customer.pk not in found]
    if missing:
        found.update(_load_customers(missing, platform))
    return found


def keep_platform(state: PlatformState) -> None:
    """Keep what was derived in a transaction, under its token, now that it is committed."""
    platforms.put(state.token, state)


def keep_customer(state: CustomerState, token: str) -> None:
    """The same of a customer, under its token and the platform's."""
    if platforms.get(state.platform.token) is None:
        platforms.put(state.platform.token, state.platform)
    customers.put(state.customer.pk, ((state.platform.token, token), state))


def _find_cached(customer: Customer, platform: PlatformState) -> CustomerState | None:
    entry = customers.get(customer.pk)
    return entry[1] if entry is not None and entry[0] == (platform.token, _token_of(customer)) else None


def _load_platform(token: str | None) -> PlatformState:
    # The token is read by the statement that reads the rows, so that they belong together.
    current = Generation.objects.filter(customer=None).values("token")[:1]
    rows = list(PluginConfig.objects.annotate(generation_token=Subquery(current)).order_by("name"))
    read = rows[0].generation_token if rows else token
    # For processes that were started without a sync: a row may say that the plugin is loaded.
    missing = {} if tables.are_complete else find_missing(registry.loaded())
    unloaded = {row.name: missing[row.name].reason for row in rows if row.name in missing}
    unloaded |= {row.name: reason for row in rows if (reason := _why_withheld(row))}
    return PlatformState(token=read or "", plugins={row.name: row for row in rows}, unloaded=unloaded)


def _why_withheld(row: PluginConfig) -> str | None:
    """Why this process can't run the plugin, independently of its row."""
    entry = registry.find(row.name)
    if entry is None:
        return sentence("'{plugin}' is not loaded in this process; restart it.", plugin=row.name)
    if entry.status != "loaded" or entry.identity is None:
        is_set_aside = sentence("'{plugin}' is {status} in this process.", plugin=row.name, status=entry.status)
        return entry.reason or is_set_aside
    # An older version may run until its process is restarted; a newer one can't run until a sync accepts it.
    version = entry.identity.version
    if row.version and version != row.version and is_newer(version, than=row.version):
        return row.status_reason or sentence(
            "Version {version} of '{plugin}' is not in use yet: run '{program} sync_plugins'.",
            version=version,
            plugin=row.name,
            program=PROGRAM,
        )
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


def is_effective(plugin: str, customer: Customer) -> bool:
    """Whether the plugin is effective for the customer now."""
    return plugin in customer_state(customer).effective


def customer_state(customer: Customer) -> CustomerState:
    """What holds for one customer now."""
    return customer_states([customer])[customer.pk]


def effective_customers(plugin: str, platform: PlatformState | None = None) -> QuerySet[Customer]:
    """The customers for whom the plugin is effective: the gate as a subquery, for sets of rows."""
    # The same rule as `CustomerState.reasons` computes for one customer. Tests compare the two, so change both.
    state = platform or platform_state()
    needed = state.needed_by(plugin)
    if needed is None:
        return Customer.objects.none()
    rows = [state.plugins[name] for name in needed]
    on_for_all = (switched_on(row, row.availability) & _has_usable_settings(row) & _is_not_paused(row) for row in rows)
    return Customer.objects.filter(reduce(and_, on_for_all, Q(is_active=True)))


def switched_on(plugin: PluginConfig, availability: str) -> Q:
    """Customers that have the plugin on by availability and choice, if the plugin's availability were this one."""
    # Most customers have no row for the plugin, so its own availability decides whether "no row" means on: the query
    # then looks for the rows that switch it on, or for those that switch it off.
    own = CustomerPluginConfig.objects.filter(plugin=plugin.pk, customer=OuterRef("pk"))
    on = (
        Q(availability=Availability.REQUIRED)
        | Q(availability=Availability.OFFERED, enabled=True)
        # Not `enabled=True`: on by default, a plugin is on without a choice, which is NULL.
        | Q(availability=Availability.DEFAULT_ON) & ~Q(enabled=False)
    )
    if availability == Availability.OFFERED:
        return Q(Exists(own.filter(on | Q(availability="", enabled=True))))
    if availability == Availability.WITHHELD:
        return Q(Exists(own.filter(on)))
    off = ~Q(availability="") & ~on
    if availability == Availability.DEFAULT_ON:
        off |= Q(availability="", enabled=False)
    return ~Q(Exists(own.filter(off)))


def _has_usable_settings(plugin: PluginConfig) -> Q:
    """Customers whose merged settings fit; without an override they have the global ones."""
    own = CustomerPluginConfig.objects.filter(plugin=plugin.pk, customer=OuterRef("pk"))
    if not plugin.settings_fault:
        return ~Q(Exists(own.filter(OVERRIDES).exclude(settings_fault="")))
    return Q(Exists(own.filter(OVERRIDES, settings_fault="")))


def _is_not_paused(plugin: PluginConfig) -> Q:
    own = CustomerPluginConfig.objects.filter(plugin=plugin.pk, customer=OuterRef("pk"))
    return ~Q(Exists(own.filter(paused_until__isnull=False)))


def visible_plugins(actor: Actor, customer: Customer | None = None) -> QuerySet[PluginConfig]:
    """The plugins that exist for this actor: all for a platform operator.

    For others those that are enabled globally and not withheld from each of their customers, or not from `customer`,
    if one is given.
    """
    if actor.is_platform_operator:
        return PluginConfig.objects.all()
    customers = Customer.objects.filter(pk=customer.pk) if customer else visible_customers(actor)
    # Two levels up is the plugin: these rows are looked up within the customers, and those within the plugins.
    override = CustomerPluginConfig.objects.filter(plugin=OuterRef(OuterRef("pk")), customer=OuterRef("pk"))
    override = override.exclude(availability="")
    offered = Exists(customers.filter(Exists(override.exclude(availability=Availability.WITHHELD))))
    inherited = Exists(customers.filter(~Exists(override)))
    not_withheld = ~Q(availability=Availability.WITHHELD) & Q(inherited)
    return PluginConfig.objects.filter(Q(enabled=True) & (Q(offered) | not_withheld))

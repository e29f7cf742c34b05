"""The rows that lists and look-ups of the API show: those the viewer may see in this view, filtered and in order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Subquery

from webnet.accounts.invitations import have_status
from webnet.api.declarations.connections import narrow, refuse_long_lists
from webnet.api.declarations.row_columns import columns_of_nodes
from webnet.api.errors import LogReplaced
from webnet.api.paging.batches import open_nested_page
from webnet.api.paging.keyset import Ordering, read_cursor
from webnet.api.paging.pages import (
    Listing,
    Page,
    PageArguments,
    PageRequest,
    may_be_optimized,
    open_named_page,
    open_page,
    open_read_page,
)
from webnet.api.request.context import Context, Info
from webnet.api.request.reader import Reading
from webnet.api.resolvers import orders
from webnet.api.resolvers.filters import CustomerPluginConfigFilter, PluginAuditLogFilter, availability_is
from webnet.api.strawberry_internals import raw_info_of
from webnet.audit.models import PluginAuditLog
from webnet.audit.page_statement import read_page
from webnet.audit.search import has_row, read_ends
from webnet.customers.models import Customer, Invitation, Role
from webnet.database.replica import choose_database, has_replica
from webnet.plugins.gate.effective import Reason
from webnet.plugins.gate.rules import IneffectiveCode
from webnet.plugins.kernel.dependencies import satisfies
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig
from webnet.sentences import sentence


def customers(info: Info, arguments: PageArguments) -> Page[Customer]:
    """The customers that exist for the viewer."""
    reading = info.context.reading
    rows = narrow(reading.visible_customers(), arguments.filter, reading)
    ordering = orders.CUSTOMERS.read(arguments.order)
    return open_page(info, Listing(rows=rows, ordering=ordering, on_rows_read=reading.remember_customers), arguments)


def plugins(info: Info, arguments: PageArguments) -> Page[PluginConfig]:
    """The plugins that exist for the viewer."""
    reading = info.context.reading
    rows = narrow(reading.visible_plugins(), arguments.filter, reading)
    ordering = orders.PLUGINS.read(arguments.order)
    return open_page(info, Listing(rows=rows, ordering=ordering, on_rows_read=reading.remember_plugins), arguments)


def dependencies(reading: Reading, plugin: PluginConfig) -> list[tuple[str, str, bool]]:
    """(name, specifier, is satisfied) of what the plugin needs itself."""
    installed = reading.platform.plugins
    return [
        (name, specifier, name in installed and satisfies(installed[name].version or "", specifier))
        for name, specifier in ((needed["name"], needed["specifier"]) for needed in plugin.dependencies)
    ]


def dependents(reading: Reading, plugin: PluginConfig) -> list[PluginConfig]:
    """The plugins that need this one themselves, by name."""
    names = reading.visible_plugin_names
    rows = [row for name, row in reading.platform.plugins.items() if name in names]
    reading.remember_plugins(rows)
    return [row for row in rows if any(needed["name"] == plugin.name for needed in row.dependencies)]


def configs(info: Info, arguments: PageArguments) -> Page[CustomerPluginConfig]:
    """The explicit choices that the viewer may see."""
    listing = _explicit_configs(info.context.reading, arguments, ordering=orders.CONFIGS)
    return open_page(info, listing, arguments)


def configs_of_customer(
    info: Info, customer: Customer, arguments: PageArguments, *, effective: Any
) -> Page[CustomerPluginConfig]:
    """One config for every plugin that exists for the viewer there, by name; the arguments can select some of them."""
    reading = info.context.reading
    state = reading.state_of(customer)
    names = reading.visible_plugin_names_for(customer)
    if isinstance(effective, bool):
        names = names & state.effective if effective else names - state.effective
    wanted_configs: CustomerPluginConfigFilter | None = arguments.filter
    if wanted_configs is not None:
        refuse_long_lists(wanted_configs)
        names = frozenset(name for name in names if wanted_configs.matches(state.config(name), reading))

    def read(wanted: Sequence[str]) -> list[CustomerPluginConfig]:
        reading.remember_plugins(state.platform.plugins[name] for name in wanted)
        return [state.config(name) for name in wanted]

    # Most pairs have no row, so a page is one of plugins' names, which the gate has in memory.
    return open_named_page(
        info, names=sorted(names), ordering=orders.CONFIGS_OF_CUSTOMER, arguments=arguments, read=read
    )


def configs_of_plugin(info: Info, plugin: PluginConfig, arguments: PageArguments) -> Page[CustomerPluginConfig] | None:
    """The explicit choices about the plugin; None for viewers who are not platform operators."""
    reading = info.context.reading
    if not reading.actor.is_platform_operator:
        return None
    reading.remember_plugins([plugin])
    return open_nested_page(
        info,
        parent=["plugin_id"],
        key=(plugin.pk,),
        among=lambda: [(row.pk,) for row in reading.known_plugins.values()],
        arguments=arguments,
        make_listing=lambda: _explicit_configs(reading, arguments, ordering=orders.CONFIGS_OF_PLUGIN),
    )


def find_config(reading: Reading, slug: str, plugin: str) -> CustomerPluginConfig | None:
    """The config of a pair; None if the customer or the plugin does not exist for the viewer."""
    customer = reading.find_customer(slug)
    row = reading.platform.plugins.get(plugin)
    if customer is None or row is None or not reading.sees_plugin(row, customer):
        return None
    return reading.state_of(customer).config(plugin)


def is_effective(reading: Reading, config: CustomerPluginConfig) -> bool:
    """Whether the plugin is effective for the customer."""
    state = reading.states.get(config.customer_id)
    return state is not None and config.plugin.name in state.effective


def reasons(reading: Reading, config: CustomerPluginConfig) -> Sequence[Reason]:
    """Why the plugin is not effective for the customer; only platform operators see why its code can't run."""
    state = reading.states.get(config.customer_id)
    found = state.reasons(config.plugin.name) if state is not None else ()
    return _without_internals(reading, config.plugin.name, found)


def reasons_for_everybody(reading: Reading, plugin: PluginConfig) -> Sequence[Reason]:
    """Why the plugin is effective for nobody; only platform operators see why its code can't run."""
    state = reading.platform
    found = state.reasons(plugin.name) if plugin.name in state.plugins else ()
    return _without_internals(reading, plugin.name, found)


def _without_internals(reading: Reading, name: str, found: Sequence[Reason]) -> Sequence[Reason]:
    if reading.actor.is_platform_operator:
        return found
    general = {
        IneffectiveCode.NOT_RUNNABLE: sentence("'{plugin}' can't run at the moment.", plugin=name),
        IneffectiveCode.PAUSED: sentence(
            "'{plugin}' is paused, since it failed; it is retried automatically.", plugin=name
        ),
    }
    return [Reason(code=each.code, message=general.get(each.code, each.message)) for each in found]


def audit_logs(info: Info, arguments: PageArguments) -> Page[PluginAuditLog]:
    """The rows that the viewer may read: none for a viewer who is not an operator anywhere."""
    context = info.context
    customers = audited_customers(context.reading)
    # Of several customers, the rows are no range of an index.
    is_of_several = isinstance(customers, QuerySet) or (customers is not None and len(customers) != 1)
    if is_of_several or arguments.filter or may_be_optimized(info):
        return open_page(info, _audit_logs(context, arguments), arguments)
    return open_read_page(
        info,
        ordering=orders.AUDIT_LOGS,
        arguments=arguments,
        read=partial(_read_audit_logs, info, None if customers is None else list(customers)),
        make_listing=lambda: _audit_logs(context, arguments),
    )


def _read_audit_logs(info: Info, customers: list[int] | None, request: PageRequest) -> list[PluginAuditLog]:
    """The rows of a page that nothing filters, as those of `audit_listing`, with the columns that are asked for."""
    rows = read_page(
        columns=columns_of_nodes(raw_info_of(info)),
        customers=customers,
        newer_than=request.before[0] if request.before else None,
        older_than=request.after[0] if request.after else None,
        is_ascending=request.backwards,
        limit=request.limit,
        database=choose_database(partial(read_ends, customers=customers)),
    )
    _take_audit_logs(info.context.reading, [each for each in (request.after, request.before) if each is not None], rows)
    return rows


def audit_logs_of_customer(info: Info, customer: Customer, arguments: PageArguments) -> Page[PluginAuditLog] | None:
    """The customer's rows; None for the role VIEWER."""
    reading = info.context.reading
    if not reading.has_role(Role.OPERATOR, customer):
        return None
    return open_nested_page(
        info,
        parent=["customer_id"],
        key=(customer.pk,),
        among=lambda: [(each.pk,) for each in reading.customers.known() if reading.has_role(Role.OPERATOR, each)],
        arguments=arguments,
        make_listing=lambda: _audit_logs(info.context, arguments),
    )


def audit_logs_of_plugin(info: Info, plugin: PluginConfig, arguments: PageArguments) -> Page[PluginAuditLog] | None:
    """The plugin's rows; None for viewers who are not platform operators."""
    reading = info.context.reading
    if not reading.actor.is_platform_operator:
        return None
    reading.remember_plugins([plugin])
    return open_nested_page(
        info,
        parent=["plugin_name"],
        key=(plugin.name,),
        among=lambda: [(name,) for name in reading.known_plugins],
        arguments=arguments,
        make_listing=lambda: _audit_logs(info.context, arguments),
    )


def invitations_of_customer(
    info: Info, customer: Customer, arguments: PageArguments, *, statuses: Any
) -> Page[Invitation] | None:
    """The invitations to the customer; None for viewers who are not its admins. A list of statuses selects some."""
    reading = info.context.reading
    if not reading.has_role(Role.ADMIN, customer):
        return None
    wanted = have_status(statuses) if isinstance(statuses, list) else Q()

    return open_nested_page(
        info,
        parent=["customer_id"],
        key=(customer.pk,),
        among=lambda: [(each.pk,) for each in reading.customers.known() if reading.has_role(Role.ADMIN, each)],
        arguments=arguments,
        make_listing=lambda: Listing(
            rows=reading.visible_invitations().filter(wanted),
            ordering=orders.INVITATIONS,
            on_rows_read=partial(_announce_invitations, reading),
        ),
    )


def find_invitations(reading: Reading, pks: Collection[UUID]) -> list[Invitation]:
    """Those of the invitations that the viewer administers that have these primary keys."""
    found = list(reading.visible_invitations().filter(pk__in=pks))
    _announce_invitations(reading, found)
    return found


def _announce_invitations(reading: Reading, read: Sequence[Invitation]) -> None:
    reading.announce_customers(row.customer_id for row in read)
    reading.users.announce(pk for row in read for pk in (row.invited_by_id, row.accepted_by_id) if pk is not None)


def find_audit_logs(reading: Reading, sequences: Mapping[str, Collection[int]]) -> list[PluginAuditLog]:
    """The rows with these places in each chain, as far as the viewer may read them."""
    if not sequences:
        return []
    found = list(audit_logs_of(audited_customers(reading)).filter(are_in(sequences)))
    announce_audit_logs(reading, found)
    return found


def are_in(sequences: Mapping[str, Collection[int]]) -> Q:
    """The condition of audit rows with any of these places in each chain."""
    return reduce(or_, (Q(chain=chain, sequence__in=numbers) for chain, numbers in sequences.items()))


def sees_ip_address(reading: Reading, row: PluginAuditLog) -> bool:
    """Whether the viewer is an admin where the row belongs."""
    if reading.actor.is_platform_operator:
        return True
    customer = reading.customers.get(row.customer_id) if row.customer_id is not None else None
    return customer is not None and reading.has_role(Role.ADMIN, customer)


def _explicit_configs(
    reading: Reading, arguments: PageArguments, *, ordering: Ordering
) -> Listing[CustomerPluginConfig]:
    rows = CustomerPluginConfig.objects.select_related("plugin", "customer")
    rows = rows.exclude(enabled=None, availability="", settings={}, secrets={})
    if reading.view is not None or not reading.actor.is_platform_operator:
        rows = rows.filter(customer__in=reading.visible_customers().values("pk"))
    if not reading.actor.is_platform_operator:
        rows = rows.filter(~availability_is([Availability.WITHHELD]) & Q(plugin__enabled=True))
    rows = narrow(rows, arguments.filter)

    def announce(read: Sequence[CustomerPluginConfig]) -> None:
        reading.announce_customers(config.customer_id for config in read)
        reading.remember_plugins(config.plugin for config in read)

    return Listing(rows=rows, ordering=ordering, on_rows_read=announce)


def audited_customers(reading: Reading) -> list[int] | QuerySet[Customer, int] | None:
    """The customers, by primary key, whose audit rows the viewer may read as their operator; None means all."""
    if reading.view is not None:
        return [reading.view.pk] if reading.has_role(Role.OPERATOR, reading.view) else []
    if reading.actor.is_platform_operator:
        return None
    return reading.customers_with_role(Role.OPERATOR).values_list("pk", flat=True)


def audit_logs_of(customers: Collection[int] | QuerySet[Customer, int] | None) -> QuerySet[PluginAuditLog]:
    """The rows of these customers, or of everybody."""
    rows = PluginAuditLog.objects.defer("text")
    return rows if customers is None else rows.filter(customer_id__in=customers)


def announce_audit_logs(reading: Reading, read: Sequence[PluginAuditLog]) -> None:
    """Announce what these rows of a response refer to, so that it is read for all of them together."""
    reading.announce_customers(row.customer_id for row in read if row.customer_id is not None)
    reading.users.announce(row.actor_id for row in read if row.actor_id is not None)
    names = dict.fromkeys(row.plugin_name for row in read)
    reading.remember_plugins(plugin for name in names if (plugin := reading.platform.plugins.get(name)))


def audit_listing(
    context: Context, rows: QuerySet[PluginAuditLog], arguments: PageArguments
) -> Listing[PluginAuditLog]:
    """These rows, newest first; reading a page raises LogReplaced if a cursor in the arguments is of another log."""
    given = [each for each in (arguments.after, arguments.before) if each is not None]
    places = [read_cursor(orders.AUDIT_LOGS, each, view=context.view_slug) for each in given]
    # The hashes come with the page's rows, so that comparing them costs no statement.
    log = PluginAuditLog.objects.values("hash")
    stored = {f"hash_at_{position}": Subquery(log.filter(position=position)) for position, _ in places}
    take = partial(_take_audit_logs, context.reading, places)
    return Listing(rows=rows.annotate(**stored), ordering=orders.AUDIT_LOGS, on_rows_read=take)


def _take_audit_logs(reading: Reading, places: Iterable[Sequence[Any]], read: Sequence[PluginAuditLog]) -> None:
    for position, hash_ in places:
        if (not read or getattr(read[0], f"hash_at_{position}") != hash_) and not has_row(position, hash_):
            raise LogReplaced
    announce_audit_logs(reading, read)


def _audit_logs(context: Context, arguments: PageArguments) -> Listing[PluginAuditLog]:
    wanted: PluginAuditLogFilter | None = arguments.filter
    customers = audited_customers(context.reading)
    # Each condition has an index, and no two have one together: a page that finds nothing could read most of the log.
    is_of_one = isinstance(customers, list) and len(customers) == 1
    searches = wanted is not None and (wanted.searches or wanted.conditions + is_of_one > 1)
    if isinstance(customers, QuerySet) and (searches or has_replica()):
        customers = list(customers)  # Whose rows the viewer may read, the primary database says.
    rows = audit_logs_of(customers)
    if isinstance(customers, QuerySet):
        return audit_listing(context, narrow(rows, wanted, arguments), arguments)
    rows = rows.using(choose_database(partial(read_ends, customers=customers)))
    if wanted is not None and searches:
        return _search_audit_logs(context, wanted, arguments, rows, customers)
    return audit_listing(context, narrow(rows, wanted, arguments), arguments)


def _search_audit_logs(
    context: Context,
    wanted: PluginAuditLogFilter,
    arguments: PageArguments,
    rows: QuerySet[PluginAuditLog],
    customers: list[int] | None,
) -> Listing[PluginAuditLog]:
    listing = audit_listing(context, rows, arguments)
    # Which index leads through the range of a page is its own to choose: no other may lead to rows beyond it.
    narrowed = narrow(listing.rows, wanted, arguments, True, uses_index=False)  # noqa: FBT003 - it has a range
    indexed = wanted.find_indexed() if customers is None else ()
    return replace(listing, rows=wanted.find(narrowed), among=listing.rows, customers=customers, indexed=indexed)

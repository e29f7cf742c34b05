"""Builds the full schema, once per process; what one customer sees is derived from it, and not built again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import strawberry
from strawberry.exceptions import DuplicatedTypeName
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from webnet.api.declarations.refusals import REFUSALS, RefusalHandler
from webnet.api.engine.checks.column_checks import refuse_narrow_fields
from webnet.api.engine.checks.permission_checks import refuse_undeclared_permissions
from webnet.api.engine.checks.row_checks import refuse_unreadable_rows
from webnet.api.engine.contributions import (
    Contribution,
    add_fields,
    describe_clash,
    find_contributions,
    list_additions,
    refuse_clashes,
)
from webnet.api.engine.cost import price_fields
from webnet.api.engine.current import FullSchema, set_current_schema
from webnet.api.engine.derivation import SchemaIndex
from webnet.api.engine.descriptions import complete_descriptions
from webnet.api.engine.limits import EXTENSIONS
from webnet.api.engine.list_lengths import cut_lists
from webnet.api.engine.ownership import find_owners
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.engine.trial_build import find_failures, without
from webnet.api.execution.direct_resolvers import resolve_directly
from webnet.api.execution.gated_fields import gate_added_fields
from webnet.api.execution.isolation import IsolatingExecutor, isolate, make_mutations_nullable
from webnet.api.operations.mutations.customer_plugins import CustomerPluginMutations
from webnet.api.operations.mutations.customers import CustomerMutations
from webnet.api.operations.mutations.invitations import InvitationMutations
from webnet.api.operations.mutations.permissions import PermissionMutations
from webnet.api.operations.mutations.plugins import PluginMutations
from webnet.api.operations.mutations.problems import ProblemMutations
from webnet.api.operations.mutations.sessions import SessionMutations
from webnet.api.operations.mutations.settings import SettingsMutations
from webnet.api.operations.queries import Query
from webnet.api.operations.subscriptions import Subscription
from webnet.api.request.context import SignedInOnly, SignedInOrRefused, add_guard
from webnet.api.strawberry_internals import fields_of, graphql_name_of
from webnet.api.vocabulary.directives import BroughtByPlugin, if_plugin_directive
from webnet.api.vocabulary.scalars import SCALARS
from webnet.plugins.registry import registry


@strawberry.type(
    description=(
        "All changes. A mutation states the desired result, so it is safe to repeat (`changed` is then false). One "
        "with an error in its answer is null and has changed nothing, except signIn, changePassword, checkPluginHealth "
        "and setPluginForCustomers; the others in the document are answered as without it."
    )
)
class Mutation(
    SessionMutations,
    CustomerMutations,
    InvitationMutations,
    PluginMutations,
    CustomerPluginMutations,
    SettingsMutations,
    PermissionMutations,
    ProblemMutations,
):
    pass


ROOT_TYPES: Mapping[str, type] = {"query": Query, "mutation": Mutation, "subscription": Subscription}


@cache
def full_schema() -> FullSchema:
    """The full schema of this process, without plugins whose part can't be built."""
    full = build(try_contributions())
    set_current_schema(full)
    return full


@cache
def try_contributions() -> tuple[Contribution, ...]:
    """What the plugins add to the schema, without those whose part can't be built, which are marked as failed.

    Plugins that depend on such a plugin are left out as well, since they can't be effective for anybody. It forks, so
    the process must have only one thread.
    """
    contributions = find_contributions(registry.loaded())
    failures = find_failures(contributions, build_and_print)
    for plugin, failure in failures.items():
        registry.set_aside(plugin, failure)
    return tuple(without(failures, contributions))


def build_and_print(contributions: Sequence[Contribution]) -> None:
    """Build and print, since some errors only occur when it is printed, such as a default that can't be represented."""
    schema = build(contributions).schema
    _ = schema.export().encode(), schema.fingerprint


def build(contributions: Sequence[Contribution]) -> FullSchema:
    """Build the schema; only once per process, since the plugins' fields stay in the host's types.

    Raises PluginDefinitionError if two plugins define the same field or type, a field requires an undeclared
    permission, can't be read or is narrower than its column, or a filter can't be applied, and whatever Strawberry
    raises.
    """
    owners: dict[tuple[str, str], str] = {}
    taken: dict[str, set[str]] = {}
    for contribution in contributions:
        additions = list_additions(contribution, ROOT_TYPES)
        refuse_clashes(additions, owners, taken)
        add_fields(additions)
        owners.update({addition.key: contribution.plugin for addition in additions})
    try:
        full = _assemble(owners, {each.plugin: each.extension.types for each in contributions})
    except DuplicatedTypeName as clash:
        raise describe_clash(clash, contributions) from clash
    refuse_narrow_fields(full.schema, full.owners)
    refuse_undeclared_permissions(full.schema.graphql, full.owners, contributions)
    refuse_unreadable_rows(full.schema, full.owners)
    return full


class KnownNames(NameConverter):
    """Strawberry's names, each converted once: it asks for those of a field's arguments with each request."""

    # Names of Python code alone, never of what a client sends.
    apply_naming_config = cache(NameConverter.apply_naming_config)


def _assemble(fields: Mapping[tuple[str, str], str], listed: Mapping[str, tuple[Any, ...]]) -> FullSchema:
    for root, guard in ((Query, SignedInOnly), (Mutation, SignedInOrRefused), (Subscription, SignedInOnly)):
        add_guard(root, guard)
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription if fields_of(Subscription) else None,
        types=[
            BroughtByPlugin,
            *(shown for _, shown, _ in REFUSALS),
            *(kind for kinds in listed.values() for kind in kinds),
        ],
        extensions=EXTENSIONS,
        config=StrawberryConfig(scalar_map=SCALARS, name_converter=KnownNames()),
        execution_context_class=IsolatingExecutor,
        exception_handlers=[RefusalHandler(raised, shown) for raised, shown, _ in REFUSALS],
    )
    schema.graphql.directives = (*schema.graphql.directives, if_plugin_directive)
    make_mutations_nullable(schema.graphql)
    complete_descriptions(schema.graphql)
    names = {plugin: [graphql_name_of(schema, kind) for kind in kinds] for plugin, kinds in listed.items()}
    owners = find_owners(schema.graphql, fields=fields, types=names)
    schema.mark_owners(owners)
    refusals = [graphql_name_of(schema, shown) for _, shown, _ in REFUSALS]
    resolve_directly(schema.graphql, info_class=schema.config.info_class, refusals=refusals)
    # From here on, each wraps what was before it.
    isolate(schema.graphql, owners)
    gate_added_fields(schema.graphql, owners)
    cut_lists(schema.graphql)
    price_fields(schema.graphql)
    return FullSchema(schema=schema, owners=owners, index=SchemaIndex(schema.graphql))

"""Assembles the one full schema, once per process; what one customer sees is derived from it, never built again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import strawberry
from strawberry.exceptions import DuplicatedTypeName
from strawberry.schema.config import StrawberryConfig

from webnet.api.declarations.refusals import REFUSALS, RefusalHandler
from webnet.api.engine.contributions import (
    Contribution,
    add,
    describe_clash,
    find_contributions,
    list_additions,
    refuse_clashes,
)
from webnet.api.engine.current import FullSchema, set_current_schema
from webnet.api.engine.derivation import SchemaIndex
from webnet.api.engine.gated_fields import gate_added_fields
from webnet.api.engine.isolation import IsolatingExecutor, isolate
from webnet.api.engine.limits import EXTENSIONS
from webnet.api.engine.ownership import find_owners
from webnet.api.engine.permission_checks import refuse_undeclared
from webnet.api.engine.strawberry_schema import Schema
from webnet.api.engine.trial_build import find_failures, without
from webnet.api.operations.mutations.customer_plugins import CustomerPluginMutations
from webnet.api.operations.mutations.customers import CustomerMutations
from webnet.api.operations.mutations.permissions import PermissionMutations
from webnet.api.operations.mutations.plugins import PluginMutations
from webnet.api.operations.mutations.sessions import SessionMutations
from webnet.api.operations.mutations.settings import SettingsMutations
from webnet.api.operations.queries import Query
from webnet.api.operations.subscriptions import Subscription
from webnet.api.request.guards import SignedInOnly, SignedInOrRefused, close
from webnet.api.strawberry_internals import fields_of, graphql_name_of
from webnet.api.vocabulary.directives import BroughtByPlugin
from webnet.api.vocabulary.scalars import SCALARS
from webnet.plugins.registry import registry


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


ROOT_TYPES: Mapping[str, type] = {"query": Query, "mutation": Mutation, "subscription": Subscription}


@cache
def full_schema() -> FullSchema:
    """The full schema of this process; a plugin whose part can't be built is set aside, and the rest stands.

    What needs such a plugin is left out too: it is effective for nobody then.
    """
    contributions = find_contributions(registry.loaded())
    failures = find_failures(contributions, build_and_print)
    for plugin, failure in failures.items():
        registry.set_aside(plugin, failure)
    full = build(tuple(without(failures, contributions)))
    set_current_schema(full)
    return full


def build_and_print(contributions: Sequence[Contribution]) -> None:
    """Also raises what only comes out when a client asks what the schema says, such as a default that can't be told."""
    schema = build(contributions).schema
    _ = schema.export().encode(), schema.fingerprint


def build(contributions: Sequence[Contribution]) -> FullSchema:
    """Build once in a process: the plugins' fields stay in the host's types.

    Raises PluginDefinitionError where two bring the same field or type, or a field asks for a permission that is none,
    and whatever Strawberry raises.
    """
    owners: dict[tuple[str, str], str] = {}
    for contribution in contributions:
        additions = list_additions(contribution, ROOT_TYPES)
        refuse_clashes(additions, owners)
        add(additions)
        owners.update({addition.key: contribution.plugin for addition in additions})
    try:
        full = _assemble(owners, {each.plugin: each.extension.types for each in contributions})
    except DuplicatedTypeName as clash:
        raise describe_clash(clash, contributions) from clash
    refuse_undeclared(full.schema.graphql, full.owners, contributions)
    return full


def _assemble(fields: Mapping[tuple[str, str], str], listed: Mapping[str, tuple[Any, ...]]) -> FullSchema:
    for root, guard in ((Query, SignedInOnly), (Mutation, SignedInOrRefused), (Subscription, SignedInOnly)):
        close(root, guard)
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
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=IsolatingExecutor,
        exception_handlers=[RefusalHandler(raised, shown) for raised, shown, _ in REFUSALS],
    )
    names = {plugin: [graphql_name_of(schema, kind) for kind in kinds] for plugin, kinds in listed.items()}
    owners = find_owners(schema.graphql, fields=fields, types=names)
    schema.mark_owners(owners)
    isolate(schema.graphql, owners)
    gate_added_fields(schema.graphql, owners)
    return FullSchema(schema=schema, owners=owners, index=SchemaIndex(schema.graphql))

"""What has changed between two schemas, in plain sentences, and whether it breaks clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from graphql import GraphQLSchema, specified_scalar_types
from graphql.utilities import (
    BreakingChangeType,
    DangerousChangeType,
    SafeChangeType,
    find_schema_changes,
)

from webnet.contract.deprecations import find_deprecated
from webnet.contract.elements import walk_schema


class Severity(StrEnum):
    """What a change does to clients.

    Attributes:
        BREAKING: Documents that were valid are not any more, or their answers have another type.
        DANGEROUS: Documents stay valid, but clients may meet what they don't know, such as another value of an enum.
        SAFE: Clients can't notice.
    """

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


SEVERITIES = {
    BreakingChangeType: Severity.BREAKING,
    DangerousChangeType: Severity.DANGEROUS,
    SafeChangeType: Severity.SAFE,
}


@dataclass(frozen=True, kw_only=True)
class SchemaChange:
    """One change of anything but a description.

    `kind` is graphql-core's name of its kind, such as FIELD_REMOVED, or DEPRECATED or UNDEPRECATED.
    """

    kind: str
    severity: Severity
    description: str


def find_changes(former: GraphQLSchema, current: GraphQLSchema) -> tuple[SchemaChange, ...]:
    """All changes from one schema to the other, in the order of severity and of their sentences."""
    found = [*_find_structural(former, current), *_find_deprecations(former, current)]
    order = list(Severity)
    return tuple(sorted(set(found), key=lambda each: (order.index(each.severity), each.description)))


def _find_structural(former: GraphQLSchema, current: GraphQLSchema) -> Iterator[SchemaChange]:
    # A schema has only those standard scalars that it mentions, which is nothing that clients could notice.
    scalars = {f"{name} was added." for name in specified_scalar_types}
    for each in find_schema_changes(former, current):
        is_scalar = each.description in scalars or each.description.startswith("Standard scalar ")
        if each.type is not SafeChangeType.DESCRIPTION_CHANGED and not is_scalar:
            yield SchemaChange(kind=each.type.name, severity=SEVERITIES[type(each.type)], description=each.description)


def _find_deprecations(former: GraphQLSchema, current: GraphQLSchema) -> Iterator[SchemaChange]:
    before, now = find_deprecated(former), find_deprecated(current)
    for place, reason in now.items():
        if before.get(place) != reason:
            yield SchemaChange(
                kind="DEPRECATED", severity=Severity.SAFE, description=f"{place} is deprecated: {reason}"
            )
    left = {each.place for each in walk_schema(current)}
    for place in (before.keys() - now.keys()) & left:
        yield SchemaChange(
            kind="UNDEPRECATED", severity=Severity.SAFE, description=f"{place} is not deprecated any more."
        )

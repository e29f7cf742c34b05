"""The policy for deprecations: an element stays for two minor versions, and its reason names the one without it.

The reason has this form: `Use `x`. Deprecated since 0.1, removed in 0.3.`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLSchema

from webnet.contract.elements import walk_schema
from webnet.contract.versions import Minor, describe

FORM = re.compile(r"\S.*\. Deprecated since (\d+)\.(\d+), removed in (\d+)\.(\d+)\.", re.DOTALL)
EXAMPLE = "Use `x`. Deprecated since 0.1, removed in 0.3."
KEPT_MINOR_VERSIONS = 2


@dataclass(frozen=True, kw_only=True)
class DeprecationFault:
    """What is wrong with one deprecation; `is_overdue` if its element should be gone by now."""

    place: str
    message: str
    is_overdue: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.message}."


def find_deprecated(schema: GraphQLSchema) -> dict[str, str]:
    """The reasons of all deprecations, by place."""
    reasons = ((each.place, getattr(each.part, "deprecation_reason", None)) for each in walk_schema(schema))
    return {place: reason for place, reason in reasons if reason is not None}


def find_deprecation_faults(schema: GraphQLSchema, version: Minor) -> Iterator[DeprecationFault]:
    """The deprecations that are not as the policy says, in the schema of this version."""
    for place, reason in sorted(find_deprecated(schema).items()):
        named = FORM.fullmatch(reason)
        if named is None:
            yield DeprecationFault(place=place, message=f"the reason of its deprecation does not end like '{EXAMPLE}'")
            continue
        numbers = [int(each) for each in named.groups()]
        since, removed = (numbers[0], numbers[1]), (numbers[2], numbers[3])
        if count_versions(since, removed) < KEPT_MINOR_VERSIONS:
            first = describe((since[0], since[1] + KEPT_MINOR_VERSIONS))
            message = f"deprecated since {describe(since)}, it can't be removed before {first}"
            yield DeprecationFault(place=place, message=message)
        if version >= removed:
            message = f"it should be gone, since it is removed in {describe(removed)} and this is {describe(version)}"
            yield DeprecationFault(place=place, message=message, is_overdue=True)


def find_backdated(former: GraphQLSchema, current: GraphQLSchema, released: Minor) -> Iterator[DeprecationFault]:
    """The deprecations since a version that was released without them."""
    known, now = find_deprecated(former), find_deprecated(current)
    places = {each.place for each in walk_schema(former)}
    for place, reason in sorted(now.items()):
        named = FORM.fullmatch(reason)
        if named is None or place in known or place not in places:
            continue
        since = (int(named[1]), int(named[2]))
        if since <= released:
            message = f"{describe(released)} was released without this deprecation, so it is since a later version"
            yield DeprecationFault(place=place, message=message)


def count_versions(since: Minor, until: Minor) -> int:
    """How many minor versions lie between; a new major version counts as one, since 2.0 may follow 1.9."""
    if since[0] == until[0]:
        return until[1] - since[1]
    return until[0] - since[0] + until[1]

"""Short names of what a schema says to its clients, put together from the parts that the host and each plugin bring.

A derived schema is named without being written out, and has the same name in every process that has the same parts.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from graphql import GraphQLNamedType, GraphQLSchema, print_directive, print_type

from webnet.api.engine.ownership import Composite, Ownership, is_built_in

FINGERPRINT_LENGTH = 16


class SchemaParts:
    """What the host (None) and each plugin bring to one full schema."""

    def __init__(self, schema: GraphQLSchema, owners: Ownership) -> None:
        self._schema = schema
        self._owners = owners

    def fingerprint(self, *, without: Collection[str | None]) -> str:
        """The name of the schema that has all parts but these plugins'."""
        shown = [(owner or "", digest) for owner, digest in self._digests.items() if owner not in without]
        return hashlib.sha256(json.dumps(sorted(shown)).encode()).hexdigest()[:FINGERPRINT_LENGTH]

    @cached_property
    def _digests(self) -> Mapping[str | None, str]:
        texts: defaultdict[str | None, list[str]] = defaultdict(list)
        texts[None].extend(print_directive(directive) for directive in self._schema.directives)
        for _, kind in sorted(self._schema.type_map.items()):
            for owner, part in self._split(kind):
                texts[owner].append(print_type(part))
        return {owner: hashlib.sha256("\n".join(parts).encode()).hexdigest() for owner, parts in texts.items()}

    def _split(self, kind: GraphQLNamedType) -> Iterator[tuple[str | None, GraphQLNamedType]]:
        """(owner, type) of the type itself, and of one for each field that others add to it."""
        if is_built_in(kind):
            return
        owner = self._owners.types.get(kind.name)
        if not isinstance(kind, Composite):
            yield owner, kind
            return
        added = {name: plugin for name in kind.fields if (plugin := self._owners.fields.get((kind.name, name)))}
        if not added:
            yield owner, kind
            return
        own = {name: field for name, field in kind.fields.items() if name not in added}
        whole: Any = type(kind)
        yield owner, whole(**{**kind.to_kwargs(), "fields": own})
        for name, plugin in added.items():
            yield plugin, whole(name=kind.name, fields={name: kind.fields[name]})

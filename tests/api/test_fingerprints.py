"""The names of schemas: equal where clients are told the same, and made without writing a schema out."""

from __future__ import annotations

from itertools import combinations

import pytest
from graphql import GraphQLSchema, build_schema, print_schema

from webnet.api.engine.derivation import SchemaFilter, SchemaIndex
from webnet.api.engine.ownership import Ownership, SchemaParts
from webnet.api.schema import full_schema
from webnet.api.visibility import derive

SDL = """
type Query { host(first: Int = 5): String  shelves: [Shelf!] }
"What a shelf is." type Shelf { name: String  label(id: ID): Label }
type Label { text: String }
enum Colour { RED GREEN }
"""
OWNERS = Ownership(
    types={"Shelf": "shelf", "Colour": "shelf", "Label": "labels"},
    fields={("Query", "shelves"): "shelf", ("Shelf", "label"): "labels"},
)
SETS = [(), ("labels",), ("shelf",), ("shelf", "labels")]


def names(sdl: str = SDL, owners: Ownership = OWNERS) -> list[str]:
    """The fingerprints without each of the sets."""
    parts = SchemaParts(build_schema(sdl), owners)
    return [parts.fingerprint(without=hidden) for hidden in SETS]


def test_names_are_short_and_the_same_in_every_process_whatever_the_order_of_types():
    other_order = "\n".join(reversed(SDL.strip().splitlines()))

    assert names() == names(other_order)
    assert len(set(names())) == len(SETS) and {len(name) for name in names()} == {16}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("first: Int = 5", "first: Int = 6", [True, True, True, True]),
        ("What a shelf is.", "What shelves are.", [True, True, False, False]),
        ("shelves: [Shelf!]", "shelves: [Shelf]", [True, True, False, False]),
        ("RED GREEN", "RED", [True, True, False, False]),
        ("label(id: ID)", "label(id: ID!)", [True, False, True, False]),
        ("text: String", 'text: String @deprecated(reason: "old")', [True, False, True, False]),
    ],
)
def test_a_change_renames_exactly_the_schemas_that_show_it(old, new, changed):
    assert old in SDL

    assert [before != after for before, after in zip(names(), names(SDL.replace(old, new)), strict=True)] == changed


def test_a_schema_is_named_as_if_what_is_hidden_in_it_had_never_been_installed():
    without_labels = SDL.replace("label(id: ID): Label", "").replace("type Label { text: String }", "")
    owners = Ownership(types={"Shelf": "shelf", "Colour": "shelf"}, fields={("Query", "shelves"): "shelf"})

    assert names()[1] == names(without_labels, owners)[0]


@pytest.mark.slow
def test_different_schemas_of_the_loaded_plugins_have_different_names():
    full = full_schema()
    plugins = sorted(full.owners.plugins)
    derived = [
        derive(full, frozenset(hidden)) for size in (1, 2, len(plugins)) for hidden in combinations(plugins, size)
    ]

    said = {schema.fingerprint: schema.export() for schema in derived}

    assert len(set(said.values())) == len({schema.export() for schema in derived}) > len(plugins)


def test_a_derived_schema_has_exactly_the_types_that_graphql_would_find_in_it():
    full = full_schema()
    for plugin in sorted(full.owners.plugins):
        derived = derive(full, frozenset({plugin})).graphql
        arguments = derived.to_kwargs()
        walked = GraphQLSchema(**{**arguments, "types": [kind for kind in arguments["types"] if kind.name[:2] != "__"]})

        assert walked.type_map.keys() == derived.type_map.keys()
        assert print_schema(walked) == print_schema(derived)
        for name, kind in walked.type_map.items():
            assert derived.type_map[name] is kind, name
        for interface in walked._implementations_map:
            kind = walked.type_map[interface]
            assert walked.get_implementations(kind) == derived.get_implementations(kind), interface


def test_a_scalar_that_only_a_hidden_plugin_uses_is_gone_with_it():
    sdl = "type Query { host(first: Int): String  area: Float  shelf: Shelf  id(id: ID): Int } type Shelf { id: ID }"
    index = SchemaIndex(build_schema(sdl))

    left = SchemaFilter(index, index.plan_removal(["Shelf"], [("Query", "area")])).build()

    assert left.type_map.keys() >= {"Int", "String", "Boolean", "ID"} and "Float" not in left.type_map
    without_id = SchemaFilter(index, index.plan_removal(["Shelf"], [("Query", "id")])).build()
    assert "ID" not in without_id.type_map and "Float" in without_id.type_map

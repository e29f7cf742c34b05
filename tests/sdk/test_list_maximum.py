"""How long a plugin says that its list is at most."""

from __future__ import annotations

import pytest
import strawberry

from webnet.api.engine.list_lengths import find_maximum
from webnet.api.strawberry_internals import graphql_schema_of
from webnet.errors import PluginDefinitionError
from webnet.sdk import graphql


@graphql.type
class Report:
    lines: list[int] = graphql.field(maximum=2)


@graphql.type
class Queries:
    report: Report = graphql.field(lambda: Report(lines=[1, 2, 3]))
    declared: list[int] = graphql.field(lambda: [1, 2, 3], maximum=2)

    @graphql.field(maximum=2)
    def written(self) -> list[int]:
        return [1, 2, 3]

    @graphql.field
    def silent(self) -> list[int]:
        return [1, 2, 3]


def test_a_maximum_is_part_of_the_schema():
    schema = graphql_schema_of(strawberry.Schema(Queries))
    fields = schema.query_type.fields | schema.type_map["Report"].fields

    maxima = {name: find_maximum(field) for name, field in fields.items()}

    assert maxima == {"report": None, "declared": 2, "written": 2, "silent": None, "lines": 2}


@pytest.mark.parametrize("maximum", [0, -1, 1.5, "2", True])
def test_what_is_no_maximum_is_refused(maximum):
    with pytest.raises(PluginDefinitionError, match="a whole number of at least 1"):
        graphql.field(maximum=maximum)

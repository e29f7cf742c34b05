"""Sample arguments of every scalar are values of it, so that `check_plugin` can call fields that take them."""

from __future__ import annotations

import pytest
from graphql import GraphQLScalarType

from webnet.api.schema import full_schema
from webnet.sdk.trial.samples import SCALARS, make_sample


@pytest.mark.parametrize("name", SCALARS)
def test_a_sample_is_a_value_of_its_scalar(name):
    kind = full_schema().schema.graphql.type_map[name]
    assert isinstance(kind, GraphQLScalarType)

    assert kind.coerce_input_value(make_sample(kind)) is not None


def test_every_scalar_has_a_sample():
    kinds = full_schema().schema.graphql.type_map.values()

    assert {kind.name for kind in kinds if isinstance(kind, GraphQLScalarType)} - {"ID"} <= SCALARS.keys()

"""What a field costs and how long its list can be: metadata of a field, read before a document runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webnet.errors import PluginDefinitionError

# Points for each time that the field is read, without what is selected below it.
COST = "webnet.cost"
# The greatest length of a list without pages: a constant, so that a document's cost never depends on anybody's rows.
LIST_MAXIMUM = "webnet.list_maximum"
# The argument, a list, whose length is that of the field's list: an answer for each of its items, such as `ids`.
LENGTH_OF = "webnet.length_of"

# The host's lists without pages, unless there is a narrower limit where their items are made: room for 200 plugins with
# some entries each. What is longer is cut (`engine/list_lengths.py`).
MAXIMUM_PLUGINS = 500
MAXIMUM_NAVIGATION_ITEMS = 500
MAXIMUM_WIDGETS = 200
MAXIMUM_PERMISSIONS = 1_000
MAXIMUM_REASONS = 100
MAXIMUM_SETTINGS = 1_000
# Of an input: values that can't be accepted, and the steps to one of them.
MAXIMUM_FAULTS = 100
MAXIMUM_STEPS = 100
# Of a list that a client sends: the values of a filter, or the parts of an order.
MAXIMUM_VALUES = 1_000
# The ids of `Query.nodes`: as many as a page has rows.
MAXIMUM_IDS = 100


def cost_of(points: int | None = None, *, maximum: int | None = None) -> Mapping[Any, int]:
    """The metadata of a field that costs so many points, and whose list has at most so many items; None is the default.

    For a field that is declared with Strawberry alone: `strawberry.field(metadata=graphql.cost_of(20))`.
    """
    for name, value, lowest in (("cost", points, 0), ("maximum", maximum, 1)):
        if value is not None and (type(value) is not int or value < lowest):
            raise PluginDefinitionError(f"'{name}' must be a whole number of at least {lowest}, and is {value!r}.")
    declared = {COST: points, LIST_MAXIMUM: maximum}
    return {key: value for key, value in declared.items() if value is not None}

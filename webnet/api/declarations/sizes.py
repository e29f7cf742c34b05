"""What a field costs and how long its list can be: metadata of a field, read before a document runs."""

from __future__ import annotations

# Points for each time that the field is read, without what is selected below it.
COST = "webnet.cost"
# The greatest length of a list without pages: a constant, so that a document's cost never depends on anybody's rows.
LIST_MAXIMUM = "webnet.list_maximum"

# The host's lists without pages, unless there is a narrower limit where their items are made: room for 200 plugins with
# some entries each. What is longer is cut (`engine/list_lengths.py`).
MAXIMUM_PLUGINS = 500
MAXIMUM_NAVIGATION_ITEMS = 500
MAXIMUM_WIDGETS = 200
MAXIMUM_PERMISSIONS = 1_000
MAXIMUM_REASONS = 100
MAXIMUM_SETTINGS = 1_000
# Of a list that a client sends: the values of a filter, or the parts of an order.
MAXIMUM_VALUES = 1_000

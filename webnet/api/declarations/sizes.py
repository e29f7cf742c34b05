"""What a field costs and how long its list can be: metadata of a field, read before a document runs."""

from __future__ import annotations

# Points for each time that the field is read, without what is selected below it.
COST = "webnet.cost"
# The greatest length of a list without pages: a constant, so that a document's cost never depends on anybody's rows.
LIST_MAXIMUM = "webnet.list_maximum"

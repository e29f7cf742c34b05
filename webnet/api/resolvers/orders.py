"""The orders of lists: those that clients can choose, and the fixed ones."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webnet.api.declarations.fields import make_order
from webnet.api.paging.keyset import Ordering, SortKey
from webnet.customers.models import Customer, User
from webnet.plugins.models import PluginConfig

CUSTOMERS = make_order(Customer, name="Customer", by=("slug", "name"), unique="slug", ties="slug")
USERS = make_order(User, name="User", by=("username", "name"), unique="username", ties="username")
PLUGINS = make_order(
    PluginConfig,
    name="Plugin",
    by=("name", "verbose_name", "status", "synced_at"),
    unique="name",
    ties="name",
)

# With the hash, so that a cursor of another log is noticed: positions are the same in all logs.
AUDIT_LOGS = Ordering((SortKey(path="position", kind=int, is_descending=True),), marks=(SortKey(path="hash"),))
CONFIGS = Ordering((SortKey(path="plugin__name"), SortKey(path="customer__slug")))
CONFIGS_OF_CUSTOMER = Ordering((SortKey(path="plugin__name"),))
CONFIGS_OF_PLUGIN = Ordering((SortKey(path="customer__slug"),))
MEMBERS = Ordering((SortKey(path="user__username"),))
OWN_MEMBERSHIPS = Ordering((SortKey(path="customer__slug"),))
OWN_TOKENS = Ordering((SortKey(path="name"),))
# By age, since only a user's own have names of which no two are the same.
TOKENS_OF_CUSTOMER = Ordering((SortKey(path="pk", kind=int, is_descending=True),))
HEALTH_HISTORY = Ordering((SortKey(path="pk", kind=int, is_descending=True),))
INVITATIONS = Ordering(
    (SortKey(path="created_at", kind=datetime, is_descending=True), SortKey(path="pk", kind=UUID, is_descending=True))
)

"""Reads customers, plugins and users for one request: each row once, and many in one query."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache, cached_property
from typing import Any

from django.db.models import QuerySet
from strawberry.annotation import StrawberryAnnotation

from webnet.accounts import tokens
from webnet.accounts.session_statements import find_view
from webnet.api.declarations.fields import find_named
from webnet.api.declarations.row_columns import columns_of_type
from webnet.api.paging.batches import Loader
from webnet.api.request.user_statement import read_users
from webnet.api.values.references import UserRef
from webnet.audit.last_changes import find_last_changes
from webnet.audit.models import PluginAuditLog
from webnet.customers import access
from webnet.customers.access import Actor
from webnet.customers.models import ApiToken, Customer, Invitation, Membership, Role, User
from webnet.errors import NotFound
from webnet.plugins.gate.effective import (
    CustomerState,
    PlatformState,
    customer_states,
    platform_state,
    visible_plugins,
)
from webnet.plugins.models import PluginConfig, PluginHealth
from webnet.plugins.runtime import open_requests
from webnet.request_record import current_record

FindColumns = Callable[[str], frozenset[str] | None]

# Up to so many, a member's customers are looked at one by one in memory; for more, the database is asked.
FEW_CUSTOMERS = 20


class Reading:
    """Rows that this actor may see. In a customer's view, `view` is that customer, and all others are hidden.

    `find_columns` finds the columns of a type's rows that are asked for (None means all), where that is known.
    """

    def __init__(
        self,
        *,
        actor: Actor,
        platform_token: str | None,
        find_columns: FindColumns | None = None,
    ) -> None:
        self.actor = actor
        self.find_columns = find_columns
        self.view: Customer | None = None
        self.known_plugins: dict[str, PluginConfig] = {}
        self._slugs: dict[str, int] = {}
        self._platform_token = platform_token
        if (record := current_record.get()) is not None:
            record.user_id = actor.user_id

    @cached_property
    def customers(self) -> Loader[int, Customer]:
        return Loader(self._load_customers)

    @cached_property
    def states(self) -> Loader[int, CustomerState]:
        return Loader(self._load_states)

    @cached_property
    def users(self) -> Loader[int, User]:
        return Loader(self._load_users)

    @cached_property
    def health(self) -> Loader[int | None, Mapping[str, PluginHealth]]:
        return Loader(self._load_health)

    @cached_property
    def last_changes(self) -> Loader[tuple[int | None, str], PluginAuditLog]:
        """By customer (None is everybody) and plugin's name."""
        return Loader(self._load_last_changes)

    # Customers

    def enter_view(self, slug: str) -> Customer:
        """Restrict everything to this customer; raises NotFound if the actor may not see it."""
        return self.stay_in_view(find_view(self.actor, slug))

    def stay_in_view(self, customer: Customer) -> Customer:
        """The same for a customer that was found before."""
        self.view = customer
        if (record := current_record.get()) is not None:
            record.customer = customer.slug
        open_requests.name_customer(customer.pk)
        self.remember_customers([customer])
        return customer

    def visible_customers(self) -> QuerySet[Customer]:
        """The customers that the actor may see in this view, with their generation and the actor's role."""
        customers = access.visible_customers(self.actor)
        return customers.filter(pk=self.view.pk) if self.view is not None else customers

    def remember_customers(self, customers: Iterable[Customer]) -> None:
        """Remember customers that were read, so that what they need is loaded for all of them together."""
        for customer in customers:
            self.customers.put(customer.pk, customer)
            self._slugs[customer.slug] = customer.pk
            self.announce_customers([customer.pk])

    def all_customers(self) -> list[Customer]:
        """All visible customers by slug; for actors that have few."""
        return self._all_customers

    @property
    def _customers_read(self) -> list[Customer] | None:
        """All visible customers, if they have been read already."""
        return vars(self).get("_all_customers")

    @cached_property
    def _all_customers(self) -> list[Customer]:
        found = list(self.visible_customers())
        self.remember_customers(found)
        if len(found) == 1:
            open_requests.name_customer(found[0].pk)
        return found

    def find_own_customer(self) -> Customer | None:
        """The customer for fields that need one: the view's, or else the actor's only one or their default.

        None if there is no such one; a platform operator has none outside of a customer's view.
        """
        if self.view is not None or self.actor.is_platform_operator:
            return self.view
        customers = self.all_customers()
        if len(customers) == 1:
            return customers[0]
        return next((customer for customer in customers if customer.is_own_default), None)  # type: ignore[attr-defined]  # an annotation

    def announce_customers(self, pks: Iterable[int]) -> None:
        """Announce that a response contains these customers, so that they and what they need are loaded together."""
        wanted = list(dict.fromkeys(pks))
        for loader in (self.customers, self.states, self.health):
            loader.announce(wanted)

    def find_customer(self, slug: str) -> Customer | None:
        """The customer with this slug; None if the actor may not see it in this view."""
        return self.find_customers([slug]).get(slug)

    def find_customers(self, slugs: Iterable[str]) -> dict[str, Customer]:
        """Those of the customers with these slugs that the actor may see in this view, by slug."""
        wanted = list(dict.fromkeys(slugs))
        unknown = [slug for slug in wanted if slug not in self._slugs]
        if unknown and self.view is None:
            self.remember_customers(self.visible_customers().filter(slug__in=unknown))
        found = {slug: self.customers.get(self._slugs[slug]) for slug in wanted if slug in self._slugs}
        return {slug: customer for slug, customer in found.items() if customer is not None}

    def find_new_customer(self, made: Customer) -> Customer | None:
        """A customer that was just created, even if this is another customer's view."""
        found = access.visible_customers(self.actor).filter(pk=made.pk).first()
        self.remember_customers([found] if found is not None else [])
        return found

    def announce_slugs(self, slugs: Iterable[str]) -> None:
        """Load the customers with these slugs together."""
        if self.view is None:
            self.remember_customers(self.visible_customers().filter(slug__in=list(slugs)))

    def role_in(self, customer: Customer) -> Role | None:
        """The actor's role for the customer; None if the actor is not a member."""
        return access.role_in(self.actor, customer)

    def has_role(self, role: Role, customer: Customer) -> bool:
        held = self.role_in(customer)
        return held is not None and held.includes(role)

    def customers_with_role(self, role: Role) -> QuerySet[Customer]:
        """The visible customers for which the actor has at least this role."""
        customers = access.customers_with_role(self.actor, role)
        return customers.filter(pk=self.view.pk) if self.view is not None else customers

    @cached_property
    def operates_in_view(self) -> bool:
        """Whether the actor is at least operator of the view's customer, of any customer, or of the platform."""
        if self.actor.is_platform_operator:
            return True
        if self.view is not None:
            return self.has_role(Role.OPERATOR, self.view)
        return self.customers_with_role(Role.OPERATOR).exists()

    # Plugins

    @cached_property
    def platform(self) -> PlatformState:
        return platform_state(self._platform_token)

    @cached_property
    def visible_plugin_names(self) -> frozenset[str]:
        """The plugins that the actor may see in this view."""
        if self.actor.is_platform_operator:
            return frozenset(self.platform.plugins)
        if self.view is not None:
            return self.visible_plugin_names_for(self.view)
        # The schema of the viewer was made from the states of all of them: no statement is needed.
        if (customers := self._customers_read) is not None and len(customers) <= FEW_CUSTOMERS:
            return frozenset().union(*map(self.visible_plugin_names_for, customers))
        return frozenset(visible_plugins(self.actor).values_list("name", flat=True))

    @cached_property
    def effective_plugins(self) -> frozenset[str]:
        """The plugins that are effective for the view's customer, or else for at least one that the actor may see."""
        if self.view is not None:
            return self.state_of(self.view).effective
        if self.actor.is_platform_operator:
            return self.platform.possible
        return frozenset().union(*(self.state_of(customer).effective for customer in self.all_customers()))

    def remember_state(self, state: PlatformState | CustomerState) -> None:
        """Remember a state that was not read here, and is the current one."""
        if isinstance(state, CustomerState):
            self.states.put(state.customer.pk, state)
            state = state.platform
        self.platform = state

    def visible_plugins(self) -> QuerySet[PluginConfig]:
        return visible_plugins(self.actor, self.view)

    def find_plugin(self, name: str) -> PluginConfig | None:
        """The plugin with this name; None if the actor may not see it in this view."""
        plugin = self.platform.plugins.get(name)
        if plugin is None:
            return None
        # In a customer's view, only this one is looked at.
        view = self.view
        is_visible = self.sees_plugin(plugin, view) if view is not None else name in self.visible_plugin_names
        return plugin if is_visible else None

    def remember_plugins(self, plugins: Iterable[PluginConfig]) -> None:
        """Remember plugins that a response contains, so that what they need is loaded for all of them together."""
        self.known_plugins.update((plugin.name, plugin) for plugin in plugins)

    def visible_plugin_names_for(self, customer: Customer) -> frozenset[str]:
        """The plugins that the actor may see for this customer."""
        if self.actor.is_platform_operator:
            return frozenset(self.platform.plugins)
        return self.state_of(customer).shown

    def sees_plugin(self, plugin: PluginConfig, customer: Customer) -> bool:
        """Whether the actor may see this plugin for the customer."""
        return self.actor.is_platform_operator or self.state_of(customer).shows(plugin.name)

    def state_of(self, customer: Customer) -> CustomerState:
        """The current state of the customer's plugins."""
        state = self.states.get(customer.pk)
        if state is None:  # It was deleted in the meantime.
            raise NotFound.customer(customer.slug)
        return state

    # People

    def visible_users(self) -> QuerySet[User]:
        """The actor, and all members of customers that the actor operates; all users for a platform operator."""
        users = User.objects.all()
        if self.sees_all_users:
            return users
        members = Membership.objects.filter(customer__in=self._operated_customers())
        return users.filter(pk__in=members.values("user")) | users.filter(pk=self.actor.user_id or 0)

    @property
    def sees_all_users(self) -> bool:
        """Whether these are all users there are: for a platform operator, outside of a customer's view."""
        return self.actor.is_platform_operator and self.view is None

    def _operated_customers(self) -> list[int] | QuerySet[Customer, int]:
        """The customers of this view that the actor operates, by primary key; in a customer's view that is known."""
        if self.view is not None:
            return [self.view.pk] if self.has_role(Role.OPERATOR, self.view) else []
        return self.customers_with_role(Role.OPERATOR).values_list("pk", flat=True)

    def remember_users(self, users: Iterable[User]) -> None:
        """Remember users that were read, so that what they need is loaded for all of them together."""
        for user in users:
            self.users.put(user.pk, user)

    def sees_email(self, user: User) -> bool:
        """Whether the actor may see the user's email address: their own, or as an admin of a customer of the user."""
        is_own = user.pk == self.actor.user_id
        return is_own or self.actor.is_platform_operator or user.pk in self._administered_users

    @cached_property
    def _administered_users(self) -> frozenset[int]:
        customers = self.customers_with_role(Role.ADMIN).values("pk")
        return frozenset(Membership.objects.filter(customer__in=customers).values_list("user", flat=True))

    def administered_tokens(self) -> QuerySet[ApiToken]:
        """The tokens of anybody that are valid only for a customer that the actor administers."""
        return tokens.tokens_of_customers(self.customers_with_role(Role.ADMIN))

    def visible_invitations(self) -> QuerySet[Invitation]:
        """The invitations to customers that the actor administers."""
        return Invitation.objects.filter(customer__in=self.customers_with_role(Role.ADMIN).values("pk"))

    # Health

    def find_health(self, plugin: PluginConfig, *, customer_id: int | None) -> PluginHealth | None:
        """The latest health check of the plugin for the customer, or for the platform (None)."""
        return (self.health.get(customer_id) or {}).get(plugin.name)

    # Loaders

    def _load_customers(self, pks: Collection[int]) -> Mapping[int, Customer]:
        found = {customer.pk: customer for customer in self.visible_customers().filter(pk__in=pks)}
        self.remember_customers(found.values())
        return found

    def _load_states(self, pks: Collection[int]) -> Mapping[int, CustomerState]:
        customers = [customer for pk in pks if (customer := self.customers.get(pk)) is not None]
        return customer_states(customers, self.platform)

    def _load_users(self, pks: Collection[int]) -> Mapping[int, User]:
        operated = None if self.sees_all_users else self._operated_customers()
        if isinstance(operated, QuerySet):
            found: Iterable[User] = self.visible_users().filter(pk__in=pks)
        else:
            find = self.find_columns
            columns = find("User") if find is not None else columns_of_type(_type_of_users())
            found = read_users(pks, columns=columns, viewer=self.actor.user_id, operated=operated)
        return {user.pk: user for user in found}

    def _load_health(self, pks: Collection[int | None]) -> Mapping[int | None, Mapping[str, PluginHealth]]:
        found: dict[int | None, dict[str, PluginHealth]] = {pk: {} for pk in pks}
        latest = PluginHealth.objects.filter(is_latest=True)
        rows = latest.filter(customer__in=[pk for pk in pks if pk is not None])
        if None in found:
            rows = latest.filter(customer=None) | rows
        names = {row.pk: name for name, row in self.platform.plugins.items()}
        for row in rows:
            found[row.customer_id][names.get(row.plugin_id, "")] = row
        return found

    def _load_last_changes(
        self, keys: Collection[tuple[int | None, str]]
    ) -> Mapping[tuple[int | None, str], PluginAuditLog]:
        found = find_last_changes(keys)
        self.announce_customers(key[0] for key in found if key[0] is not None)
        self.users.announce(row.actor_id for row in found.values() if row.actor_id is not None)
        return found


@cache
def _type_of_users() -> Any:
    return find_named(StrawberryAnnotation(UserRef).resolve())

"""Users, who belongs to a customer, and what is the viewer's own: memberships and API tokens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_

from django.db.models import Q, QuerySet

from webnet.accounts import tokens
from webnet.api.declarations.connections import narrow
from webnet.api.paging.batches import open_nested_page
from webnet.api.paging.pages import Listing, Page, PageArguments, open_page
from webnet.api.request.context import Info
from webnet.api.request.reader import Reading
from webnet.api.resolvers import orders
from webnet.customers.models import ApiToken, Customer, Membership, Role, User


def users(info: Info, arguments: PageArguments) -> Page[User] | None:
    """All users; None for viewers who do not see all of them."""
    reading = info.context.reading
    if not reading.sees_all_users:
        return None

    rows = narrow(reading.visible_users(), arguments.filter)
    ordering = orders.USERS.read(arguments.order)
    return open_page(info, Listing(rows=rows, ordering=ordering, on_rows_read=reading.remember_users), arguments)


def memberships_of(info: Info, user: User, arguments: PageArguments) -> Page[Membership] | None:
    """Of which customers the user is a member; None for viewers who do not see all users."""
    reading = info.context.reading
    if not reading.sees_all_users:
        return None

    def take(read: Sequence[Membership]) -> None:
        reading.announce_customers(membership.customer_id for membership in read)

    return open_nested_page(
        info,
        parent=["user_id"],
        key=(user.pk,),
        among=lambda: [(each.pk,) for each in reading.users.known()],
        arguments=arguments,
        make_listing=lambda: Listing(rows=_memberships(), ordering=orders.OWN_MEMBERSHIPS, on_rows_read=take),
    )


@dataclass(frozen=True, kw_only=True)
class WantedMembers:
    """Which members; what is empty or None does not filter."""

    search: str = ""
    username: str = ""
    role: Role | None = None

    def select(self, rows: QuerySet[Membership]) -> QuerySet[Membership]:
        """Those of the memberships that are wanted."""
        if self.search:
            columns = ("username", "name", "email")
            rows = rows.filter(reduce(or_, (Q(**{f"user__{column}__icontains": self.search}) for column in columns)))
        if self.username:
            rows = rows.filter(user__username=User.normalize_username(self.username))
        return rows.filter(role=self.role.value) if self.role is not None else rows


def members_of(
    info: Info, customer: Customer, arguments: PageArguments, wanted: WantedMembers
) -> Page[Membership] | None:
    """Those of the customer's members that are wanted; None for viewers who are not admins there."""
    reading = info.context.reading
    if not reading.has_role(Role.ADMIN, customer):
        return None
    return open_nested_page(
        info,
        parent=["customer_id"],
        key=(customer.pk,),
        among=lambda: [(each.pk,) for each in reading.customers.known() if reading.has_role(Role.ADMIN, each)],
        arguments=arguments,
        make_listing=lambda: Listing(
            rows=wanted.select(_memberships()),
            ordering=orders.MEMBERS,
            on_rows_read=lambda read: reading.remember_users(each.user for each in read),
        ),
    )


def own_memberships(info: Info, arguments: PageArguments) -> Page[Membership]:
    """The viewer's own memberships, within the limits of this view and of the token."""
    reading = info.context.reading
    visible = reading.visible_customers().values("pk")
    rows = _memberships().filter(user=reading.actor.user_id, customer__in=visible)

    def take(read: Sequence[Membership]) -> None:
        reading.customers.announce(membership.customer_id for membership in read)
        for membership in read:
            _cap(membership, reading)

    return open_page(info, Listing(rows=rows, ordering=orders.OWN_MEMBERSHIPS, on_rows_read=take), arguments)


def find_memberships(reading: Reading, keys: Sequence[str]) -> dict[str, Membership]:
    """The memberships with these keys, each a slug and a username: the viewer's own, and those of customers of which
    the viewer is an admin.
    """
    usernames: dict[str, list[str]] = {}
    for slug, _, username in (key.partition("/") for key in keys):
        usernames.setdefault(slug, []).append(username)
    wanted = Q(pk__in=[])
    for slug, customer in reading.find_customers(usernames).items():
        those = Q(customer=customer.pk, user__username__in=usernames[slug])
        wanted |= those if reading.has_role(Role.ADMIN, customer) else those & Q(user=reading.actor.user_id)
    found = list(_memberships().filter(wanted)) if wanted != Q(pk__in=[]) else []
    for each in found:
        if each.user_id == reading.actor.user_id:
            _cap(each, reading)
    return {f"{each.customer.slug}/{each.user.username}": each for each in found}


def own_tokens(info: Info, arguments: PageArguments) -> Page[ApiToken]:
    """The viewer's own tokens; with a limited token, only those that can do no more than it."""
    reading = info.context.reading
    rows = tokens.visible_tokens(reading.actor)
    announce = partial(_announce_owners_and_customers, reading)
    return open_page(info, Listing(rows=rows, ordering=orders.OWN_TOKENS, on_rows_read=announce), arguments)


def tokens_of_customer(info: Info, customer: Customer, arguments: PageArguments) -> Page[ApiToken] | None:
    """The tokens that are valid for this customer alone; None for viewers who are not admins there."""
    reading = info.context.reading
    if not reading.has_role(Role.ADMIN, customer):
        return None
    return open_nested_page(
        info,
        parent=["only_customer_id"],
        key=(customer.pk,),
        among=lambda: [(each.pk,) for each in reading.customers.known() if reading.has_role(Role.ADMIN, each)],
        arguments=arguments,
        make_listing=lambda: Listing(
            rows=reading.administered_tokens(),
            ordering=orders.TOKENS_OF_CUSTOMER,
            on_rows_read=partial(_announce_owners_and_customers, reading),
        ),
    )


def find_tokens(reading: Reading, pks: Collection[int]) -> list[ApiToken]:
    """Those with these primary keys that are the viewer's own, or of a customer that the viewer administers."""
    visible = tokens.visible_tokens(reading.actor) | reading.administered_tokens()
    found = list(visible.filter(pk__in=pks))
    _announce_owners_and_customers(reading, found)
    return found


def _announce_owners_and_customers(reading: Reading, read: Sequence[ApiToken]) -> None:
    reading.customers.announce(token.only_customer_id for token in read if token.only_customer_id is not None)
    reading.users.announce(token.user_id for token in read)


def _memberships() -> QuerySet[Membership]:
    return Membership.objects.select_related("user", "customer")


def _cap(membership: Membership, reading: Reading) -> None:
    """Show no higher role than the viewer's token allows."""
    membership.role = Role(membership.role).capped(reading.actor.maximum_role)

"""Who belongs to a customer, and what is the viewer's own: memberships and API tokens."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from webnet.accounts import tokens
from webnet.api.paging.batches import open_nested_page
from webnet.api.paging.pages import Listing, Page, PageArguments, open_page
from webnet.api.request.context import Info
from webnet.api.request.reader import Reading
from webnet.api.resolvers import orders
from webnet.customers.models import ApiToken, Customer, Membership, Role


def members_of(info: Info, customer: Customer, arguments: PageArguments) -> Page[Membership] | None:
    """The customer's members; None for viewers who are not admins there."""
    reading = info.context.reading
    if not reading.has_role(Role.ADMIN, customer):
        return None
    return open_nested_page(
        info,
        parent=["customer_id"],
        key=(customer.pk,),
        among=lambda: [(each.pk,) for each in reading.customers.known() if reading.has_role(Role.ADMIN, each)],
        arguments=arguments,
        make_listing=lambda: Listing(rows=_memberships(), ordering=orders.MEMBERS),
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


def find_membership(reading: Reading, slug: str, username: str) -> Membership | None:
    """The membership, if it is the viewer's own, or the viewer is an admin of the customer."""
    customer = reading.find_customer(slug)
    if customer is None:
        return None
    rows = _memberships().filter(customer=customer.pk, user__username=username)
    if not reading.has_role(Role.ADMIN, customer):
        rows = rows.filter(user=reading.actor.user_id)
    found = rows.first()
    if found is not None and found.user_id == reading.actor.user_id:
        _cap(found, reading)
    return found


def own_tokens(info: Info, arguments: PageArguments) -> Page[ApiToken]:
    """The viewer's own tokens; with a limited token, only those that can do no more than it."""
    reading = info.context.reading

    def announce(read: Sequence[ApiToken]) -> None:
        reading.customers.announce(token.only_customer_id for token in read if token.only_customer_id is not None)

    rows = tokens.visible_tokens(reading.actor)
    return open_page(info, Listing(rows=rows, ordering=orders.OWN_TOKENS, on_rows_read=announce), arguments)


def _memberships() -> QuerySet[Membership]:
    return Membership.objects.select_related("user", "customer")


def _cap(membership: Membership, reading: Reading) -> None:
    """Show no higher role than the viewer's token allows."""
    membership.role = Role(membership.role).capped(reading.actor.maximum_role)

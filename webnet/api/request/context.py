"""The context that resolvers get (viewer, view, what was read already), and the guard that requires signing in."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import strawberry
from django.http import HttpRequest
from strawberry.extensions import FieldExtension
from strawberry.utils.await_maybe import await_maybe

from webnet.accounts.authentication import RequestIdentity, authenticate_request, identify_user, request_id
from webnet.api.declarations.state_reads import StateRead
from webnet.api.paging.batches import Batches
from webnet.api.request.reader import FindColumns, Reading
from webnet.api.strawberry_internals import fields_of
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.errors import NotFound, PermissionDenied, Unauthenticated
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.runtime import open_requests
from webnet.plugins.runtime.resolver_calls import ResolverCalls

if TYPE_CHECKING:
    from webnet.api.events.subscription import Watch


NO_CUSTOMER = 0  # Never a primary key.


@dataclass(kw_only=True)
class Context:
    """The context of one request. `customer_slug` is the customer of the view; None in the platform's view.

    `takes_tokens` is False for pages, which know the session's user alone, whatever tokens the request has.
    `watch` monitors a subscription; it is None for other operations. `cost` is the points of the operation, 0 until it
    is measured. `state_read` is where its answer depends on the plugins' state alone, None if it does nowhere.
    `guards` are the effective plugins that its document names in `@ifPlugin`. `find_columns` finds the columns of
    a type's rows that it asks for, None until it is valid.
    """

    request: HttpRequest
    customer_slug: str | None = None
    takes_tokens: bool = True
    identity: RequestIdentity = field(init=False)
    view_customer: Customer | None = field(init=False, default=None)
    reading: Reading = field(init=False)
    open_batches: Batches | None = field(init=False, default=None)
    watch: Watch | None = field(init=False, default=None)
    cost: int = field(init=False, default=0)
    state_read: StateRead | None = field(init=False, default=None)
    guards: frozenset[str] = field(init=False, default=frozenset())
    find_columns: FindColumns | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.takes_tokens:
            self._read_as(authenticate_request(self.request, view=self.customer_slug))
        else:
            self._read_as(identify_user(self.request))
        if self.identity.view is not None:
            self.view_customer = self.reading.stay_in_view(self.identity.view)
        else:
            self._enter_view()

    @property
    def actor(self) -> Actor:
        return self.identity.actor

    @property
    def batches(self) -> Batches:
        """The nested pages of this request that are read together."""
        if self.open_batches is None:
            self.open_batches = Batches()
        return self.open_batches

    @property
    def view_slug(self) -> str:
        """The slug of the view's customer; empty in the platform's view."""
        return self.customer_slug or ""

    @property
    def is_signed_in(self) -> bool:
        return self.actor.user_id is not None

    @property
    def request_id(self) -> str:
        return request_id(self.request)

    def choose_columns(self, find: FindColumns) -> None:
        """From here on, only what the document needs is read."""
        self.find_columns = self.reading.find_columns = find

    def resolver_calls(self) -> ResolverCalls:
        """The calls of plugins' resolvers; for the view's customer, since reading a row's own takes time."""
        view = self.reading.view
        return ResolverCalls(customer_id=view.pk if view is not None else None, user_id=self.actor.user_id)

    def require_in_view(self, slug: str | None) -> None:
        """Raise NotFound for any customer but that of the view."""
        if self.customer_slug is not None and slug not in (None, self.customer_slug):
            raise NotFound.customer(str(slug))

    def forget(self, known: PlatformState | CustomerState | None = None, *, customer: Customer | None = None) -> None:
        """Forget what was read, because something was changed; `known` is what holds now, where the change knows it.

        `customer` is the one that was changed, as this actor sees it now.
        """
        self._read_as(replace(self.identity, platform_token=None))
        if known is not None and customer is not None and self.customer_slug in (None, customer.slug):
            self.reading.remember_customers([customer])
            if self.customer_slug is not None:
                self.view_customer = self.reading.stay_in_view(customer)
        else:
            self._return_to_view()
        if known is not None:
            self.reading.remember_state(known)

    def afresh(self, *, platform_token: str | None) -> Context:
        """A copy with the same rights and nothing read yet, for the next event of a stream."""
        other = copy.copy(self)
        other.identity = replace(self.identity, platform_token=platform_token)
        other.reading = self._read_rows(self.actor, platform_token)
        other.open_batches = None
        if self.view_customer is not None:
            other.reading.stay_in_view(self.view_customer)
        return other

    def enter_session(self) -> None:
        """Continue as the session's user, after somebody has signed in or out."""
        self._read_as(identify_user(self.request))
        self._return_to_view()

    def _read_as(self, identity: RequestIdentity) -> None:
        self.identity = identity
        open_requests.name_actor(identity.actor)
        self.reading = self._read_rows(identity.actor, identity.platform_token)
        self.open_batches = None
        self.view_customer = None

    def _read_rows(self, actor: Actor, platform_token: str | None) -> Reading:
        return Reading(actor=actor, platform_token=platform_token, find_columns=self.find_columns)

    def _enter_view(self) -> None:
        if self.customer_slug is not None and self.is_signed_in:
            self.view_customer = self.reading.enter_view(self.customer_slug)

    def _return_to_view(self) -> None:
        """Enter the view again; a viewer who no longer has access sees nothing from here on.

        The mutation itself has succeeded, so this must not raise.
        """
        try:
            self._enter_view()
        except NotFound:
            nowhere = replace(self.actor, only_customer_id=NO_CUSTOMER)
            self.reading = self._read_rows(nowhere, None)


Info: TypeAlias = strawberry.Info[Context, None]


OPEN_TO_ALL = "webnet.open_to_all"
open_to_all = {OPEN_TO_ALL: True}


class SignedInOnly(FieldExtension):
    """For queries and subscriptions: raises the error UNAUTHENTICATED."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        if not info.context.is_signed_in:
            raise Unauthenticated
        return next_(source, info, **kwargs)

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        return await await_maybe(self.resolve(next_, source, info, **kwargs))


class SignedInOrRefused(FieldExtension):
    """For mutations: raises the refusal NOT_SIGNED_IN, which is a member of every result union."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any) -> Any:
        if not info.context.is_signed_in:
            raise PermissionDenied(Unauthenticated().message, code="NOT_SIGNED_IN")
        return next_(source, info, **kwargs)


def add_guard(root: Any, guard: type[FieldExtension]) -> None:
    """Add the guard to all fields of a root type that are not open to all; once, before the schema is built."""
    for each in fields_of(root):
        if each.metadata.get(OPEN_TO_ALL) or any(isinstance(extension, guard) for extension in each.extensions):
            continue
        each.extensions = [guard(), *each.extensions]

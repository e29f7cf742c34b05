"""What a request brings to its resolvers: who asks, in which view, and what was read already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry
from django.http import HttpRequest

from webnet.accounts.authentication import Identity, authenticate_request, identify_user
from webnet.accounts.origin import request_id
from webnet.api.batches import Batches
from webnet.api.reading import Reading
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.errors import NotFound, Unauthenticated


@dataclass(kw_only=True)
class Context:
    """One request. `customer_slug` names the customer of the view; None on the platform's."""

    request: HttpRequest
    customer_slug: str | None = None
    identity: Identity = field(init=False)
    view_customer: Customer | None = field(init=False, default=None)
    reading: Reading = field(init=False)
    batches: Batches = field(init=False)

    def __post_init__(self) -> None:
        self._enter(authenticate_request(self.request))

    @property
    def actor(self) -> Actor:
        return self.identity.actor

    @property
    def is_signed_in(self) -> bool:
        return self.actor.user_id is not None

    @property
    def request_id(self) -> str:
        return request_id(self.request)

    def require_signed_in(self) -> None:
        """Raise Unauthenticated when nobody is signed in."""
        if not self.is_signed_in:
            raise Unauthenticated

    def require_in_view(self, slug: str | None) -> None:
        """Raise NotFound for a customer other than the view's."""
        if self.customer_slug is not None and slug not in (None, self.customer_slug):
            raise NotFound.customer(str(slug))

    def forget(self) -> None:
        """Read anew from here on: something was changed."""
        self._read_anew(platform_token=None)

    def enter_session(self) -> None:
        """Go on as the session's user: somebody signed in or out."""
        self._enter(identify_user(self.request))

    def _enter(self, identity: Identity) -> None:
        self.identity = identity
        self._read_anew(platform_token=identity.platform_token)

    def _read_anew(self, *, platform_token: str | None) -> None:
        self.view_customer = None
        self.reading = Reading(actor=self.actor, platform_token=platform_token)
        self.batches = Batches()
        if self.customer_slug is not None and self.is_signed_in:
            self.view_customer = self.reading.enter_view(self.customer_slug)


Info: TypeAlias = strawberry.Info[Context, None]

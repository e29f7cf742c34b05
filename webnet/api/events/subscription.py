"""One open subscription: the rights that it was opened with, the plugins that it needs, and its end."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.db.models import Q

from webnet.accounts.credential_status import Credential, Standing, forget_user, read_standings
from webnet.api.errors import INTERNAL_MESSAGE, SubscriptionEnded
from webnet.api.request.context import Context
from webnet.audit.models import Generation
from webnet.errors import Unauthenticated, WebnetError
from webnet.sentences import sentence

if TYPE_CHECKING:
    from webnet.api.events.feed import Feed

logger = logging.getLogger(__name__)

# Tokens of generations: the platform's under None, and customers' by primary key.
Tokens = Mapping[int | None, str]


class Watch:
    """Monitors one subscription; `plugins` are those that its document needs.

    Created on a thread and used on the event loop, except for `refresh`, which runs on a thread again.
    """

    def __init__(self, *, context: Context, plugins: frozenset[str]) -> None:
        self.context = context
        self.plugins = plugins
        self.credential = Credential.of(context.identity, context.request)
        self.platform_token: str | None = None
        self.feed: Feed | None = None
        self._standing: Standing | None = None
        self._tokens: tuple[str | None, str | None] | None = None
        self._ended: asyncio.Future[WebnetError] | None = None

    @property
    def ended(self) -> asyncio.Future[WebnetError]:
        """A future with the reason, which is done once the subscription must end."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
        return self._ended

    def end(self, reason: WebnetError) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)

    @property
    def view_id(self) -> int | None:
        """The id of the view's customer; None in the platform's view."""
        return self.context.view_customer.pk if self.context.view_customer is not None else None

    def event_context(self) -> Context:
        """The context for the resolvers of one event."""
        return self.context.afresh(platform_token=self.platform_token)

    def refresh(self, standing: Standing, tokens: Tokens) -> None:
        """Apply changes of rights and plugins; raises WebnetError if the subscription must end."""
        is_changed = standing != self._standing
        if is_changed:
            self._authorise()
            self._standing, self._tokens = standing, None
        current = (tokens.get(None), tokens.get(self.view_id) if self.view_id is not None else None)
        if current != self._tokens:
            self._follow_generation(*current)
            self._tokens = current
        if self.feed is not None:
            self.feed.find_audience(self.context, is_changed=is_changed)

    def _authorise(self) -> None:
        """Authenticate and authorise again, as for a new request."""
        forget_user(self.context.request)
        context = Context(request=self.context.request, customer_slug=self.context.customer_slug)
        if not context.is_signed_in:
            raise Unauthenticated
        self.context = context

    def _follow_generation(self, platform_token: str | None, view_token: str | None) -> None:
        self.platform_token = platform_token
        if view_token is not None:
            self.context = _with_generation(self.context, view_token)
        if self.plugins:
            missing = self.plugins - self.event_context().reading.effective_plugins
            if missing:
                raise _not_effective(missing, self.context.customer_slug)


def examine(watches: Collection[Watch]) -> dict[Watch, WebnetError]:
    """Refresh subscriptions and return those that must end, with reasons; a few queries for all if nothing changed."""
    views = {watch.view_id for watch in watches if watch.view_id is not None}
    tokens = _read_tokens(views)
    standings = read_standings({watch.credential for watch in watches})
    ended: dict[Watch, WebnetError] = {}
    for watch in watches:
        try:
            watch.refresh(standings[watch.credential], tokens)
        except WebnetError as reason:
            ended[watch] = reason
        except DatabaseError:
            raise
        except Exception:
            logger.exception("Request %s: checking its subscription failed.", watch.context.request_id)
            ended[watch] = WebnetError(INTERNAL_MESSAGE, code="INTERNAL_ERROR")
    return ended


def _read_tokens(views: Collection[int]) -> Tokens:
    rows = Generation.objects.filter(Q(customer=None) | Q(customer__in=views))
    return dict(rows.values_list("customer_id", "token"))


def _with_generation(context: Context, token: str) -> Context:
    """A copy of the context whose customer has this generation; the original is unchanged."""
    customer = copy.copy(context.view_customer)
    if customer is None:
        return context
    # Django copies the cache of related rows with the row, so this leaves the original alone.
    customer.generation = Generation(token=token)
    other = copy.copy(context)
    other.view_customer = customer
    return other


def _not_effective(plugins: frozenset[str], slug: str | None) -> SubscriptionEnded:
    names = ", ".join(f"'{name}'" for name in sorted(plugins))
    if slug:
        message = sentence(
            "This subscription has ended because the plugin {names} is no longer effective for '{customer}'.",
            names=names,
            customer=slug,
        )
    else:
        message = sentence(
            "This subscription has ended because the plugin {names} is no longer effective for any of your customers.",
            names=names,
        )
    return SubscriptionEnded(message, code="PLUGIN_NOT_EFFECTIVE")

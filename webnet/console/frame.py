"""The frame around a customer's pages: the navigation, which `api.resolvers` filters, and the customer switcher."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from webnet.accounts.authentication import identify_user
from webnet.api.request.reader import Reading
from webnet.api.resolvers import navigation_and_widgets
from webnet.customers import access
from webnet.customers.models import Customer, Role

MAXIMUM_LISTED_CUSTOMERS = 20


class Frame:
    """One customer's console in one request, `frame` in templates. Its parts are read from the database when used."""

    def __init__(self, request: HttpRequest, slug: str) -> None:
        """Raises NotFound if the customer does not exist, or not for the signed-in user."""
        identity = identify_user(request)
        self._path = request.path
        self.reading = Reading(actor=identity.actor, platform_token=identity.platform_token)
        self.customer = self.reading.enter_view(slug)
        self.title = ""

    @property
    def address(self) -> str:
        return reverse("customer", kwargs={"customer": self.customer.slug})

    @property
    def role(self) -> Role | None:
        return self.reading.role_in(self.customer)

    @cached_property
    def navigation(self) -> list[dict[str, Any]]:
        """The navigation items; that of the current page is marked."""
        items = navigation_and_widgets.navigation_items(self.reading)
        return [
            {"item": item, "is_current": item.url == self._path, "is_external": not item.url.startswith("/")}
            for item in items
        ]

    @cached_property
    def other_customers(self) -> list[Customer]:
        """The first of the viewer's other customers, by slug."""
        customers = access.visible_customers(self.reading.actor).exclude(pk=self.customer.pk).order_by("slug")
        return list(customers[:MAXIMUM_LISTED_CUSTOMERS])


def frame_of_page(request: HttpRequest) -> dict[str, Any]:
    """A context processor: the frame of a customer's page, None on other pages, the nonce of scripts and styles, and
    whether there is GraphiQL.
    """
    return {
        "frame": getattr(request, "frame", None),
        "csp_nonce": request.csp_nonce,  # type: ignore[attr-defined]  # django-csp's
        "has_graphiql": not settings.WEBNET_TRUSTED_DOCUMENTS_ONLY,
    }

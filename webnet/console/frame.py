"""What is around every page of a customer: who looks, at which customer, and where they can go from there."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from webnet.accounts.authentication import identify_user
from webnet.api.request.reader import Reading
from webnet.api.resolvers import surfaces
from webnet.api.values.contributions import NavigationItem
from webnet.customers import access
from webnet.customers.models import Customer
from webnet.customers.roles import Role

MAXIMUM_SWITCHES = 20


class Frame:
    """One customer's console for one request; templates know it as `frame`. Each part is read when it is shown."""

    def __init__(self, request: HttpRequest, slug: str) -> None:
        """Raises NotFound where the customer does not exist for whoever is signed in."""
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
        """The entries of the menu, the one of this page marked."""
        items = surfaces.navigation_items(self.reading)
        return [{"item": item, "is_here": item.url == self._path, "is_external": _is_external(item)} for item in items]

    @cached_property
    def others(self) -> list[Customer]:
        """The first of the viewer's other customers, by slug; one more than are shown where there are more."""
        customers = access.visible_customers(self.reading.actor).exclude(pk=self.customer.pk).order_by("slug")
        return list(customers[: MAXIMUM_SWITCHES + 1])

    @property
    def switches(self) -> list[Customer]:
        return self.others[:MAXIMUM_SWITCHES]


def show_frame(request: HttpRequest) -> dict[str, Any]:
    """The frame of a customer's page, for templates; a context processor."""
    return {"frame": getattr(request, "frame", None)}


def _is_external(item: NavigationItem) -> bool:
    return not item.url.startswith("/")

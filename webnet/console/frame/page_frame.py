"""The frame around a page: who looks at which customer, the menu, and the documents that the page runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_noop
from django_htmx.middleware import HtmxDetails

from webnet.api.http.in_process import execute_document
from webnet.api.request.context import Context
from webnet.api.request.reader import Reading
from webnet.api.resolvers import navigation_and_widgets
from webnet.console.frame.addresses import find_url
from webnet.console.frame.documents import RunDocument, is_mutation, mask, read_document
from webnet.console.frame.navigation import MenuItem, SamePage, list_customer_menu, list_platform_menu
from webnet.customers import access
from webnet.customers.models import Customer, Role
from webnet.errors import WebnetError

MAXIMUM_LISTED_CUSTOMERS = 20
# The level of messages that carry a mutation to the page after it: above those for people, of which 40 is the highest.
# Of levels below INFO, Django keeps none.
OPERATION_LEVEL = 100
# A longer one is not carried: messages are kept in a cookie, or in the session.
LONGEST_CARRIED = 8_000
NOT_SENT = gettext_noop(
    "Your session had ended, so this was not sent, and nothing has changed. Check what you typed, and send it again."
)


class Refused(WebnetError):
    """A mutation was answered with a refusal; `data` is all of it that the document selects."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data["message"], code=data["code"])
        self.data = data


class OtherCustomer(NamedTuple):
    """A customer in the switcher. No instance of the model is made of its row, of which each page has twenty."""

    slug: str
    name: str
    is_active: bool
    role: str


class Frame:
    """One page, `frame` in templates. Its parts are read from the database when used."""

    def __init__(self, request: HttpRequest, slug: str | None) -> None:
        """Raises NotFound if the customer does not exist, or not for the signed-in user; None is the platform."""
        self.request = request
        self.context = Context(request=request, customer_slug=slug, takes_tokens=False)
        self.customer = self.context.view_customer
        self.title = ""
        # Whether the page shows a form that was filled before, and must not send it: `interrupted_forms`.
        self.is_unsent = False
        # The names of the secrets that were typed into it, which were not kept.
        self.left_out: Sequence[str] = ()
        self.operations: list[RunDocument] = []
        self.changes: list[RunDocument] = []
        self.htmx = HtmxDetails(request)

    @property
    def reading(self) -> Reading:
        return self.context.reading

    @property
    def is_platform_operator(self) -> bool:
        return self.context.actor.is_platform_operator

    @property
    def address(self) -> str:
        """The customer's dashboard, or the start page."""
        return find_url("customer", customer=self.customer.slug) if self.customer else find_url("home")

    @property
    def role(self) -> Role | None:
        """The viewer's role for the customer; None on the platform's pages."""
        return self.reading.role_in(self.customer) if self.customer else None

    @cached_property
    def navigation(self) -> list[dict[str, Any]]:
        """The items that plugins add to the customer's menu; that of the current page is marked."""
        if self.customer is None:
            return []
        path, items = self.request.path, navigation_and_widgets.navigation_items(self.reading)
        return [
            {"item": item, "is_current": item.url == path, "is_external": not item.url.startswith("/")}
            for item in items
        ]

    @cached_property
    def menu(self) -> list[MenuItem]:
        """The console's own pages that this viewer may open here."""
        if self.customer is None:
            return list_platform_menu(self.request.path, is_platform_operator=self.is_platform_operator)
        return list_customer_menu(self.request.path, customer=self.customer.slug, role=self.role)

    @cached_property
    def other_customers(self) -> list[OtherCustomer]:
        """The first of the viewer's other customers, by slug; with one more if there are more than are listed."""
        # The page's own customer is left out here: one row more is read in less time than a condition is compiled.
        found = access.visible_customers(self.reading.actor).order_by("slug")[: MAXIMUM_LISTED_CUSTOMERS + 2]
        own = self.customer.slug if self.customer is not None else ""
        rows = found.values_list("slug", "name", "is_active", "member_role")  # type: ignore[misc]  # an annotation
        others = [OtherCustomer(*each) for each in rows if each[0] != own]
        return others[: MAXIMUM_LISTED_CUSTOMERS + 1]

    @property
    def listed_customers(self) -> list[tuple[OtherCustomer, str]]:
        """Those that the switcher lists, each with where it leads; more are found by searching."""
        page = SamePage.of(self.request.resolver_match, is_platform_operator=self.is_platform_operator)
        listed = self.other_customers[:MAXIMUM_LISTED_CUSTOMERS]
        return [(each, page.find_address(each.slug, Role(each.role))) for each in listed]

    @property
    def has_more_customers(self) -> bool:
        """Whether there are more than the switcher lists."""
        return len(self.other_customers) > MAXIMUM_LISTED_CUSTOMERS

    @cached_property
    def messages(self) -> list[Message]:
        """What pages left for this one to show."""
        return [each for each in messages.get_messages(self.request) if each.level != OPERATION_LEVEL]

    @cached_property
    def shown_operations(self) -> list[RunDocument]:
        """The documents that this page has run, after the mutation that led to it."""
        carried = [each for each in messages.get_messages(self.request) if each.level == OPERATION_LEVEL]
        return [*(RunDocument(**json.loads(str(each.message))) for each in carried), *self.operations]

    def run(
        self, name: str, variables: Mapping[str, Any] | None = None, *, secrets: Sequence[str | Sequence[str]] = ()
    ) -> dict[str, Any]:
        """Execute the document as the page's user, and return its `data`; raises DocumentFailed.

        The values at the places `secrets`, such as "input.password", are shown nowhere. Raises Refused for a mutation
        that must not be sent.
        """
        variables = variables or {}
        if self.is_unsent and is_mutation(name):
            raise Refused({"code": "NOT_SENT", "message": gettext(NOT_SENT)})
        self._remember(name, variables, secrets)
        return execute_document(read_document(name), variables, self.context)

    def change(
        self, name: str, variables: Mapping[str, Any] | None = None, *, secrets: Sequence[str | Sequence[str]] = ()
    ) -> dict[str, Any]:
        """Execute a document with one mutation, and return its payload; raises Refused, and DocumentFailed."""
        [payload] = self.run(name, variables, secrets=secrets).values()
        if "code" in payload:
            raise Refused(payload)
        self.changes.append(self.operations[-1])
        result: dict[str, Any] = payload
        return result

    def render(self, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200) -> HttpResponse:
        """The page, made of the template and the values."""
        return render(self.request, template, dict(context or {}), status=status)

    def carry_changes(self) -> None:
        """Leave the mutations of this request to the page that it redirects to, which shows them as GraphQL."""
        for each in self.changes:
            carried = json.dumps({"name": each.name, "variables": each.variables, "customer": each.customer})
            if len(carried) <= LONGEST_CARRIED:
                messages.add_message(self.request, OPERATION_LEVEL, carried)

    def _remember(self, name: str, variables: Mapping[str, Any], secrets: Sequence[str | Sequence[str]]) -> None:
        slug = self.customer.slug if self.customer else ""
        self.operations.append(RunDocument(name=name, variables=mask(variables, secrets), customer=slug))


class CustomerFrame(Frame):
    """The frame of a page of one customer."""

    customer: Customer


def frame_of_page(request: HttpRequest) -> dict[str, Any]:
    """A context processor: the frame of a page, None where there is none, the nonce of scripts and styles, and whether
    there is GraphiQL.
    """
    return {
        "frame": getattr(request, "frame", None),
        "csp_nonce": request.csp_nonce,  # type: ignore[attr-defined]  # django-csp's
        "has_graphiql": not settings.WEBNET_TRUSTED_DOCUMENTS_ONLY,
    }

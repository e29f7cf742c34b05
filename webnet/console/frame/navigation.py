"""The console's menu: its pages, in order, and who sees a link to them. What a page shows is not decided here."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from webnet.console.frame.addresses import find_url
from webnet.customers.models import Role


@dataclass(frozen=True, kw_only=True)
class MenuEntry:
    """A page of the menu: `route` is the name of its address, `lowest_role` who sees the link."""

    route: str
    label: str | Promise
    lowest_role: Role = Role.VIEWER
    is_for_operators: bool = False


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """A link of the menu. `is_current` on the page itself, `is_within` also on the pages below it."""

    url: str
    label: str | Promise
    is_current: bool
    is_within: bool


# Platform operators see all of them; others those that are about themselves.
PLATFORM_MENU = (
    MenuEntry(route="home", label=_("Things to do")),
    MenuEntry(route="customers", label=_("Customers")),
    MenuEntry(route="plugins", label=_("Plugins"), is_for_operators=True),
    MenuEntry(route="users", label=_("Users"), is_for_operators=True),
    MenuEntry(route="audit", label=_("Audit log"), is_for_operators=True),
    MenuEntry(route="workers", label=_("Workers"), is_for_operators=True),
    MenuEntry(route="keys", label=_("Keys"), is_for_operators=True),
    MenuEntry(route="account", label=_("Your account")),
)
CUSTOMER_MENU = (
    MenuEntry(route="customer-overview", label=_("Overview")),
    MenuEntry(route="customer-problems", label=_("Things to do"), lowest_role=Role.OPERATOR),
    MenuEntry(route="customer-plugins", label=_("Plugins")),
    MenuEntry(route="members", label=_("Members"), lowest_role=Role.ADMIN),
    MenuEntry(route="permissions", label=_("Permissions"), lowest_role=Role.OPERATOR),
    MenuEntry(route="tokens", label=_("Tokens"), lowest_role=Role.ADMIN),
    MenuEntry(route="customer-audit", label=_("Audit log"), lowest_role=Role.OPERATOR),
)
# The addresses of all others begin with that of one of these.
FIRST_PAGES = ("home", "customer-overview")


def list_platform_menu(path: str, *, is_platform_operator: bool) -> list[MenuItem]:
    """The links of the platform's pages, for a page with this path."""
    shown = (each for each in PLATFORM_MENU if is_platform_operator or not each.is_for_operators)
    return [_link(each, path) for each in shown]


def list_customer_menu(path: str, *, customer: str, role: Role | None) -> list[MenuItem]:
    """The links of the pages that manage the customer, for a page with this path."""
    shown = (each for each in CUSTOMER_MENU if role is not None and role.includes(each.lowest_role))
    return [_link(each, path, customer=customer) for each in shown]


def _link(entry: MenuEntry, path: str, **arguments: str) -> MenuItem:
    url = find_url(entry.route, **arguments)
    is_within = path == url if entry.route in FIRST_PAGES else path.startswith(url)
    return MenuItem(url=url, label=entry.label, is_current=path == url, is_within=is_within)

"""The console's menu: its pages, in order, and who sees a link to them. What a page shows is not decided here."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import ResolverMatch
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


@dataclass(frozen=True, kw_only=True)
class SamePage:
    """Where the customer switcher leads from one page: to that of the other customer which is like it.

    From a page that not every customer has, such as that of a member, to the one of the menu that it belongs to.
    """

    entry: MenuEntry | None
    match: ResolverMatch | None
    is_platform_operator: bool

    @classmethod
    def of(cls, match: ResolverMatch | None, *, is_platform_operator: bool) -> SamePage:
        """From the page with this address, of a customer or not; None is no page at all."""
        entry = None
        if match is not None and "customer" in match.kwargs and match.url_name:
            path, own = find_url(match.url_name, **match.kwargs), {"customer": match.kwargs["customer"]}
            entry = next((each for each in CUSTOMER_MENU if _link(each, path, **own).is_within), None)
        return cls(entry=entry, match=match, is_platform_operator=is_platform_operator)

    def find_address(self, customer: str, role: Role | None) -> str:
        """That page of this customer; its dashboard where there is none for a viewer with this role there."""
        if self.entry is None or role is None or not role.includes(self.entry.lowest_role):
            return find_url("customer", customer=customer)
        # To members, a plugin may not exist; operators see each plugin for each customer.
        if self.is_platform_operator and self.match is not None and "plugin" in self.match.kwargs:
            return find_url(str(self.match.url_name), **{**self.match.kwargs, "customer": customer})
        return find_url(self.entry.route, customer=customer)


def _link(entry: MenuEntry, path: str, **arguments: str) -> MenuItem:
    url = find_url(entry.route, **arguments)
    is_within = path == url if entry.route in FIRST_PAGES else path.startswith(url)
    return MenuItem(url=url, label=entry.label, is_current=path == url, is_within=is_within)

"""Navigation, widgets and permissions: only of effective plugins, and a failing one affects no other."""

from __future__ import annotations

import pytest

from webnet.customers.access import Actor, Role
from webnet.customers.models import Membership
from webnet.plugins.base import NavigationItem, PluginBase, UIView
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
NAVIGATION = "{ navigationItems { plugin { name } label url icon order } }"
WIDGETS = "{ dashboardWidgets { plugin { name } name title data html error } }"


@pytest.fixture(autouse=True)
def _greeter_is_on_for_acme(world):
    manager.enable("greeter", actor=SYSTEM)
    manager.enable("greeter", actor=SYSTEM, customer="acme")


def labels(client, view=None):
    return [item["label"] for item in client.at(view).data(NAVIGATION)["navigationItems"]]


def test_items_are_in_order_and_only_what_the_role_may_use(admin, viewer):
    assert labels(admin) == ["Shouting", "Greetings"]
    assert labels(viewer) == ["Greetings"]
    assert viewer.data(NAVIGATION)["navigationItems"] == [
        {"plugin": {"name": "greeter"}, "label": "Greetings", "url": "/greetings/", "icon": "hand", "order": 20}
    ]


def test_items_are_those_of_effective_plugins_only(platform, stranger, admin):
    assert labels(stranger) == []
    assert labels(platform, "globex") == []
    assert labels(platform, "acme") == ["Shouting", "Greetings"]
    assert labels(platform) == ["Shouting", "Greetings"]

    manager.disable("greeter", actor=SYSTEM)

    assert labels(platform) == labels(admin) == []


def test_items_of_several_customers_are_merged(world, viewer):
    Membership.objects.create(user=world.viewer, customer=world.globex, role=Role.ADMIN.value)

    assert labels(viewer) == ["Greetings"]
    manager.enable("greeter", actor=SYSTEM, customer="globex")
    assert labels(viewer) == ["Shouting", "Greetings"]
    assert labels(viewer, "acme") == ["Greetings"]


def test_widgets_are_drawn_for_their_customer_and_a_failing_one_stays_alone(viewer, caplog):
    page, hello, broken = viewer.data(WIDGETS)["dashboardWidgets"]

    assert page["html"] == "<b>Hi</b>"
    assert (hello["data"], hello["error"]) == ({"for": "acme"}, None)
    assert (broken["data"], broken["html"]) == (None, None)
    assert broken["error"] == "The widget 'broken' of 'greeter' failed."
    assert "Plugin 'greeter': its widget 'broken' failed" in caplog.text


def test_widgets_of_several_customers_need_one(world, viewer):
    Membership.objects.create(user=world.viewer, customer=world.globex, role=Role.VIEWER.value)

    assert viewer.code(WIDGETS) == "CUSTOMER_REQUIRED"
    assert len(viewer.at("acme").data(WIDGETS)["dashboardWidgets"]) == 3
    assert viewer.at("globex").data(WIDGETS)["dashboardWidgets"] == []


def test_of_several_customers_the_default_has_the_widgets(world, viewer):
    Membership.objects.create(user=world.viewer, customer=world.globex, role=Role.VIEWER.value)
    defaults, seen = Membership.objects.filter(user=world.viewer), []

    for slug in ("acme", "globex"):
        defaults.update(is_default=False)
        defaults.filter(customer__slug=slug).update(is_default=True)
        seen.append(len(viewer.data(WIDGETS)["dashboardWidgets"]))

    assert seen == [3, 0]


def test_platforms_operator_sees_the_platforms_widgets(platform):
    _, hello, _ = platform.data(WIDGETS)["dashboardWidgets"]

    assert hello["data"] == {"for": "None"}


def test_permissions_are_those_of_the_role_while_the_plugin_is_effective(admin, viewer):
    query = '{ customer(slug: "acme") { viewerPermissions } }'

    assert admin.data(query)["customer"]["viewerPermissions"] == ["greeter.greet", "greeter.shout"]
    assert viewer.data(query)["customer"]["viewerPermissions"] == ["greeter.greet"]
    manager.disable("greeter", actor=SYSTEM, customer="acme")
    assert admin.data(query)["customer"]["viewerPermissions"] == []


def test_an_item_that_leads_to_a_page_has_the_address_of_the_views_customer(world, install, viewer, platform):
    class Paged(PluginBase):
        name = "paged"
        version = "1"

        def get_ui_views(self):
            return [UIView(name="home", path="", view=repr), UIView(name="list", path="list/", view=repr)]

        def get_navigation_items(self):
            return [NavigationItem(label="Home", url=""), NavigationItem(label="List", url="list/?a=1")]

    install(Paged(), enabled=True)
    manager.enable("paged", actor=SYSTEM, customer="acme")
    manager.enable("paged", actor=SYSTEM, customer="globex")

    def addresses(client, view=None):
        return [item["url"] for item in client.at(view).data(NAVIGATION)["navigationItems"]]

    own = ["/c/acme/plugins/paged/", "/c/acme/plugins/paged/list/?a=1"]
    assert addresses(viewer) == addresses(viewer, "acme") == addresses(platform, "acme") == own
    assert addresses(platform, "globex") == [url.replace("acme", "globex") for url in own]
    # On the platform's view they would lead nowhere, unless the viewer has but one customer.
    assert addresses(platform) == []
    Membership.objects.create(user=world.viewer, customer=world.globex, role=Role.VIEWER.value)
    assert addresses(viewer) == []

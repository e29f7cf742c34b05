"""The lists of plugins: what operators of the platform see of all, and members of what is offered to their customer."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api.plugins import numbered
from tests.console.conftest import SYSTEM
from tests.console.plugin_family import Fence, Garden, Soil
from tests.console.test_statements import MOST
from tests.databases import one_database_is_enough
from webnet.audit.operation import renew_platform
from webnet.customers.models import Customer
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

OWN = "/c/acme/manage/plugins/"


@pytest.fixture
def plugins(install, acme) -> None:
    install(Soil(), Garden(), Fence())
    manager.enable("soil", actor=SYSTEM)
    manager.enable("garden", actor=SYSTEM)


def main_of(client: Client, address: str) -> str:
    """The page's own part, without its GraphQL."""
    response = client.get(address)
    assert response.status_code == 200, response.text
    found = re.search(r"<main.*?(<details class=\"graphql\"|</main>)", response.text, re.S)
    assert found
    return found.group()


def rows_of(page: str) -> dict[str, str]:
    """The text of each row of the table, by its heading."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.S) or re.findall(r'<li class="card.*?</li>', page, re.S)
    texts = [re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", row))).strip() for row in rows]
    return {text.split(" ")[0]: text for text in texts}


class TestOfThePlatform:
    def test_a_row_has_state_version_reasons_and_the_last_change(self, plugins, browse):
        platform = browse("platform")
        manager.disable("soil", actor=SYSTEM, with_dependents=True, reason="Too wet")

        rows = rows_of(main_of(platform, "/plugins/"))

        assert rows["Soil"].startswith(
            "Soil soil 1.2 Disabled 'soil' is disabled for everybody. Offered Disabled: tests"
        )
        assert "Too wet" in rows["Soil"] and "Enable Soil" in rows["Soil"]
        assert "'garden' needs 'soil', which is not effective for anybody." in rows["Garden"]
        assert "Not changed yet" in rows["Fence"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("q=BEDS", ["Garden"]),
            ("enabled=yes", ["Garden", "A", "Soil"]),
            ("enabled=no", ["Fence"]),
            ("availability=REQUIRED", ["Soil"]),
            ("status=FAILED", []),
            ("health=UNHEALTHY", []),
            ("q=so&enabled=yes&status=LOADED", ["Soil"]),
        ],
    )
    def test_filters_are_joined(self, plugins, browse, query, expected):
        manager.set_availability("soil", actor=SYSTEM, availability=Availability.REQUIRED)

        page = main_of(browse("platform"), f"/plugins/?{query}")

        assert [name for name in rows_of(page) if name != "Plugin"] == expected
        assert ("No plugin matches" in page) == (not expected)

    @pytest.mark.parametrize("query", ["status=NO_SUCH", "enabled=maybe", "health=x", "availability=%00x"])
    def test_a_value_that_does_not_exist_is_refused_with_words(self, plugins, browse, query):
        response = browse("platform").get(f"/plugins/?{query}")

        assert response.status_code == 400
        assert "This did not work" in response.text and 'href="/plugins/"' in response.text

    def test_the_choice_stays_in_the_form_and_in_the_links_of_the_pages(self, browse, install, acme):
        install(*numbered(60), enabled=True)

        page = main_of(browse("platform"), "/plugins/?enabled=yes&q=plugin_")

        assert '<option value="yes" selected>' in page and 'value="plugin_"' in page
        following = html.unescape(re.search(r'rel="next" href="([^"]*)"', page).group(1))
        assert "enabled=yes" in following and "q=plugin_" in following
        later = main_of(browse("platform"), f"/plugins/{following}")
        assert "plugin_059" in later and "plugin_000" not in later

    def test_others_find_no_such_page(self, plugins, browse):
        assert browse("ann").get("/plugins/").status_code == 404

    @pytest.mark.slow
    def test_two_hundred_plugins_and_ten_thousand_customers_take_no_more_statements(self, browse, install, acme):
        install(*numbered(200), enabled=True)
        customers = Customer.objects.bulk_create(
            Customer(slug=f"many-{number:05}", name=f"Many {number}") for number in range(10_000)
        )
        rows = list(PluginConfig.objects.filter(name__startswith="plugin_")[:20])
        CustomerPluginConfig.objects.bulk_create(
            CustomerPluginConfig(customer=customer, plugin=rows[number % 20], enabled=True)
            for number, customer in enumerate(customers)
        )
        CustomerPluginConfig.objects.bulk_create(
            CustomerPluginConfig(customer=acme, plugin=row, enabled=True) for row in rows
        )
        renew_platform()
        platform, ann = browse("platform"), browse("ann")
        counts: dict[str, int] = {}

        for client, address in (
            (platform, "/plugins/?q=plugin&enabled=yes"),
            (platform, "/plugins/plugin_007/customers/?q=many&effective=yes"),
            (platform, "/plugins/plugin_007/customers/"),
            (platform, "/plugins/plugin_007/switch/?action=DISABLE"),
            (platform, "/plugins/plugin_007/switch/?action=ENABLE&availability=REQUIRED"),
            (platform, "/c/acme/manage/plugins/plugin_007/switch/?action=DISABLE"),
            (ann, f"{OWN}?q=PLUGIN_0&effective=yes"),
            (ann, f"{OWN}plugin_007/switch/?action=DISABLE"),
        ):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts[address] = len(captured)

        assert max(counts.values()) <= MOST, counts


class TestOfACustomer:
    def test_members_see_what_is_offered_and_operators_can_switch_it(self, plugins, browse):
        manager.enable("soil", actor=SYSTEM, customer="acme")
        found: dict[str, Any] = {name: rows_of(main_of(browse(name), OWN)) for name in ("vera", "oscar")}

        assert set(found["vera"]) == set(found["oscar"]) == {"A", "Garden", "Soil"}
        assert "Switch" not in found["vera"]["Soil"]
        assert "Switch off Soil" in found["oscar"]["Soil"] and "Switch on Garden" in found["oscar"]["Garden"]
        assert "'acme' has not switched 'garden' on." in found["vera"]["Garden"]
        assert "Switched on: tests" in found["oscar"]["Soil"] and "Switched on" not in found["vera"]["Soil"]

    def test_a_required_one_is_locked_with_the_reason(self, plugins, browse):
        manager.set_availability("soil", actor=SYSTEM, availability=Availability.REQUIRED)

        soil = rows_of(main_of(browse("ann"), OWN))["Soil"]

        assert "Locked: the platform operator requires it." in soil and "Switch" not in soil

    def test_what_is_withheld_or_disabled_is_there_for_the_platforms_operator_alone(self, plugins, browse):
        manager.set_availability("garden", actor=SYSTEM, customer="acme", availability=Availability.WITHHELD)

        assert "Garden" not in rows_of(main_of(browse("ann"), OWN))
        seen = rows_of(main_of(browse("platform"), OWN))
        assert "Withheld" in seen["Garden"] and "Switch" not in seen["Garden"] + seen["Fence"]

    @pytest.mark.parametrize(
        ("query", "expected"),
        [("effective=yes", ["Soil"]), ("effective=no&q=ga", ["Garden"]), ("availability=DEFAULT_ON", ["Soil"])],
    )
    def test_filters_are_joined(self, plugins, browse, query, expected):
        manager.set_availability("soil", actor=SYSTEM, availability=Availability.DEFAULT_ON)

        assert list(rows_of(main_of(browse("vera"), f"{OWN}?{query}"))) == expected

    def test_nothing_offered_says_who_decides(self, browse):
        page = main_of(browse("gus"), "/c/globex/manage/plugins/?q=zz")
        manager.disable("pages", actor=SYSTEM)

        assert "No plugin matches" in page
        assert "The platform operator decides" in main_of(browse("gus"), "/c/globex/manage/plugins/")

    def test_words_of_a_plugin_are_text(self, browse, install, acme):
        class Sly(Soil):
            name = "sly"
            verbose_name = "<b>Sly</b>"
            description = "<script>alert(1)</script>"

        install(Sly(), enabled=True)

        for name, address in (("vera", OWN), ("platform", "/plugins/"), ("ann", f"{OWN}sly/switch/?action=ENABLE")):
            page = main_of(browse(name), address)
            assert "<script>alert" not in page and "<b>Sly" not in page and "&lt;b&gt;Sly" in page

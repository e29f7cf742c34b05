"""Switching on a page: the plan first, then exactly what it says, or why not."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from tests.console.conftest import SYSTEM
from tests.console.plugin_family import Fence, Garden, Soil, Stubborn
from tests.console.test_plugin_lists import main_of
from tests.databases import one_database_is_enough
from webnet.audit.models import PluginAuditLog
from webnet.console.plugins import switching
from webnet.customers.models import Customer
from webnet.plugins.gate.effective import is_effective
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, PluginConfig

pytestmark = [pytest.mark.django_db(transaction=True), one_database_is_enough]

SOIL, GARDEN = "/plugins/soil/switch/", "/plugins/garden/switch/"
OWN_SOIL, OWN_GARDEN = "/c/acme/manage/plugins/soil/switch/", "/c/acme/manage/plugins/garden/switch/"


@pytest.fixture
def plugins(install, acme) -> None:
    install(Soil(), Garden(), Fence(), Stubborn())


@pytest.fixture
def offered(plugins) -> None:
    """All but `stubborn` are enabled for everybody, and offered."""
    for name in ("soil", "garden", "fence"):
        manager.enable(name, actor=SYSTEM)


def form_of(page: str) -> dict[str, str]:
    """The fields of the form that confirms the plan."""
    found = re.search(r'<form method="post" action="[^"]*switch/">(.*?)</form>', page, re.S)
    assert found, page
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found.group(1))
    return {name: html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def confirm(client: Client, address: str, query: str, **more: str) -> Any:
    """Look at the plan, and confirm it."""
    return client.post(address, {**form_of(main_of(client, f"{address}?{query}")), **more})


class TestForEverybody:
    def test_the_plan_has_its_steps_whom_it_concerns_and_changes_nothing(self, offered, browse):
        manager.enable("garden", actor=SYSTEM, customer="acme", with_dependencies=True)
        before = PluginAuditLog.objects.count()

        page = main_of(browse("platform"), f"{SOIL}?action=DISABLE")

        steps = re.findall(r"<li><bdi>(\w+)</bdi> is switched off\.", page)
        assert steps == ["Fence", "Garden", "Soil"]
        assert "1 customer is affected." in page and "Acme Corp" in page and "Globex" not in page.split("plan-title")[1]
        assert PluginAuditLog.objects.count() == before

    def test_what_was_confirmed_is_done_and_said_with_its_reason(self, plugins, browse):
        platform = browse("platform")

        response = confirm(platform, GARDEN, "action=ENABLE&availability=DEFAULT_ON", reason="Spring")

        assert response.status_code == 302 and response["Location"] == GARDEN
        assert set(PluginConfig.objects.filter(enabled=True).values_list("name", flat=True)) >= {"soil", "garden"}
        assert PluginConfig.objects.get(name="soil").availability == Availability.DEFAULT_ON
        page = platform.get(GARDEN).text
        assert "Garden is enabled for everybody. Also changed: Soil." in page
        assert "Spring" in page and "enablePlugin(input: $input)" in page
        assert PluginAuditLog.objects.filter(plugin_name="garden").latest("position").reason == "Spring"

    def test_a_plan_that_holds_no_more_is_shown_anew_and_nothing_is_done(self, offered, browse):
        """Somebody else switches `garden` off between looking and confirming."""
        platform = browse("platform")
        seen = form_of(main_of(platform, f"{SOIL}?action=DISABLE"))
        manager.disable("fence", actor=SYSTEM)

        response = platform.post(SOIL, {**seen, "reason": "Autumn"})

        assert response.status_code == 409
        assert "Something has changed since you looked at the plan" in response.text
        assert re.findall(r"<li><bdi>(\w+)</bdi> is switched off\.", response.text) == ["Garden", "Soil"]
        assert 'value="Autumn"' in response.text
        assert PluginConfig.objects.get(name="soil").enabled
        assert platform.post(SOIL, form_of(response.text)).status_code == 302
        assert not PluginConfig.objects.get(name="soil").enabled

    def test_what_comes_up_while_it_is_being_done_is_not_done_either(self, offered, browse, monkeypatch):
        """Between the plan that the request itself has read and its change."""
        platform = browse("platform")
        manager.disable("fence", actor=SYSTEM)
        seen = form_of(main_of(platform, f"{SOIL}?action=DISABLE"))
        carry_out = switching._carry_out

        def carry_out_late(*args: Any) -> str:
            manager.enable("fence", actor=SYSTEM)
            return carry_out(*args)

        monkeypatch.setattr(switching, "_carry_out", carry_out_late)
        response = platform.post(SOIL, {**seen, "reason": "Autumn"})

        assert PluginConfig.objects.get(name="soil").enabled
        assert response["Location"] == f"{SOIL}?action=DISABLE&reason=Autumn"
        page = main_of(platform, response["Location"])
        assert "Something has changed since you looked at the plan" in page and 'value="Autumn"' in page
        assert re.findall(r"<li><bdi>(\w+)</bdi> is switched off\.", page) == ["Fence", "Garden", "Soil"]

    def test_without_a_look_at_the_plan_nothing_is_done(self, offered, browse):
        response = browse("platform").post(SOIL, {"action": "DISABLE"})

        assert response.status_code == 409
        assert PluginConfig.objects.get(name="soil").enabled

    def test_a_refusal_names_the_plugins_in_the_way_and_leads_to_them(self, offered, browse):
        manager.set_availability("soil", actor=SYSTEM, availability=Availability.WITHHELD)

        page = main_of(browse("platform"), f"{GARDEN}?action=ENABLE&availability=REQUIRED")

        assert 'data-code="DEPENDENCY_DISABLED"' in page
        assert f'<a href="{SOIL}"><bdi>Soil</bdi></a>' in page
        assert '<form method="post"' not in page

    def test_a_hook_that_fails_is_a_refusal_beside_the_form_which_keeps_the_reason(self, plugins, browse):
        response = confirm(browse("platform"), "/plugins/stubborn/switch/", "action=ENABLE", reason="Try")

        assert response.status_code == 422
        assert 'data-code="HOOK_FAILED"' in response.text and 'value="Try"' in response.text
        assert form_of(response.text)["action"] == "ENABLE"

    def test_the_availability_of_a_disabled_plugin_is_set_without_enabling_it(self, plugins, browse):
        platform = browse("platform")

        confirm(platform, SOIL, "action=SET_AVAILABILITY&availability=REQUIRED")

        soil = PluginConfig.objects.get(name="soil")
        assert (soil.enabled, soil.availability) == (False, Availability.REQUIRED)
        confirm(platform, SOIL, "action=SET_AVAILABILITY&availability=")
        assert PluginConfig.objects.get(name="soil").availability == Availability.REQUIRED
        assert "Nothing was changed: it was so already." in platform.get(SOIL).text

    def test_a_pause_is_ended(self, offered, browse):
        manager.pause("soil", actor=SYSTEM, reason="It failed.")
        platform = browse("platform")

        assert "Resume it now" in main_of(platform, SOIL)
        confirm(platform, SOIL, "action=RESUME")

        assert not PluginConfig.objects.get(name="soil").is_paused
        assert "Soil runs again." in platform.get(SOIL).text

    @pytest.mark.parametrize("query", ["action=NONSENSE", "action=ENABLE&availability=SOMETIMES", "action=%00E"])
    def test_an_action_that_does_not_exist_is_refused_with_words(self, offered, browse, query):
        response = browse("platform").get(f"{SOIL}?{query}")

        assert response.status_code == 400 or 'action="/plugins/soil/switch/"' in response.text
        assert browse("platform").post(SOIL, {"action": "NONSENSE"}).status_code == 400

    def test_a_choice_can_be_reset_for_a_customer_only(self, offered, browse):
        page = main_of(browse("platform"), f"{SOIL}?action=RESET")

        assert "name the customer" in page

    def test_a_plugin_that_does_not_exist_is_missing_and_so_is_the_page_for_others(self, offered, browse):
        missing = browse("platform").get("/plugins/nothing/switch/")
        other = browse("ann").get(SOIL)

        assert missing.status_code == other.status_code == 404
        assert browse("ann").post(SOIL, {"action": "DISABLE"}).status_code == 404
        assert PluginConfig.objects.get(name="soil").enabled


class TestForACustomer:
    def test_on_off_and_back_to_what_the_availability_says(self, offered, browse, acme):
        oscar = browse("oscar")

        confirm(oscar, OWN_GARDEN, "action=ENABLE", reason="Wanted")
        assert is_effective("garden", Customer.objects.get(slug="acme")) and is_effective("soil", acme)
        assert "Garden is switched on. Also changed: Soil." in oscar.get(OWN_GARDEN).text
        confirm(oscar, OWN_GARDEN, "action=DISABLE")
        assert not is_effective("garden", acme)
        assert "Forget the customer" in main_of(oscar, OWN_GARDEN)
        confirm(oscar, OWN_GARDEN, "action=RESET")

        assert "The choice about Garden is forgotten." in oscar.get(OWN_GARDEN).text
        assert "Forget the customer" not in main_of(oscar, OWN_GARDEN)

    def test_another_plugin_that_has_come_up_since_is_refused_and_not_taken_along(self, offered, browse, acme):
        oscar = browse("oscar")
        manager.enable("soil", actor=SYSTEM, customer="acme")
        seen = form_of(main_of(oscar, f"{OWN_GARDEN}?action=ENABLE"))
        manager.disable("soil", actor=SYSTEM, customer="acme")

        response = oscar.post(OWN_GARDEN, seen)

        assert response.status_code == 409
        assert "<bdi>Soil</bdi> is switched on." in response.text
        assert not is_effective("soil", acme)

    def test_a_refusal_leads_to_plugins_that_the_viewer_may_see_alone(self, offered, browse):
        manager.set_availability("soil", actor=SYSTEM, customer="acme", availability=Availability.WITHHELD)

        seen_by = {name: main_of(browse(name), f"{OWN_GARDEN}?action=ENABLE") for name in ("oscar", "platform")}

        assert all('data-code="DEPENDENCY_DISABLED"' in page for page in seen_by.values())
        assert OWN_SOIL not in seen_by["oscar"]
        assert f'<a href="{OWN_SOIL}"><bdi>Soil</bdi></a>' in seen_by["platform"]

    def test_a_required_plugin_is_locked(self, offered, browse):
        manager.set_availability("soil", actor=SYSTEM, availability=Availability.REQUIRED)
        oscar = browse("oscar")

        page, plan = main_of(oscar, OWN_SOIL), main_of(oscar, f"{OWN_SOIL}?action=DISABLE")

        assert "Locked: the platform operator requires it" in page and "Switch it off" not in page
        assert 'data-code="AVAILABILITY"' in plan and '<form method="post"' not in plan

    def test_the_platforms_operator_decides_what_one_customer_may_choose(self, offered, browse, acme):
        platform = browse("platform")

        confirm(platform, OWN_SOIL, "action=SET_AVAILABILITY&availability=REQUIRED", reason="Contract")

        planned = main_of(platform, f"{OWN_SOIL}?action=SET_AVAILABILITY&availability=WITHHELD")
        assert "What this customer may choose about <bdi>Soil</bdi> is changed." in planned
        assert "Acme Corp notices it at once." in planned
        assert is_effective("soil", acme) and not is_effective("soil", Customer.objects.get(slug="globex"))
        assert PluginAuditLog.objects.latest("position").reason == "Contract"
        confirm(platform, OWN_SOIL, "action=SET_AVAILABILITY&availability=")
        assert not is_effective("soil", acme)

    def test_others_can_neither_see_nor_send_that(self, offered, browse, acme):
        ann = browse("ann")

        assert "What may be chosen" not in main_of(ann, OWN_SOIL)
        response = ann.post(OWN_SOIL, {"action": "SET_AVAILABILITY", "availability": "REQUIRED"})

        assert response.status_code == 422 and 'data-code="OPERATORS_ONLY"' in response.text
        assert not is_effective("soil", acme)

    def test_a_pause_of_the_customer_is_ended_by_its_operator(self, offered, browse, acme):
        manager.enable("soil", actor=SYSTEM, customer="acme")
        manager.pause("soil", actor=SYSTEM, customer="acme", reason="It failed.")
        oscar = browse("oscar")

        confirm(oscar, OWN_SOIL, "action=RESUME")

        assert is_effective("soil", acme)

    def test_one_of_everybody_is_not_theirs_to_end(self, offered, browse):
        manager.enable("soil", actor=SYSTEM, customer="acme")
        manager.pause("soil", actor=SYSTEM, reason="It failed.")

        assert "Resume it now" not in main_of(browse("oscar"), OWN_SOIL)

    def test_a_viewer_is_told_who_may(self, offered, browse):
        response = browse("vera").post(OWN_SOIL, {"action": "ENABLE"})

        assert response.status_code == 403
        assert "Only operators and admins of the customer can switch its plugins." in response.text

    def test_a_withheld_plugin_is_missing_like_one_that_does_not_exist(self, offered, browse):
        manager.set_availability("soil", actor=SYSTEM, customer="acme", availability=Availability.WITHHELD)
        ann = browse("ann")

        withheld, missing = ann.get(OWN_SOIL), ann.get("/c/acme/manage/plugins/nothing/switch/")

        assert withheld.status_code == missing.status_code == 404
        pages = [re.search("<main.*</main>", each.text, re.S).group() for each in (withheld, missing)]
        assert pages[0].replace("soil", "nothing") == pages[1]

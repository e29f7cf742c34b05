"""Plugins' pages: only where the plugin is effective, only for those who may, and a failing one stays alone."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.console.conftest import SYSTEM
from webnet.customers.models import Customer, Role
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig
from webnet.plugins.runtime import failures

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = "/c/acme/plugins/pages/"


def told(response) -> tuple[int, dict[str, str], bytes]:
    """All that a browser is told, but for the time of the answer and the id of the request."""
    headers = {name: value for name, value in response.headers.items() if name not in ("Expires", "X-Request-Id")}
    return response.status_code, headers, response.content


def test_a_page_is_served_for_the_customer_of_its_address(browse):
    answer = browse("vera").get(ROOT)

    assert (answer.status_code, answer.content) == (200, b"for acme, hello")


def test_a_page_is_in_the_viewers_language(browse):
    vera = browse("vera")

    german = vera.get(f"{ROOT}translated/", headers={"Accept-Language": "de"}).text

    assert "<title>Montag" in german and "<title>Monday" in vera.get(f"{ROOT}translated/").text


def test_the_pages_path_is_read_as_django_reads_it(browse):
    vera = browse("vera")

    assert vera.get(f"{ROOT}reports/2026/").content == b"the report of 2026"
    assert vera.get(f"{ROOT}reports/last/").status_code == 404
    assert vera.get(f"{ROOT}detail/lamp").content == b"lamp of acme"


def test_an_async_view_is_served(browse):
    assert browse("vera").get(f"{ROOT}waiting/").content == b"waited for acme"


def test_what_is_not_for_this_customer_or_user_is_the_same_as_what_never_was(browse, acme):
    never = told(browse("vera").get("/c/acme/plugins/unheard/"))

    assert never[0] == 404
    for user, address in (
        ("vera", f"{ROOT}unheard/"),
        ("vera", "/c/globex/plugins/pages/"),
        ("vera", "/c/globex/"),
        ("vera", "/c/unheard/"),
        ("vera", "/c/acme/unheard/at/all"),
        ("gus", ROOT),
        ("vera", f"{ROOT}missing/"),
        ("vera", f"{ROOT}gone/"),
    ):
        assert told(browse(user).get(address)) == never, (user, address)


def test_a_page_of_a_plugin_that_was_switched_off_says_so_to_those_who_see_the_plugin(browse, acme):
    vera, gus = browse("vera"), browse("gus")
    never = told(vera.get("/c/acme/plugins/unheard/"))

    manager.disable("pages", actor=SYSTEM, customer="acme")
    page, sent = vera.get(f"{ROOT}framed/"), vera.post(f"{ROOT}form/", {"word": "lost"})
    elsewhere = gus.get("/c/globex/plugins/pages/")
    manager.set_availability("pages", actor=SYSTEM, availability=Availability.WITHHELD)

    assert page.status_code == sent.status_code == elsewhere.status_code == 404
    assert "A Book of Pages is not on for Acme Corp" in page.text and "has switched &#x27;pages&#x27; off." in page.text
    assert 'href="/c/acme/manage/plugins/pages/"' in page.text and "lost" not in sent.text
    assert "A Book of Pages is not on for Globex" in elsewhere.text
    # Whoever may not see the plugin does not learn that there is one.
    assert told(vera.get(ROOT)) == told(gus.get("/c/globex/plugins/pages/")) == never


def test_the_same_bytes_come_for_every_other_address_too(browse):
    never, elsewhere = browse("vera").get(f"{ROOT}unheard/"), browse("vera").get("/unheard/")

    assert (elsewhere.status_code, elsewhere.content) == (404, never.content)


def test_the_next_request_after_a_switch_obeys_it(browse):
    vera = browse("vera")
    assert vera.get(ROOT).status_code == 200

    manager.disable("pages", actor=SYSTEM, customer="acme")
    assert vera.get(ROOT).status_code == 404

    manager.enable("pages", actor=SYSTEM, customer="acme")
    assert vera.get(ROOT).status_code == 200

    manager.disable("pages", actor=SYSTEM)
    assert vera.get(ROOT).status_code == 404


def test_an_inactive_customer_has_no_plugins_pages(browse, acme):
    Customer.objects.filter(pk=acme.pk).update(is_active=False)

    # As `accounts.customers.update` does it, in the same transaction.
    from webnet.audit.operation import renew_customer

    renew_customer(acme)

    assert browse("vera").get(ROOT).status_code == 404


@pytest.mark.parametrize("address", [ROOT, f"{ROOT}unheard/", "/c/globex/plugins/pages/", "/c/unheard/", "/c/acme/x"])
def test_signed_out_every_address_leads_to_signing_in(acme, address):
    answer = Client().get(f"{address}?a=1")

    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={address}%3Fa%3D1"


def test_a_page_with_a_permission_is_refused_without_it_and_says_so(browse):
    assert browse("oscar").get(f"{ROOT}secret/").status_code == 200

    refused = browse("vera").get(f"{ROOT}secret/")

    assert refused.status_code == 403
    assert "needs the permission &#x27;pages.read&#x27;" in refused.text


def test_a_page_follows_what_the_customer_decides_of_its_permission(browse):
    vera = browse("vera")
    manager.set_permission("pages.read", actor=SYSTEM, customer="acme", role=Role.VIEWER, granted=True)
    assert vera.get(f"{ROOT}secret/").status_code == 200

    manager.set_permission("pages.read", actor=SYSTEM, customer="acme", role=Role.VIEWER, granted=False)
    assert vera.get(f"{ROOT}secret/").status_code == 403


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("broken/", "RuntimeError: the word is s3cret"),
        ("leaving/", "SystemExit: 3"),
        ("wordless/", "the view returned str, not an HttpResponse"),
        ("late/", "TemplateDoesNotExist"),
    ],
)
def test_a_page_that_fails_says_so_in_the_frame_and_the_log_names_the_plugin(browse, caplog, path, reason):
    vera = browse("vera")

    failed = vera.get(ROOT + path)

    assert failed.status_code == 500
    assert "The plugin “A Book of Pages” could not show this page" in failed.text
    assert 'href="/c/acme/"' in failed.text
    assert "s3cret" not in failed.text
    assert "Plugin 'pages': its page" in caplog.text
    assert reason in browse("platform").get(ROOT + path).text
    assert vera.get(ROOT).status_code == 200


def test_a_view_that_denies_is_a_refusal_and_one_that_smells_something_a_bad_request(browse, caplog):
    vera = browse("vera")

    denied = vera.get(f"{ROOT}denied/")

    assert (denied.status_code, "Not on a Monday." in denied.text) == (403, True)
    assert vera.get(f"{ROOT}fishy/").status_code == 400


def test_forms_of_plugins_are_guarded_whatever_the_view_says(browse):
    vera = browse("vera", enforce_csrf_checks=True)
    vera.get("/c/acme/")
    token = vera.cookies["csrftoken"].value

    without = vera.post(f"{ROOT}form/", {"word": "hi"})
    with_token = vera.post(f"{ROOT}form/", {"word": "hi", "csrfmiddlewaretoken": token})

    assert without.status_code == 403
    assert (with_token.status_code, with_token.content) == (200, b"POST hi")


def test_a_missing_slash_is_added_where_there_is_a_page(browse):
    vera = browse("vera")

    assert vera.get(f"{ROOT}framed?a=1").headers["Location"] == f"{ROOT}framed/?a=1"
    assert vera.get("/c/acme/plugins/pages?a=1").headers["Location"] == f"{ROOT}?a=1"
    assert vera.post(f"{ROOT}framed").status_code == 404
    assert vera.get(f"{ROOT}unheard").status_code == 404


def test_a_missing_slash_betrays_no_page_of_others(browse):
    gus = browse("gus")

    assert gus.get(f"{ROOT}framed").status_code == 404
    assert gus.get("/c/acme/plugins/pages").status_code == gus.get("/c/acme/plugins/unheard").status_code == 302


def test_pages_are_kept_by_no_cache(browse):
    assert "no-store" in browse("vera").get(ROOT)["Cache-Control"]


def test_a_page_takes_few_statements_however_many_plugins_there_are(browse):
    vera = browse("vera")
    vera.get(ROOT)

    with CaptureQueriesContext(connection) as statements:
        vera.get(ROOT)

    # The session, its user with the platform's generation, and the customer with its own.
    assert len(statements) == 3


def test_a_value_of_the_client_is_no_failure_of_the_page(browse, acme):
    """Only what the plugin makes up itself is."""
    vera = browse("vera", raise_request_exception=False)
    failures.counter.take()

    answers = {value: vera.get(f"{ROOT}looking-up/?id={value}").status_code for value in ("x", "-1", acme.pk)}

    assert answers == {"x": 400, "-1": 404, acme.pk: 200} and failures.counter.take() == {}
    assert vera.get(f"{ROOT}looking-up/").status_code == 500 and len(failures.counter.take()) == 1


def test_a_page_that_fails_too_often_pauses_its_plugin_for_the_customer(browse):
    for user, times in (("vera", 3), ("oscar", 2)):
        browser = browse(user, raise_request_exception=False)
        assert {browser.get(f"{ROOT}broken/").status_code for _ in range(times)} == {500}

    assert browse("vera").get(ROOT).status_code == 404
    (row,) = CustomerPluginConfig.objects.exclude(paused_until=None)
    assert row.customer.slug == "acme" and "on the page '" in row.pause_reason

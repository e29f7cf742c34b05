"""A subscription ends, with a clear reason, as soon as whoever opened it may not have it any more."""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.browsing import Client
from tests.events.streams import StreamClient, read_to_end

PASSWORD = "correct-horse-battery"
TICKS = "subscription { ticks { number customer } }"
FAULTY = "subscription { faultyTicks { number } }"
SILENCE = "subscription { silence { number } }"


@pytest.fixture(scope="module", autouse=True)
def _ticker_is_enabled(server, world):
    client = StreamClient(server, world.tokens["root"])
    for plugin in ("shelf", "ticker"):
        client.mutate("enablePlugin", plugin=plugin)


def sign_in(server, username):
    browser = Client(server.url)
    browser.sign_in(username, PASSWORD)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    return StreamClient(server, cookies=cookies, csrf=browser.csrf_token)


def make_token(client, name):
    query = """mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) {
        ... on CreateApiTokenPayload { token apiToken { id } } } }"""
    made = client.run(query, input={"name": name})["data"]["createApiToken"]
    return made["token"], made["apiToken"]["id"]


def test_signing_out_ends_it(server, root):
    session = sign_in(server, "acme-operator")
    stream = session.subscribe("acme")

    session.run("mutation { signOut { __typename } }")

    assert stream.end()["code"] == "UNAUTHENTICATED"
    session.close()


def test_a_revoked_token_ends_it_and_no_other(client):
    operator = client("acme-operator")
    secret, token_id = make_token(operator, "to be revoked")
    with_it, other = StreamClient(operator.server, secret), operator.subscribe("acme")
    stream = with_it.subscribe("acme")

    operator.mutate("revokeApiToken", id=token_id)

    assert stream.end()["code"] == "UNAUTHENTICATED"
    operator.mutate("enableCustomerPlugin", customer="acme", plugin="shelf")
    assert other.node()["action"] == "enable_customer_plugin"
    operator.mutate("disableCustomerPlugin", customer="acme", plugin="shelf")
    with_it.close()


def test_a_token_ends_it_when_it_expires(client, world):
    operator = client("acme-operator")
    secret, _ = make_token(operator, "to expire")
    with_it = StreamClient(operator.server, secret)
    stream = with_it.subscribe("acme")

    # Nothing is committed that would wake anybody, but the row itself.
    world.command(
        "shell",
        "-v0",
        "-c",
        "from webnet.customers.models import ApiToken; from django.utils import timezone;"
        "ApiToken.objects.filter(name='to expire').update(expires_at=timezone.now())",
    )

    assert stream.end()["code"] == "UNAUTHENTICATED"
    with_it.close()


def test_a_lost_membership_ends_it_in_the_customers_view(client):
    admin, member = client("acme-admin"), client("globex-admin")
    client("root").mutate("setMember", customer="acme", username="globex-admin", role="OPERATOR")
    stream = member.subscribe("acme")

    admin.mutate("removeMember", customer="acme", username="globex-admin")

    assert stream.end()["code"] == "CUSTOMER_NOT_FOUND"


def test_a_lost_membership_takes_the_customers_rows_out_of_the_view_of_all(client):
    admin, member = client("acme-admin"), client("globex-admin")
    client("root").mutate("setMember", customer="acme", username="globex-admin", role="OPERATOR")
    stream = member.subscribe(filter={"action": ["enable_customer_plugin", "disable_customer_plugin"]})

    admin.mutate("enableCustomerPlugin", customer="acme", plugin="shelf")
    assert stream.node()["customer"]["slug"] == "acme"
    admin.mutate("removeMember", customer="acme", username="globex-admin")
    admin.mutate("disableCustomerPlugin", customer="acme", plugin="shelf")
    member.mutate("enableCustomerPlugin", customer="globex", plugin="shelf")

    assert stream.node()["customer"]["slug"] == "globex"
    member.mutate("disableCustomerPlugin", customer="globex", plugin="shelf")


def test_a_deactivated_user_ends_it(client, root):
    stream = client("acme-viewer").subscribe("acme")

    root.mutate("updateUser", username="acme-viewer", isActive=False)

    assert stream.end()["code"] == "UNAUTHENTICATED"
    root.mutate("updateUser", username="acme-viewer", isActive=True)


@pytest.mark.parametrize(
    ("query", "language", "ending"),
    [
        (TICKS, "en", "the plugin 'ticker' is no longer effective for 'acme'."),
        (SILENCE, "de", "das Plugin 'ticker' ist für 'acme' nicht mehr wirksam."),
    ],
)
def test_a_plugin_that_is_disabled_ends_its_own_subscriptions_with_a_clear_message(client, query, language, ending):
    admin = client("acme-admin")
    admin.language = language
    admin.mutate("enableCustomerPlugin", customer="acme", plugin="ticker")
    stream = admin.subscribe("acme", query)
    if query is TICKS:
        assert stream.next() == ("next", {"data": {"ticks": {"number": 0, "customer": "acme"}}})

    admin.mutate("disableCustomerPlugin", customer="acme", plugin="ticker")

    event, body = stream.last()
    (error,) = body["errors"]
    assert (event, error["extensions"]["code"]) == ("next", "PLUGIN_NOT_EFFECTIVE")
    assert error["message"].endswith(ending)
    assert stream.next() == ("complete", None)


def test_a_plugin_that_is_disabled_for_everybody_ends_its_subscriptions_in_every_view(client, root):
    admin, member = client("acme-admin"), client("globex-admin")
    for each, slug in ((admin, "acme"), (member, "globex")):
        each.mutate("enableCustomerPlugin", customer=slug, plugin="ticker")
    streams = {
        "for 'acme'": admin.subscribe("acme", SILENCE),
        "for any of your customers": member.subscribe(None, SILENCE),
    }

    root.mutate("disablePlugin", plugin="ticker")

    for whom, stream in streams.items():
        told = stream.end()
        assert told["code"] == "PLUGIN_NOT_EFFECTIVE" and told["message"].endswith(f"no longer effective {whom}.")
    root.mutate("enablePlugin", plugin="ticker")


def test_a_plugin_that_stays_effective_elsewhere_goes_on_there(client):
    acme, globex = client("acme-admin"), client("globex-admin")
    for each, slug in ((acme, "acme"), (globex, "globex")):
        each.mutate("enableCustomerPlugin", customer=slug, plugin="ticker")
    stream = globex.subscribe("globex", TICKS)

    acme.mutate("disableCustomerPlugin", customer="acme", plugin="ticker")

    numbers = [stream.next()[1]["data"]["ticks"]["number"] for _ in range(60)]
    assert numbers == list(range(60))


def test_a_subscription_that_is_over_is_completed(client):
    admin = client("acme-admin")
    admin.mutate("enableCustomerPlugin", customer="acme", plugin="ticker")

    stream = admin.subscribe("acme", "subscription { ticks(times: 2) { number } }")

    assert [stream.next()[0] for _ in range(3)] == ["next", "next", "complete"]


def test_a_fault_of_a_plugins_source_ends_it_without_telling_what_it_was(client):
    admin = client("acme-admin")
    admin.mutate("enableCustomerPlugin", customer="acme", plugin="ticker")
    stream = admin.subscribe("acme", FAULTY)

    stream.next()

    assert stream.end() == {"code": "PLUGIN_FAILED", "message": "The plugin 'ticker' failed."}


def test_a_plugins_source_that_would_end_the_process_ends_its_own_stream(client):
    admin = client("acme-admin")
    admin.mutate("enableCustomerPlugin", customer="acme", plugin="ticker")
    other = admin.subscribe("acme", "subscription { ticks { number } }")
    stream = admin.subscribe("acme", "subscription { exitingTicks { number } }")

    stream.next()

    assert stream.end() == {"code": "PLUGIN_FAILED", "message": "The plugin 'ticker' failed."}
    assert [other.next()[0] for _ in range(3)] == ["next"] * 3


def test_a_source_that_fails_too_often_pauses_its_plugin_and_ends_what_needs_it(client, root):
    admin, operator = client("acme-admin"), client("acme-operator")
    admin.mutate("enableCustomerPlugin", customer="acme", plugin="ticker")
    other = client("acme-viewer").subscribe("acme", SILENCE)

    try:
        for who in (admin, operator):
            for _ in range(3):
                with closing(who.post({"query": FAULTY}, "acme", accept="text/event-stream")) as answer:
                    # It may be paused by now.
                    assert b"PLUGIN_FAILED" in read_to_end(answer) or answer.status == 400
                who._last.close()
        assert other.end()["code"] == "PLUGIN_NOT_EFFECTIVE"
        assert admin.refusal("acme", TICKS) == (400, "GRAPHQL_VALIDATION_FAILED")
    finally:
        root.mutate("resumePlugin", plugin="ticker", customer="acme")

    assert admin.subscribe("acme", TICKS).next()[0] == "next"


def test_a_plugin_that_is_not_effective_has_no_subscriptions(client):
    globex = client("globex-admin")
    globex.mutate("disableCustomerPlugin", customer="globex", plugin="ticker")

    assert globex.refusal("globex", TICKS) == (400, "GRAPHQL_VALIDATION_FAILED")

"""One document for customers with plugins and without, in clients that others wrote: codegen, urql and Apollo.

A page is made as front ends are: types once from the schema of all plugins, strict TypeScript, and one bundle. It is
opened for each customer, and asks with both clients.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_examples import SET_SITE, ask, enable
from tests.browsing import Client
from tests.databases import one_database_is_enough
from tests.node import TYPED_CLIENTS, install_clients, start_client
from tests.servers import DEMO_PASSWORD, Server, run_command, serve_webnet

pytestmark = [pytest.mark.browser, one_database_is_enough]

LIMIT_SECONDS = 120
PLUGINS = "device_inventory,site_map"
CREATE_TOKEN = 'mutation { createApiToken(input: { name: "page" }) { ... on CreateApiTokenPayload { token } } }'
OSLO = {"name": "Oslo", "latitude": 59.9, "longitude": 10.7}
CREATE_DEVICE = 'mutation { createDevice(input: { name: "core-1" }) { __typename } }'
IDS = "{ sites { nodes { id } } devices { nodes { id } } }"
PLACE_DEVICE = """mutation($input: PlaceDeviceInput!) { placeDevice(input: $input) { __typename } }"""
# What both clients have, by customer.
ACME = "Acme (1 devices): core-1 at Oslo; sites: Oslo"
GLOBEX = "Globex (no devices): not there; sites: not there"
GLOBEX_WITH_PLUGINS = "Globex (0 devices): none; sites: none"
# The names of fields in Apollo's cache, by type.
KEPT = "Object.fromEntries(Object.values(apolloCache.extract()).map((each) => [each.__typename, Object.keys(each)]))"
# What the server would have to leave out for the clients to complain.
GUARDED = ("devices", "sites")


@dataclass(frozen=True)
class Built:
    """The page's script, and what TypeScript found wrong."""

    script: str
    exit_code: int
    faults: str


@pytest.fixture(scope="module")
def webnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """acme has the plugins, and globex has not."""
    with serve_webnet(tmp_path_factory.mktemp("webnet"), WEBNET_PLUGINS=PLUGINS) as server:
        platform = sign_in(server)
        enable(platform, "enablePlugin", {"plugin": "site_map", "enableDependencies": True})
        switch_on(platform, "acme")
        path = "/graphql/acme/"
        assert ask(platform, SET_SITE, path=path, input=OSLO)["setSite"]["changed"]
        ask(platform, CREATE_DEVICE, path=path)
        (site,), (device,) = (nodes["nodes"] for nodes in ask(platform, IDS, path=path).values())
        ask(platform, PLACE_DEVICE, path=path, input={"device": device["id"], "site": site["id"]})
        yield server


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = install_clients(tmp_path_factory.mktemp("typed"), TYPED_CLIENTS)
    data_dir = tmp_path_factory.mktemp("schema")
    exported = run_command("export_schema", "--all", data_dir=data_dir, WEBNET_PLUGINS=PLUGINS)
    (folder / "schema.graphql").write_text(exported.stdout)
    with start_client(folder, "build.mjs") as process:
        output, _ = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 0, output
    found = json.loads(output)
    return Built((folder / "page.js").read_text(), found["exitCode"], found["faults"])


@pytest.fixture
def said(page: Page, built: Built, webnet: Server) -> list[str]:
    """The page is at `/clients/<customer>/`; and what the clients say on the console."""
    html = f"<!doctype html><link rel=icon href=data:,><body><script type=module>{built.script}</script>"
    page.route("**/clients/*/", lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"))
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("warning", "error") else None)
    return said


@pytest.fixture(scope="module")
def token(webnet: Server) -> str:
    return str(ask(sign_in(webnet), CREATE_TOKEN)["createApiToken"]["token"])


def sign_in(server: Server) -> Client:
    platform = Client(server.url)
    platform.sign_in("platform", DEMO_PASSWORD)
    return platform


def switch_on(platform: Client, customer: str) -> None:
    enable(platform, "enableCustomerPlugin", {"customer": customer, "plugin": "site_map", "enableDependencies": True})


def expect_both(page: Page, summary: str) -> None:
    for client in ("urql", "apollo"):
        expect(page.locator(f"#{client}")).to_have_text(summary)


def test_generated_types_are_strict_and_a_plugins_fields_may_be_null_in_them(built: Built) -> None:
    """Its sources also have what must not compile: each such line is expected to be a fault."""
    assert (built.exit_code, built.faults) == (0, "")


def test_both_clients_show_a_customer_with_the_plugins_and_one_without(
    page: Page, said: list[str], webnet: Server, token: str
) -> None:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if "/graphql/" in request.url else None)

    page.goto(f"/clients/acme/#{token}")
    expect_both(page, ACME)
    page.goto(f"/clients/globex/#{token}")
    expect_both(page, GLOBEX)
    switch_on(sign_in(webnet), "globex")
    page.get_by_role("button", name="Refresh").click()
    expect_both(page, GLOBEX_WITH_PLUGINS)

    assert said == []
    documents = [json.loads(body)["query"] for body in sent]
    # Each client sends one document to everybody, with its guards.
    assert len(documents) == 2 * 3 and len(set(documents)) == 2
    for document in documents:
        assert sorted(re.findall(r'@ifPlugin\(name:\s*"(\w+)"\)', document)) == sorted(2 * PLUGINS.split(","))


def test_apollo_keeps_a_field_that_has_the_guard_itself_apart(page: Page, said: list[str], token: str) -> None:
    page.goto(f"/clients/acme/#{token}")
    expect_both(page, ACME)

    kept = page.evaluate(KEPT)

    # The number is in a fragment that has the guard.
    assert "deviceCount" in kept["Customer"]
    assert 'site@ifPlugin({"name":"site_map"})' in kept["Device"] and "site" not in kept["Device"]
    # But for what `keyArgs` are given.
    assert 'devices:{"first":5}' in kept["Query"]


def test_the_clients_would_miss_what_is_not_answered_with_null(page: Page, said: list[str], token: str) -> None:
    """The negative control: a server that leaves the guarded parts out."""

    def leave_out(route: Route) -> None:
        answer = route.fetch()
        data = {name: value for name, value in answer.json()["data"].items() if name not in GUARDED}
        route.fulfill(response=answer, json={"data": data})

    page.route("**/graphql/acme/", leave_out)

    page.goto(f"/clients/acme/#{token}")

    for client in ("urql", "apollo"):
        expect(page.locator(f"#{client}")).to_contain_text("in the cache:")
    assert any("Missing field" in text for text in said) and any("undefined" in text for text in said)

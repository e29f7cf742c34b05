"""Run in an installation with bad plugins: does what a host does all day, and reports how each of it ended.

They are offered to acme, and withheld from globex, which has nothing to do with any of them.
"""

from __future__ import annotations

import io
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.conf import settings
from django.core.management import execute_from_command_line
from django.core.wsgi import get_wsgi_application
from django.test import Client as Browser

from tests import factories
from tests.browsing import Client
from webnet.audit import operation
from webnet.containment import raise_operator_interrupt
from webnet.customers.access import Actor, Role
from webnet.customers.models import Customer, User
from webnet.errors import Refusal
from webnet.plugins.hooks import after_commit
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

ME = Actor.system("tests")
# The server's default.
THREADS = 4
GOOD = ("hello_world", "shelf")
COMMANDS = (
    ("migrate",),
    ("sync_plugins", "--migrate"),
    ("check",),
    ("showmigrations",),
    ("makemigrations", "--check", "--dry-run", "plugins", "customers", "shelf"),
    ("list_plugins", "-v2"),
    ("export_schema",),
)

# Every root field of the host.
HOST_QUERY = """query($customer: String!, $plugin: String!, $id: ID!) {
    viewer { user { username } memberships { edges { node { role } } } }
    currentCustomer { slug }
    nodes(ids: [$id]) { id }
    node(id: $id) { id }
    customer(slug: $customer) { name pluginConfigs { edges { node { plugin { name } effective ineffectiveReasons } } } }
    customers { totalCount edges { node { slug apiTokens { nodes { name user { username } } } } } }
    users(filter: {search: "a"}) { totalCount nodes { username isActive memberships { nodes { role } } } }
    plugin(name: $plugin) { name status contributions { queries pages } health { status } }
    plugins(first: 100) { totalCount edges { node { name status statusReason statusTraceback settingsSchema } } }
    customerPluginConfig(customer: $customer, plugin: $plugin) { effective effectiveSettings }
    customerPluginConfigs { edges { node { plugin { name } } } }
    pluginAuditLogs { edges { node { action outcome } } }
    pluginPlan(plugin: $plugin, action: DISABLE) { steps { plugin { name } } refusal { message } }
    workers { outdatedPlugins { name } } keys { purpose } auditVerification { status }
    pluginSettingsPlan(plugin: $plugin, settings: {}) { changes { path } refusal { message } }
    pluginSettingsRevertPlan(plugin: $plugin, revision: 0) { changes { path } refusal { message } }
    problems { key } navigationItems { label plugin { name } }
    effectivePlugins { plugin { name } types fields }
    dashboardWidgets { name plugin { name } data html error }
}"""
GOOD_QUERY = "{ firstBook { title } dashboardWidgets { plugin { name } data error } }"


def look_after(*bad: str, called: tuple[str, ...] = ()) -> dict[str, Any]:
    """All of it, one thing after the other; of those `called`, acme calls whatever they bring."""
    report = prepare(*bad, enabled=bad)
    with serve() as address:
        return report | {"visits": visit(address, report), "calls": call(address, report, called)}


def prepare(*bad: str, enabled: tuple[str, ...]) -> dict[str, Any]:
    """How the commands end, and enabling those `enabled`; and who may call."""
    signal.signal(signal.SIGINT, raise_operator_interrupt)  # as in any command
    after_commit.DEADLINE_SECONDS = 1.0  # as long as a test may wait for one that hangs
    commands = {words[0]: run(*words) for words in COMMANDS}
    people = bring_people()
    for name in PluginConfig.objects.filter(name__in=bad).values_list("name", flat=True):
        manager.set_availability(name, actor=ME, customer="globex", availability=Availability.WITHHELD)
    return {"commands": commands, "people": people, "enabling": {name: enable(name) for name in enabled}}


def run(*words: str) -> list[Any]:
    """What the command line says, and its exit code."""
    out, code = io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(out):
        try:
            execute_from_command_line(["manage.py", *words, "--no-color"])
        except SystemExit as stopped:
            code = stopped.code
    return [out.getvalue(), code]


def bring_people() -> dict[str, dict[str, str]]:
    """The platform's operator, `ann` of acme, and `gus` of globex: token, cookie, view and customer of each."""
    acme, globex = factories.make_customer("acme"), factories.make_customer("globex")
    for name in GOOD:
        manager.enable(name, actor=ME, availability=Availability.DEFAULT_ON)
    return {
        "platform": _describe(factories.make_operator("platform"), "/graphql/", "acme"),
        "ann": _describe(factories.make_member("ann", acme, Role.ADMIN), "/graphql/acme/", "acme"),
        "gus": _describe(factories.make_member("gus", globex), "/graphql/globex/", "globex"),
    }


def _describe(user: User, path: str, customer: str) -> dict[str, str]:
    browser = Browser()
    browser.force_login(user)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    return {"token": factories.make_token(user), "cookie": cookie, "path": path, "customer": customer}


def enable(name: str) -> list[str | None]:
    """Enable it for everybody and then for acme; the codes of the refusals.

    Where a hook of its own refuses, it becomes effective for acme all the same, so that the rest of it can be called.
    """
    outcomes = [_try_enabling(name, customer) for customer in (None, "acme")]
    if outcomes[-1] == "HOOK_FAILED":
        acme, plugin = Customer.objects.get(slug="acme"), PluginConfig.objects.get(name=name)
        CustomerPluginConfig.objects.create(customer=acme, plugin=plugin, enabled=True)
        operation.renew_customer(acme)
    return outcomes


def _try_enabling(name: str, customer: str | None) -> str | None:
    try:
        manager.enable(name, actor=ME, customer=customer)
    except Refusal as refusal:
        return refusal.code
    return None


@contextmanager
def serve() -> Iterator[str]:
    """The address of this process, which serves requests on threads."""

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with make_server("127.0.0.1", 0, get_wsgi_application(), Server, Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def visit(address: str, report: dict[str, Any]) -> dict[str, Any]:
    """What each of the people is told when they ask for all that the host has, and for what the good plugins bring."""
    return {name: _visit(Client(address), **person) for name, person in report["people"].items()}


def _visit(client: Client, *, token: str, cookie: str, path: str, customer: str) -> dict[str, Any]:
    home = f"/graphql/{customer}/"
    found = ask(client, path, token, '{ plugin(name: "shelf") { id } }')
    names = {"customer": customer, "plugin": "shelf", "id": found["data"]["plugin"]["id"]}
    pages = ("/", f"/c/{customer}/", f"/c/{customer}/plugins/hello_world/", "/sign-in/", "/readyz")
    return {
        "host": ask(client, path, token, HOST_QUERY, **names),
        "good": ask(client, home, token, GOOD_QUERY),
        "pages": {page: client.get(page, Cookie=cookie).status for page in pages},
    }


def ask(client: Client, path: str, token: str, query: str, **variables: str) -> Any:
    return client.post_graphql(query, path=path, headers={"Authorization": f"Bearer {token}"}, **variables).json()


def call(address: str, report: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """What acme is told when it calls a query of the plugin's, a page and a health check."""
    client, ann = Client(address), report["people"]["ann"]
    return {name: _call(client, name, token=ann["token"], cookie=ann["cookie"]) for name in names}


def _call(client: Client, name: str, *, token: str, cookie: str) -> dict[str, Any]:
    query = f"{{ {name}Answer {name}Scalar {name}Sound viewer {{ user {{ username }} }} }}"
    health = f"""mutation {{ checkPluginHealth(input: {{ plugin: "{name}", customer: "acme" }}) {{
        ... on CheckPluginHealthPayload {{ health {{ status message }} }} ... on Refusal {{ code }} }} }}"""
    return {
        "query": ask(client, "/graphql/acme/", token, query),
        "pages": [client.get(f"/c/acme/plugins/{name}/{page}", Cookie=cookie).status for page in ("", "later/")],
        "health": ask(client, "/graphql/acme/", token, health)["data"]["checkPluginHealth"]["health"],
    }


def write_and_read(address: str, people: dict[str, dict[str, str]]) -> tuple[list[str], list[str]]:
    """The names that globex is given after each of what `leaving` leaves, and those that are then read of it.

    There are as many calls as the server has threads, in turns, so that each thread's connection is met.
    """
    client, written, read = Client(address), [], []
    # In the end as it was before.
    for name in (*(f"Globex {number}" for number in range(11)), "Globex"):
        for _ in range(THREADS):
            ask(client, "/graphql/acme/", people["ann"]["token"], "{ leavingAnswer }")
        mutation = (
            'mutation($name: String!) { updateCustomer(input: {customer: "globex", name: $name}) { __typename } }'
        )
        answer = ask(client, "/graphql/", people["platform"]["token"], mutation, name=name)
        assert answer == {"data": {"updateCustomer": {"__typename": "UpdateCustomerPayload"}}}, answer
        for _ in range(THREADS):
            written.append(name)
            answer = ask(client, "/graphql/globex/", people["gus"]["token"], "{ currentCustomer { name } }")
            read.append(answer["data"]["currentCustomer"]["name"])
    return written, read

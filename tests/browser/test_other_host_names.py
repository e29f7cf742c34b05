"""Pages on other host names than webnet's, in a real browser: of the same site, and of another one with https.

Nothing here intercepts requests: Playwright would answer the preflights itself.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.browser.conftest import SWITCHES, WAIT_MS, find_chromium
from tests.databases import with_files_of_its_own
from tests.proxies import serve_pages
from tests.servers import DEMO_PASSWORD, find_free_port, serve_webnet

pytestmark = [pytest.mark.browser, with_files_of_its_own]

API = "api.example.test"
SIGN_IN = f"""mutation {{ signIn(input: {{username: "platform", password: "{DEMO_PASSWORD}"}}) {{
  ... on SignInPayload {{ viewer {{ user {{ username }} }} }} ... on Refusal {{ code }} }} }}"""
WHO = "{ viewer { user { username } } }"
CREATE = 'mutation($slug: String!) { createCustomer(input: {slug: $slug, name: "Made"}) { __typename } }'
FIND = "query($slug: String!) { customer(slug: $slug) { slug } }"
EVENTS = "subscription { pluginEvents { node { action customer { slug } } } }"

SEND = """async ([url, query, variables, options]) => {
  const body = JSON.stringify({query, variables});
  const headers = {"Content-Type": "application/json"};
  try {
    const answer = await fetch(url, {method: "POST", credentials: "include", headers, body, ...options});
    if (answer.type === "opaque") return "opaque";
    return {status: answer.status, id: answer.headers.get("X-Request-Id"), body: await answer.json()};
  } catch (error) {
    return error.name;
  }
}"""
# Subscribes, creates a customer once the stream is open, and returns the first event.
SUBSCRIBE = """async ([url, subscription, mutation, variables, wait]) => {
  const signal = AbortSignal.timeout(wait);
  const send = (query, accept) => fetch(url, {
    method: "POST", credentials: "include", signal, body: JSON.stringify({query, variables}),
    headers: {"Content-Type": "application/json", "Accept": accept},
  });
  const reader = (await send(subscription, "text/event-stream")).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const read = async () => {
    const {done, value} = await reader.read();
    if (done) throw new Error(text);
    text += value;
  };
  await read();  // It is open.
  await send(mutation, "application/json");
  while (!/event: next[^]*\\n\\r?\\n/.test(text)) await read();
  await reader.cancel();
  return JSON.parse(text.match(/^data: (.*)$/m)[1]);
}"""
# A frame without an origin sends both kinds of request; the second needs no preflight.
FRAME = """([url, body]) => new Promise((resolve) => {
  addEventListener("message", (event) => resolve(event.data), {once: true});
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  const text = JSON.stringify(JSON.stringify(body));
  const send = (kind) => `fetch(${JSON.stringify(url)}, {method: "POST", credentials: "include",
    headers: {"Content-Type": "${kind}"}, body: ${text}}).then(() => "read", (error) => error.name)`;
  frame.srcdoc = `<script>(async () => parent.postMessage(
    [origin, await ${send("application/json")}, await ${send("text/plain")}], "*"))()</` + `script>`;
  document.body.append(frame);
})"""
FORM = """([url, field]) => {
  const form = document.createElement("form");
  Object.assign(form, {method: "POST", action: url, enctype: "text/plain"});
  // Its body is JSON but for its media type: {"query": "…", "x": "="}.
  const input = document.createElement("input");
  Object.assign(input, {name: field.slice(0, -1) + ', "x": "', value: '"}'});
  form.append(input);
  document.body.append(form);
  form.submit();
}"""


@dataclass(frozen=True)
class Place:
    """Where webnet and pages are: `lax` has the default settings, `none` https and WEBNET_SESSION_SAMESITE=None."""

    plain: int
    secure: int
    lax: str
    none: str
    certificate: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two servers of one database, which let pages of `app.example.test` and of another site in."""
    folder = tmp_path_factory.mktemp("webnet")
    plain, secure = find_free_port(), find_free_port()
    hosts = ("app.example.test", "app.other.test")
    origins = ",".join(f"http://{host}:{plain},https://{host}:{secure}" for host in hosts)
    given = {"WEBNET_ALLOWED_HOSTS": API, "WEBNET_CORS_ORIGINS": origins}
    with (
        serve_webnet(folder, **given) as lax,
        serve_webnet(folder, **given, WEBNET_HTTPS="1", WEBNET_SESSION_SAMESITE="None") as none,
        serve_pages(folder, plain=plain, secure=secure, api=API, server=none),
    ):
        yield Place(
            plain=plain,
            secure=secure,
            lax=f"http://{API}:{lax.port}/graphql",
            none=f"https://{API}:{secure}/graphql",
            certificate=folder / "webnet.pem",
        )


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A profile whose user lets sites have third-party cookies: Chromium blocks them otherwise."""
    folder = tmp_path_factory.mktemp("profile")
    (folder / "Default").mkdir()
    (folder / "Default" / "Preferences").write_text(json.dumps({"profile": {"cookie_controls_mode": 0}}))
    with sync_playwright() as playwright:
        profile = playwright.chromium.launch_persistent_context(
            folder, executable_path=find_chromium(), args=list(SWITCHES), ignore_https_errors=True
        )
        profile.set_default_timeout(WAIT_MS)
        yield profile
        profile.close()


@pytest.fixture
def context(profile: BrowserContext) -> Iterator[BrowserContext]:
    """The profile, in which nobody has signed in yet."""
    yield profile
    profile.clear_cookies()


def send(page: Page, url: str, query: str, options: dict[str, Any] | None = None, **variables: str) -> Any:
    return page.evaluate(SEND, [url, query, variables, options or {}])


def data(page: Page, url: str, query: str, **variables: str) -> Any:
    answer = send(page, url, query, **variables)
    assert answer["status"] == 200 and len(answer["id"]) == 32, answer
    return answer["body"]["data"]


def is_there(page: Page, url: str, slug: str) -> bool:
    return data(page, url, FIND, slug=slug)["customer"] is not None


def send_without_origin(context: BrowserContext, place: Place, query: str) -> tuple[int, str]:
    """What the server says to a program that has the browser's cookies."""
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in context.cookies())
    headers = {"Host": API, "Cookie": cookies, "Content-Type": "application/json", "Referer": f"https://{API}/"}
    trust = ssl.create_default_context(cafile=place.certificate)
    trust.check_hostname = False
    connection = HTTPSConnection("127.0.0.1", place.secure, context=trust, timeout=30)
    connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
    with connection.getresponse() as response:
        (error,) = json.load(response)["errors"]
    connection.close()
    return response.status, error["extensions"]["code"]


@pytest.mark.parametrize(
    ("server", "host"), [("lax", "app.example.test"), ("none", "app.example.test"), ("none", "app.other.test")]
)
def test_a_page_on_another_host_signs_in_reads_writes_and_subscribes(
    context: BrowserContext, place: Place, server: str, host: str
) -> None:
    url, page, slug = getattr(place, server), context.new_page(), f"{server}-{host.split('.')[1]}"
    page.goto(f"http://{host}:{place.plain}/" if server == "lax" else f"https://{host}:{place.secure}/")

    signed_in = data(page, url, SIGN_IN)
    event = page.evaluate(SUBSCRIBE, [f"{url}/", EVENTS, CREATE, {"slug": f"{slug}-event"}, WAIT_MS])
    made = data(page, f"{url}/", CREATE, slug=slug)

    assert signed_in == {"signIn": {"viewer": {"user": {"username": "platform"}}}}
    assert data(page, url, WHO) == {"viewer": {"user": {"username": "platform"}}}
    assert made == {"createCustomer": {"__typename": "CreateCustomerPayload"}} and is_there(page, url, slug)
    assert event["data"]["pluginEvents"]["node"] == {
        "action": "create_customer",
        "customer": {"slug": f"{slug}-event"},
    }
    assert "csrftoken" not in page.evaluate("document.cookie")
    sessions = [cookie for cookie in context.cookies() if cookie["name"] == "sessionid"]
    assert [(each["domain"], each["sameSite"], each["secure"]) for each in sessions] == [
        (API, "Lax", False) if server == "lax" else (API, "None", True)
    ]


def test_without_the_setting_a_page_of_another_site_has_no_session(context: BrowserContext, place: Place) -> None:
    page = context.new_page()
    page.goto(f"http://app.other.test:{place.plain}/")

    assert data(page, place.lax, SIGN_IN) == {"signIn": {"viewer": {"user": {"username": "platform"}}}}

    assert data(page, place.lax, WHO) == {"viewer": None}


def test_nothing_else_that_a_browser_sends_uses_the_session(context: BrowserContext, place: Place) -> None:
    """With the session's cookie sent everywhere, so that nothing but the proof is in the way."""
    page, other, url = context.new_page(), context.new_page(), place.none
    page.goto(f"https://app.example.test:{place.secure}/")
    other.goto(f"https://other.example.test:{place.secure}/")
    data(page, url, SIGN_IN)
    query = 'mutation { createCustomer(input: {slug: "forged", name: "Forged"}) { __typename } }'

    plain = send(page, url, query, {"headers": {"Content-Type": "text/plain"}})
    assert (plain["status"], plain["body"]["errors"][0]["extensions"]["code"]) == (403, "CSRF_FAILED")
    assert send(other, url, query) == "TypeError"  # Its preflight is refused.
    no_preflight = {"mode": "no-cors", "headers": {"Content-Type": "text/plain"}}
    assert send(other, url, query, no_preflight) == "opaque"
    assert page.evaluate(FRAME, [url, {"query": query}]) == ["null", "TypeError", "TypeError"]
    assert send_without_origin(context, place, query) == (403, "CSRF_FAILED")
    for sender in (page, other):
        with sender.expect_navigation() as sent:
            sender.evaluate(FORM, [url, '{"query": "' + query.replace('"', '\\"') + '"}'])
        assert (sent.value.status, sent.value.json()["errors"][0]["extensions"]["code"]) == (403, "CSRF_FAILED")

    page.goto(f"https://app.example.test:{place.secure}/")
    assert not is_there(page, url, "forged")
    assert data(page, url, query)["createCustomer"] and is_there(page, url, "forged")

"""The console's script in a real browser, on pages made for the test with the frame and the policy of real ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from tests.databases import with_files_of_its_own
from tests.servers import Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]

SHOWN = "/shown/"
ANSWER = "/answer/"
PATIENCE_MS = 300
A_MINUTE = 60
MOST_LOOKS = 1_000
Show = Callable[[str], None]


@pytest.fixture
def show(page: Page, webnet: Server) -> Show:
    """Opens a page with these contents between what every page of the console has."""

    def open_page(contents: str) -> None:
        def answer(route: Route) -> None:
            real = route.fetch(url=f"{webnet.url}/sign-in/")
            body = re.sub(r"(?s)(<main[^>]*>).*</main>", lambda found: f"{found[1]}{contents}</main>", real.text())
            route.fulfill(response=real, body=body)

        page.route(f"**{SHOWN}", answer)
        page.goto(SHOWN)

    return open_page


class Answers:
    """Answers to what the page asks, one by one, as the test lets them go."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked = 0
        self.routes: list[Route] = []
        page.on("request", self._count)
        page.route(f"**{ANSWER}**", self._keep)

    def _count(self, request: Request) -> None:
        self.asked += ANSWER in request.url

    # Playwright puts an attribute on what it calls, which a list's own method does not take.
    def _keep(self, route: Route) -> None:
        self.routes.append(route)

    @property
    def waiting(self) -> Route:
        """The last one that was asked for, which may come a moment later than the news of the request."""
        for _ in range(MOST_LOOKS):
            if self.routes and len(self.routes) >= self.asked:
                return self.routes[-1]
            self.page.evaluate("0")  # Playwright hands over what it has heard in the meantime.
        raise AssertionError("Nothing was asked for.")

    def send(self, body: str, *, status: int = 200, content_type: str = "text/html") -> None:
        self.waiting.fulfill(status=status, body=body, content_type=content_type)


@pytest.fixture
def answers(page: Page) -> Iterator[Answers]:
    return Answers(page)


def announcer(page: Page) -> Locator:
    return page.locator("#announcer")


def ask(page: Page, name: str) -> None:
    """Press a button, and wait until the browser has asked for the answer."""
    with page.expect_request(f"**{ANSWER}**"):
        page.get_by_role("button", name=name).click()


def test_a_slow_part_of_a_page_says_after_a_moment_that_work_goes_on(page: Page, show: Show, answers: Answers) -> None:
    page.clock.install(time=0)
    show(f'<button hx-get="{ANSWER}" hx-target="#part">Ask</button><div id="part">Before</div>')
    page.clock.pause_at(A_MINUTE)

    ask(page, "Ask")
    page.clock.run_for(PATIENCE_MS - 1)
    expect(announcer(page)).to_be_empty()
    expect(page.get_by_role("button", name="Ask")).to_have_attribute("aria-busy", "true")
    page.clock.run_for(1)
    expect(announcer(page)).to_have_text("Still working …")
    page.clock.resume()
    answers.send("After")

    expect(page.locator("#part")).to_have_text("After")
    expect(announcer(page)).to_be_empty()
    expect(page.get_by_role("button", name="Ask")).not_to_have_attribute("aria-busy", "true")


def test_a_plain_form_is_sent_once_and_says_that_work_goes_on(page: Page, show: Show) -> None:
    sent: list[str | None] = []

    # Answered by nothing, so that the page stays: Playwright can't look at one that is about to be left.
    def answer(route: Route) -> None:
        sent.append(route.request.post_data)
        route.fulfill(status=204)

    page.route(f"**{ANSWER}", answer)
    show(f'<form method="post" action="{ANSWER}"><button name="chosen" value="it">Send</button></form>')

    page.get_by_role("button", name="Send").click()
    expect(announcer(page)).to_have_text("Still working …")
    expect(page.locator("main form")).to_have_attribute("aria-busy", "true")
    page.get_by_role("button", name="Send").click()

    assert sent == ["chosen=it"]


def test_a_change_in_place_is_sent_once_and_with_the_csrf_token(page: Page, show: Show, answers: Answers) -> None:
    show(f'<button hx-post="{ANSWER}" hx-target="#part">Change</button><div id="part"></div>')

    with page.expect_request(f"**{ANSWER}**") as request:
        page.get_by_role("button", name="Change").dblclick()
    answers.send("Changed")

    expect(page.locator("#part")).to_have_text("Changed")
    token = next(each["value"] for each in page.context.cookies() if each["name"] == "csrftoken")
    assert request.value.headers["x-csrftoken"] == token
    assert len(answers.routes) == 1


@pytest.mark.parametrize("field", ['<input name="q" value="a">', '<select name="q"><option>a<option>b</select>'])
def test_what_was_typed_or_chosen_before_the_script_was_there_counts(page: Page, show: Show, field: str) -> None:
    questions: list[str] = []

    def answer(route: Route) -> None:
        questions.append(urlsplit(route.request.url).query)
        route.fulfill(body="Found", content_type="text/html")

    page.route(f"**{ANSWER}**", answer)
    # Once the page is read, and before what is deferred runs.
    page.add_init_script("document.onreadystatechange ??= () => { document.querySelector('[name=q]').value = 'b'; }")

    show(
        f'<form hx-get="{ANSWER}" hx-trigger="input changed delay:300ms from:find [name=q], change" hx-target="#part">'
        f'{field}</form><div id="part"></div>'
    )

    expect(page.locator("#part")).to_have_text("Found")
    assert questions == ["q=b"]


def test_a_script_in_an_answer_does_nothing(page: Page, show: Show, answers: Answers) -> None:
    show(f'<button hx-get="{ANSWER}" hx-target="#part">Ask</button><div id="part"></div>')

    ask(page, "Ask")
    answers.send(
        '<b hx-on::load="window.ran = 1">There</b><script>window.ran = 2</script>'
        '<i hx-get="/answer/more" hx-trigger="load[window.ran = 3]"></i>'
        '<i hx-get="https://elsewhere.example/" hx-trigger="load"></i>'
    )

    expect(page.locator("#part b")).to_have_text("There")
    assert page.evaluate("window.ran") is None
    assert page.locator("style").count() == 0


def test_a_refused_form_is_shown_again_and_a_failure_is_announced(page: Page, show: Show, answers: Answers) -> None:
    show(f'<form hx-post="{ANSWER}" hx-target="#part"><button>Send</button></form><div id="part">Before</div>')

    ask(page, "Send")
    answers.send("That name is taken.", status=422)
    expect(page.locator("#part")).to_have_text("That name is taken.")
    ask(page, "Send")
    answers.send("Traceback", status=500)

    expect(announcer(page)).to_have_text("That did not work. Try again, or load the page again.")
    expect(page.locator("#part")).to_have_text("That name is taken.")


def test_whoever_is_signed_out_meanwhile_keeps_what_was_typed(page: Page, show: Show, webnet: Server) -> None:
    show(
        '<form hx-get="/c/acme/" hx-target="this"><label>Reason <input name="reason"></label>'
        "<button>Send</button></form>"
    )
    page.get_by_label("Reason").fill("It is time.")

    page.get_by_role("button", name="Send").click()

    expect(announcer(page)).to_contain_text("You are signed out.")
    expect(announcer(page).get_by_role("link", name="Sign in")).to_have_attribute("href", "/sign-in/")
    expect(page.get_by_label("Reason")).to_have_value("It is time.")


def test_the_keyboard_keeps_its_place_when_its_row_is_replaced(page: Page, show: Show, answers: Answers) -> None:
    row = '<button name="plugin" value="{0}" hx-get="/answer/" hx-target="#rows">{0}</button>'
    show(f'<div id="rows">{row.format("one")}{row.format("two")}{row.format("three")}</div>')

    page.get_by_role("button", name="two").focus()
    with page.expect_request(f"**{ANSWER}**"):
        page.keyboard.press("Enter")
    answers.send(f"{row.format('one')}{row.format('two (on)')}{row.format('three')}")

    expect(page.get_by_role("button", name="two (on)")).to_be_focused()


def test_the_keyboard_does_not_start_again_when_its_row_is_gone(page: Page, show: Show, answers: Answers) -> None:
    show(f'<div id="rows"><button hx-get="{ANSWER}" hx-target="#rows">Remove</button></div>')

    page.get_by_role("button", name="Remove").focus()
    with page.expect_request(f"**{ANSWER}**"):
        page.keyboard.press("Enter")
    answers.send("<p>Nothing is left.</p>")

    expect(page.locator("#rows")).to_be_focused()


def test_a_copy_button_copies_the_text_of_what_it_names(page: Page, show: Show) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    show('<code id="command">webnet sync_plugins --migrate</code><button hidden data-copy="command">Copy</button>')

    page.get_by_role("button", name="Copy").click()

    expect(announcer(page)).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "webnet sync_plugins --migrate"


def test_events_of_a_stream_replace_a_part_of_the_page(page: Page, show: Show) -> None:
    def answer(route: Route) -> None:
        route.fulfill(body="event: change\ndata: After\n\n", content_type="text/event-stream")

    page.route("**/stream/", answer)

    show('<div hx-ext="sse" sse-connect="/stream/"><p id="part" sse-swap="change">Before</p></div>')

    expect(page.locator("#part")).to_have_text("After")


def test_the_server_is_told_the_browsers_time_zone(browser: Browser, webnet: Server) -> None:
    context = browser.new_context(base_url=webnet.url, timezone_id="Asia/Tokyo")
    page = context.new_page()

    page.goto("/sign-in/")

    zones = [each["value"] for each in context.cookies() if each["name"] == "webnet_timezone"]
    context.close()
    assert zones == ["Asia%2FTokyo"]

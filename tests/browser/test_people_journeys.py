"""People and what they may do, as admins manage them in a real browser: each change is seen in somebody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import WAIT_MS, watch_policy
from tests.browser.test_console import look, overflow
from tests.databases import with_files_of_its_own
from tests.servers import DEMO_PASSWORD, Server

pytestmark = [pytest.mark.browser, with_files_of_its_own]

MEMBERS = "/c/acme/manage/members/"
# More stops of the Tab key than any of these pages has.
MOST_STOPS = 120


class People:
    """Opens a browser of its own for each person."""

    def __init__(self, browser: Browser, webnet: Server) -> None:
        self.browser, self.webnet = browser, webnet

    @contextmanager
    def open(self, username: str, address: str = "/", **options: object) -> Iterator[Page]:
        """A page of a new profile, after signing in as this person on the way to the address."""
        options = {"viewport": {"width": 1280, "height": 860}, **options}
        context = self.browser.new_context(base_url=self.webnet.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        violations = watch_policy(context)
        page = context.new_page()
        page.goto(address)
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(DEMO_PASSWORD)
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in").click()
        yield page
        context.close()
        assert violations == []


@pytest.fixture
def people(browser: Browser, webnet: Server) -> People:
    return People(browser, webnet)


@pytest.fixture(params=[(True, 1280), (False, 380)], ids=["with scripts", "narrow and without scripts"])
def options(request: pytest.FixtureRequest) -> dict[str, object]:
    has_scripts, width = request.param
    return {"java_script_enabled": has_scripts, "viewport": {"width": width, "height": 860}}


def row(page: Page, username: str) -> Locator:
    """By its text, since a narrow table is a list."""
    return page.locator("tr", has_text=username)


def test_somebody_is_invited_accepts_in_another_browser_gets_another_role_and_is_removed(
    people: People, options: dict[str, object]
) -> None:
    with people.open("acme-admin", MEMBERS, **options) as admin:
        admin.get_by_role("link", name="Invite somebody").click()
        admin.get_by_label("Username").fill("globex-admin")
        admin.get_by_role("button", name="Invite").click()
        expect(admin.get_by_role("heading", name="globex-admin is invited")).to_be_visible()
        look(admin, "invitation-made")
        assert not overflow(admin)
        address = admin.get_by_label("Address of the invitation").input_value()

        with people.open("globex-admin", address) as guest:
            expect(guest.get_by_role("heading", name="Invitation to Acme")).to_be_visible()
            look(guest, "invitation")
            guest.get_by_role("button", name="Accept").click()
            expect(guest.get_by_role("heading", name="Acme", exact=True)).to_be_visible()
            expect(guest.get_by_text("Your role here is viewer.")).to_be_visible()
            assert guest.goto(MEMBERS).status == 403  # type: ignore[union-attr]
            expect(guest.get_by_role("heading", name="Not allowed")).to_be_visible()
            look(guest, "not-allowed")

            admin.goto(MEMBERS)
            look(admin, "members")
            assert not overflow(admin)
            row(admin, "globex-admin").get_by_role("link", name="Change").click()
            look(admin, "member")
            admin.get_by_label("operator:").check()
            admin.get_by_role("button", name="Change the role").click()
            expect(admin.locator(".message")).to_have_text("The role of globex-admin was changed.")
            guest.goto("/c/acme/")
            expect(guest.get_by_text("Your role here is operator.")).to_be_visible()

            row(admin, "globex-admin").get_by_role("link", name="Change").click()
            admin.get_by_text("Remove globex-admin …").click()
            admin.get_by_role("button", name="Remove globex-admin from Acme").click()
            expect(admin.locator(".message")).to_have_text("globex-admin is no longer a member.")
            guest.reload()
            expect(guest.get_by_role("heading", name="Not found")).to_be_visible()


def test_an_address_is_copied(people: People) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    with people.open("acme-admin", f"{MEMBERS}invitations/", permissions=permissions) as admin:
        admin.get_by_label("Email address").fill("zoe@example.com")
        admin.get_by_role("button", name="Invite").click()
        shown = admin.get_by_label("Address of the invitation").input_value()

        admin.get_by_role("button", name="Copy").click()

        expect(admin.locator("#announcer")).not_to_be_empty()
        assert admin.evaluate("navigator.clipboard.readText()") == shown


def test_a_permission_is_taken_and_given_again_and_the_member_sees_it(
    people: People, options: dict[str, object]
) -> None:
    address = "/c/acme/plugins/hello_world/"
    with people.open("acme-admin", "/c/acme/manage/permissions/", **options) as admin:
        look(admin, "permissions")
        assert not overflow(admin)
        cell = admin.get_by_label("hello_world.greet, viewer")
        cell.select_option("taken")
        admin.get_by_label("Reason").fill("not for guests")
        admin.get_by_role("button", name="Save").click()
        expect(admin.locator(".message")).to_have_text("1 permission was changed.")

        with people.open("acme-viewer", "/c/acme/") as viewer:
            menu = viewer.get_by_role("navigation", name="Acme")
            expect(menu.get_by_role("link", name="Hello World")).to_have_count(0)
            assert viewer.goto(address).status == 403  # type: ignore[union-attr]
            expect(viewer.get_by_text("This page needs the permission 'hello_world.greet'.")).to_be_visible()

            cell.select_option("given")
            admin.get_by_role("button", name="Save").click()
            expect(admin.locator(".message")).to_have_text("1 permission was changed.")
            viewer.goto("/c/acme/")
            menu.get_by_role("link", name="Hello World").click()
            expect(viewer.get_by_role("heading", name="Hello, Acme!")).to_be_visible()

        cell.select_option("default")
        admin.get_by_role("button", name="Save").click()
        expect(cell).to_have_value("default")
        expect(admin.locator(".message")).to_have_text("1 permission was changed.")


def test_the_longest_name_of_a_role_is_not_written_over(people: People) -> None:
    with people.open("acme-admin", "/c/acme/manage/permissions/", viewport={"width": 380, "height": 780}) as admin:
        admin.set_extra_http_headers({"Accept-Language": "de"})
        admin.reload()
        role = admin.locator(".cell-role").filter(has_text="Administrator").first

        assert role.evaluate("(element) => element.scrollWidth <= element.clientWidth")


def tab_to(page: Page, target: Locator) -> None:
    """Press the Tab key until this has the focus."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if target.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"The Tab key does not come to {target}.")


def press_on(page: Page, target: Locator, key: str = "Enter") -> None:
    tab_to(page, target)
    page.keyboard.press(key)


def test_the_keyboard_alone_invites_revokes_and_changes_a_role(people: People) -> None:
    with people.open("acme-admin", MEMBERS) as admin:
        press_on(admin, admin.get_by_role("link", name="Invite somebody"))
        expect(admin.get_by_role("heading", name="Invitations")).to_be_visible()
        tab_to(admin, admin.get_by_label("Username"))
        admin.keyboard.type("globex-admin")
        tab_to(admin, admin.get_by_label("viewer:"))
        admin.keyboard.press("ArrowDown")
        expect(admin.get_by_label("operator:")).to_be_checked()
        press_on(admin, admin.get_by_role("button", name="Invite"))
        expect(admin.get_by_role("heading", name="globex-admin is invited")).to_be_visible()
        press_on(admin, admin.get_by_role("button", name=re.compile("Revoke.*globex-admin")))
        expect(admin.locator(".message")).to_have_text("The invitation of globex-admin was revoked.")

        press_on(admin, admin.get_by_role("link", name="Members", exact=True).last)
        press_on(admin, admin.get_by_role("link", name=re.compile("Change.*acme-operator")))
        tab_to(admin, admin.get_by_label("operator:"))
        admin.keyboard.press("ArrowDown")
        press_on(admin, admin.get_by_role("button", name="Change the role"))
        expect(admin.locator(".message")).to_have_text("The role of acme-operator was changed.")

        press_on(admin, admin.get_by_role("link", name="Permissions"))
        tab_to(admin, admin.get_by_label("hello_world.greet, operator"))
        admin.keyboard.press("ArrowDown")
        press_on(admin, admin.get_by_role("button", name="Save"))
        expect(admin.locator(".message")).to_have_text("1 permission was changed.")


def test_a_platform_operator_creates_deactivates_and_reactivates_a_customer(
    people: People, options: dict[str, object]
) -> None:
    slug = f"initech-{'wide' if options['java_script_enabled'] else 'narrow'}"
    with people.open("platform", "/customers/", **options) as platform:
        look(platform, "customers")
        platform.get_by_role("link", name="New customer").click()
        platform.get_by_label("Name").fill("Initech")
        platform.get_by_label("Slug").fill("Initech!")
        platform.get_by_role("button", name="Create").click()
        expect(platform.get_by_label("Slug")).to_have_attribute("aria-invalid", "true")
        expect(platform.get_by_label("Name")).to_have_value("Initech")
        look(platform, "customer-refused")
        platform.get_by_label("Slug").fill(slug)
        platform.get_by_role("button", name="Create").click()
        expect(platform.locator(".message")).to_have_text("Initech was created.")
        look(platform, "overview")

        platform.get_by_role("link", name="Deactivate this customer …").click()
        expect(platform.get_by_text("1 plugin, with its fields, pages, widgets and permissions:")).to_be_visible()
        look(platform, "deactivate")
        assert not overflow(platform)
        platform.get_by_role("button", name="Deactivate").click()
        expect(platform.locator(".message")).to_have_text("Initech was deactivated.")

        platform.get_by_role("link", name="Reactivate this customer …").click()
        platform.get_by_role("button", name="Reactivate").click()
        expect(platform.locator(".message")).to_have_text("Initech is active again.")


def test_a_search_shows_what_it_finds_while_somebody_types(people: People) -> None:
    with people.open("acme-admin", MEMBERS) as admin:
        before = admin.evaluate("performance.timeOrigin")

        admin.get_by_label("Name or email address").press_sequentially("oper")

        expect(row(admin, "acme-viewer")).to_have_count(0)
        expect(admin.get_by_role("status").filter(has_text="1 member")).to_be_visible()
        assert admin.locator("#members, #count").count() == 2
        expect(row(admin, "acme-operator")).to_be_visible()
        expect(admin.get_by_label("Name or email address")).to_be_focused()
        assert admin.evaluate("performance.timeOrigin") == before
        expect(admin).to_have_url(f"{people.webnet.url}{MEMBERS}?q=oper&role=")


@pytest.mark.parametrize(
    "name", ["W" * 200, "שלום " * 40, "Acme <b>& Sons</b> " * 10], ids=["long", "right to left", "markup"]
)
def test_every_name_fits_a_telephone(people: People, name: str) -> None:
    with people.open("platform", "/c/globex/manage/", viewport={"width": 380, "height": 780}) as platform:
        platform.get_by_label("Name", exact=True).fill(name)
        platform.get_by_role("button", name="Rename").click()
        expect(platform.get_by_role("heading", level=1)).to_have_text(name.strip())

        for address in ("", "switch/", "members/", "members/invitations/", "permissions/"):
            platform.goto(f"/c/globex/manage/{address}")
            assert not overflow(platform), address
        platform.goto("/customers/")
        assert not overflow(platform)
        look(platform, f"names-{len(name)}")

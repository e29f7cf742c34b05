"""Each text of webnet has a German translation that fits it, and templates show no other texts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from gettext import GNUTranslations
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from django.apps import AppConfig, apps
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.utils.translation import gettext_lazy

from tests.console.template_texts import find_untranslated
from tests.factories import make_customer, make_member
from tests.plugins.conftest import install, registered
from tests.servers import ROOT
from tools import messages
from webnet.accounts.authentication import SESSION_BACKEND
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role, User
from webnet.plugins.base import DashboardWidget, NavigationItem, PluginBase, UIView
from webnet.plugins.manager import manager

__all__ = ["install", "registered"]

CATALOGUE = ROOT / messages.LOCALE / "de" / "LC_MESSAGES" / "django.po"
TEMPLATES = sorted((ROOT / "webnet").rglob("templates/**/*.html"))
TEXTS = [each for each in messages.read_catalogue("de") if each.id]


def list_placeholders(text: str) -> list[str]:
    """The places for values, of `%` and of `str.format`, and the elements of HTML."""
    values = re.findall(r"%(?:\(\w+\))?[ds]", text)
    # JSON in a text is no place: `{}`.
    braces = [name for _, name, _, _ in Formatter().parse(text) if name] if "%" not in text else []
    return sorted([*values, *braces, *re.findall(r"</?\w+", text)])


def describe_faults(text: Message) -> list[str]:
    sources, translations = ((each,) if isinstance(each, str) else tuple(each) for each in (text.id, text.string))
    faults = ["not translated"] if not all(translations) else []
    faults += ["fuzzy"] if text.fuzzy else []
    allowed = [list_placeholders(source) for source in sources]
    faults += ["another placeholder" for each in translations if each and list_placeholders(each) not in allowed]
    return faults


def test_the_catalogue_has_all_texts_and_no_others() -> None:
    assert CATALOGUE.read_bytes() == messages.render_catalogue("de"), "Run 'make messages', and translate what is new."


@pytest.mark.parametrize("text", TEXTS, ids=[str(each.id)[:60] for each in TEXTS])
def test_each_text_is_translated_with_its_placeholders(text: Message) -> None:
    assert describe_faults(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (Message("Sign in"), "not translated"),
        (Message(("{n} row", "{n} rows"), ("{n} Zeile", "")), "not translated"),
        (Message("Sign in", "Anmelden", flags=["fuzzy"]), "fuzzy"),
        (Message("'{name}' is paused.", "Pausiert."), "another placeholder"),
        (Message("Hello, %(name)s", "Hallo, %(nam)s"), "another placeholder"),
        (Message("<a>Here</a>", "<a>Hier"), "another placeholder"),
    ],
)
def test_a_fault_of_a_translation_is_found(text: Message, fault: str) -> None:
    assert describe_faults(text) == [fault]


def test_the_compiled_catalogue_is_the_one_of_the_repository() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)

    with_context = {f"{each.context}\x04{each.id}" if each.context else each.id: each.string for each in TEXTS}
    single = {key: string for key, string in with_context.items() if isinstance(key, str)}
    stale = {key for key, string in single.items() if compiled._catalog.get(key) != string}
    assert stale == set(), "Run 'make install-dev'."


@pytest.mark.parametrize("template", TEMPLATES, ids=[each.name for each in TEMPLATES])
def test_a_template_shows_translated_texts_only(template: Path) -> None:
    assert find_untranslated(template.read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<h1>Sign in</h1>", ["Sign in"]),
        ("<p>{% if a %}Yes{% endif %} {{ b }} rows</p>", ["Yes … rows"]),
        ('<a title="More of {{ it }}" class="x" href="y"></a>', ['title="More of \x00"']),
        (
            '<input type="submit" value="Go"><input value="kept" placeholder="Name">',
            ['value="Go"', 'placeholder="Name"'],
        ),
        ('{% translate "a" %}<p>· 12 webnet</p>{% blocktranslate %}b <b>c</b>{% endblocktranslate %}{# d #}', []),
        ('<code>e</code><pre>f</pre><p translate="no">g</p>{% comment %}h{% endcomment %}<style>i</style>', []),
        ('<p {% if a %}class="b"{% endif %} aria-label="{% translate \'c\' %}"><!-- d --><br></p>', []),
    ],
)
def test_untranslated_texts_are_found(source: str, found: list[str]) -> None:
    assert find_untranslated(source) == found


def test_texts_are_found_in_code_and_templates_and_a_kept_translation_comes_back(tmp_path: Path) -> None:
    catalogue = tmp_path / messages.LOCALE / "de" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text('msgid ""\nmsgstr ""\n\nmsgid "Gone"\nmsgstr "Weg"\n\n#~ msgid "Back"\n#~ msgstr "Da"\n')
    templates = tmp_path / "webnet" / "console" / "templates"
    templates.mkdir()
    (tmp_path / "webnet" / "words.py").write_text('WORDS = _("Back"), pgettext_lazy("verb", "Switch"), gettext(name)\n')
    (templates / "page.html").write_text(
        "{% load i18n %}  <p title=\"{% translate 'Go' %}\">\n {% blocktranslate count n=rows %}{{ n }} row{% plural %}"
        "{{ n }} rows{% endblocktranslate %} (it's \"</p>"
    )

    catalogue.write_bytes(messages.render_catalogue("de", tmp_path))

    found = {each.id: each.string for each in messages.read_catalogue("de", tmp_path) if each.id}
    assert found == {"Back": "Da", "Switch": "", "Go": "", ("%(n)s row", "%(n)s rows"): ("", "")}
    assert '#~ msgid "Gone"' in catalogue.read_text()
    assert catalogue.read_bytes() == messages.render_catalogue("de", tmp_path)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accepted", "cookie", "language", "title"),
    [
        ("de-AT,de;q=0.9", "", "de", "Anmelden"),
        ("en-GB", "", "en", "Sign in"),
        ("fr,de;q=0.5", "", "de", "Anmelden"),
        ("tlh", "", "en", "Sign in"),
        ("en", "de", "de", "Anmelden"),
    ],
)
def test_a_page_is_in_the_language_of_its_reader(accepted: str, cookie: str, language: str, title: str) -> None:
    client = Client(headers={"Accept-Language": accepted})
    client.cookies["django_language"] = cookie

    page = client.get("/sign-in/").content.decode()

    assert f'<html lang="{language}">' in page
    assert f"<h1>{title}</h1>" in page


@pytest.mark.django_db
def test_right_to_left_languages_turn_the_page_round(client: Client) -> None:
    # Django forgets the languages that it has read whenever the setting changes in a test.
    with override_settings(LANGUAGES=[("en", "English"), ("ar", "العربية")]):
        page = client.get("/sign-in/", headers={"Accept-Language": "ar"}).content.decode()

    assert '<html lang="ar" dir="rtl">' in page


class Greeter(PluginBase):
    """Texts of its own, one of which webnet translates too."""

    name = "greeter"
    verbose_name = "Greeter"
    version = "1.0"

    def get_navigation_items(self) -> list[NavigationItem]:
        return [NavigationItem(label=gettext_lazy("Good morning"), url="", order=1)]

    def get_ui_views(self) -> list[UIView]:
        return [UIView(name="page", path="", view=greet, title=gettext_lazy("Good morning"))]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        return [DashboardWidget(name="card", title=gettext_lazy("Good morning"), data=lambda: gettext_lazy("Sign in"))]


def greet(request: HttpRequest) -> HttpResponse:
    page = """{% extends "webnet/page.html" %}{% load i18n %}
        {% block page %}<h1>{% translate "Good morning" %}</h1>{% endblock %}"""
    return HttpResponse(engines["django"].from_string(page).render({}, request))


@pytest.fixture
def greeter(tmp_path: Path, install: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Customer]:
    """The plugin is installed as a Django app with a German catalogue, and on for `acme`."""
    folder = tmp_path / "greeter_app"
    catalogue = folder / "locale" / "de" / "LC_MESSAGES" / "django.mo"
    catalogue.parent.mkdir(parents=True)
    (folder / "__init__.py").touch()
    own = Catalog(locale="de")
    own.add("Good morning", "Guten Morgen")
    own.add("Sign in", "Hereinspaziert")
    with catalogue.open("wb") as file:
        write_mo(file, own)
    monkeypatch.syspath_prepend(tmp_path)
    # After webnet's own, as plugins are. Setting INSTALLED_APPS would load all plugins of this process again.
    config = AppConfig("greeter_app", import_module("greeter_app"))
    config.apps, config.models = apps, {}  # as Django does when it loads one
    monkeypatch.setitem(apps.app_configs, "greeter_app", config)
    # Django forgets its catalogues whenever this changes in a test.
    with override_settings(LOCALE_PATHS=[]):
        install(Greeter(), enabled=True)
        acme = make_customer("acme", name="Acme")
        make_member("vera", acme, Role.VIEWER)
        manager.enable("greeter", actor=Actor.system("tests"), customer="acme")
        yield acme


@pytest.mark.django_db(transaction=True)
def test_a_plugins_texts_come_from_its_own_catalogue_and_webnets_stay_webnets(greeter: Customer) -> None:
    client = Client(headers={"Accept-Language": "de"})
    client.force_login(User.objects.get(username="vera"), backend=SESSION_BACKEND)

    dashboard = client.get("/c/acme/").content.decode()
    page = client.get("/c/acme/plugins/greeter/").content.decode()

    assert dashboard.count("Guten Morgen") == 2
    assert "<h1>Guten Morgen</h1>" in page and "Good morning" not in dashboard + page
    # What both have is webnet's: no plugin changes the console's own words.
    assert "Anmelden" in dashboard and "Hereinspaziert" not in dashboard

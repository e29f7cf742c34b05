"""Sentences of webnet's own that are stored and shown later: English in the database, and in the viewer's language."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from tests.api.client import GraphQLClient
from tests.api.test_viewer_language import PROBLEMS, REASONS, Base, Top, ask, is_sentence
from tests.factories import make_customer, make_operator
from tests.plugins.conftest import install, registered
from tests.servers import ROOT
from tools import messages
from webnet.audit.models import PluginAuditLog
from webnet.containment import LoadFailure, attempt
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig, PluginHealth, PluginStatus
from webnet.plugins.registry import Entry
from webnet.sentences import Sentence, enumerate_names, join_sentences, sentence
from webnet.values.stored_sentences import HARMLESS_TEMPLATE, MAXIMUM_PARTS, SEPARATOR, read_sentence, write_sentence
from webnet.values.viewer_language import for_viewer

__all__ = ["install", "registered"]

with_database = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("tests")
STATUS = "query($plugin: String!) { plugin(name: $plugin) { statusReason ineffectiveReasons } }"
HEALTH = """query($plugin: String!) { plugin(name: $plugin) { health { message } healthHistory(first: 1) {
  edges { node { message } } } } }"""


@pytest.fixture
def acme(install: Callable[..., None]) -> Customer:
    install(Base(), Top(), enabled=True)
    return make_customer("acme")


def operator() -> GraphQLClient:
    return GraphQLClient.of(make_operator())


def fail(text: str) -> None:
    raise ValueError(text)


@with_database
def test_why_a_plugin_is_paused_is_said_in_the_viewers_language(acme: Customer) -> None:
    reason = sentence("{count} processes have ended in it within a day.", count=2)
    error = sentence("the process ended in {place}", place="base.{plugin}")
    manager.pause("base", actor=SYSTEM, customer="acme", reason=reason, error=error)
    manager.pause("base", actor=SYSTEM, reason="Typed {by} somebody.")
    client = operator()

    german, english = (ask(client, REASONS, language=each, plugin="base") for each in ("de", "en"))
    [problem] = ask(client, PROBLEMS, language="de")["problems"][:1]

    row = CustomerPluginConfig.objects.get()
    until = f"{row.paused_until:%Y-%m-%d %H:%M} UTC"
    assert german["customerPluginConfig"]["ineffectiveReasons"][-1] == (
        f"'base' ist für 'acme' bis {until} pausiert: 2 Prozesse sind innerhalb eines Tages darin geendet. "
        "Der letzte Fehler: der Prozess endete in base.{plugin}."
    )
    assert english["customerPluginConfig"]["ineffectiveReasons"][-1] == row.pause_reason
    assert row.pause_reason == (
        f"'base' is paused for 'acme' until {until}: 2 processes have ended in it within a day. "
        "The last error: the process ended in base.{plugin}."
    )
    assert problem["message"].startswith("'base' ist bis ") and problem["message"].endswith(": Typed {by} somebody.")
    # The log is evidence, and for all the same.
    assert PluginAuditLog.objects.filter(reason="2 processes have ended in it within a day.").exists()


@with_database
def test_what_a_sync_found_is_said_in_the_viewers_language(
    acme: Customer, registered: Callable[..., None], install: Callable[..., None]
) -> None:
    older = type("Older", (Base,), {"version": "0.9"})
    failure = attempt(lambda: fail("{plugin.__class__} {0}"), doing=sentence("Reading '{module}'", module="top"))
    assert isinstance(failure, LoadFailure)
    install(older(), Entry(module="top", name="top").fail(failure))
    client = operator()

    german = {each: ask(client, STATUS, language="de", plugin=each)["plugin"] for each in ("base", "top")}

    assert german["base"]["statusReason"].startswith("Version 0.9 von 'base' ist älter als 1.0, die zuvor installiert")
    raised = "Das Lesen von 'top' hat einen Fehler ausgelöst: ValueError: {plugin.__class__} {0}."
    assert german["top"]["statusReason"] == raised
    assert german["top"]["ineffectiveReasons"][0] == f"'top' kann nicht laufen (fehlgeschlagen): {raised}"
    english = PluginConfig.objects.get(name="top").status_reason
    assert english == "Reading 'top' raised ValueError: {plugin.__class__} {0}."
    assert PluginAuditLog.objects.latest("position").after["top"]["reason"] == english
    # It is no change to find the same again, in whatever language.
    with translation.override("de"):
        report = manager.sync(actor=SYSTEM)
    assert (report.updated, PluginConfig.objects.get(name="top").status_reason) == ([], english)


@with_database
def test_a_reason_from_before_is_shown_as_it_is_until_the_next_sync(
    acme: Customer, registered: Callable[..., None]
) -> None:
    registered(Base())
    PluginConfig.objects.filter(name="top").update(
        status=PluginStatus.MISSING, status_reason="The plugin is no longer installed."
    )
    client = operator()

    before = ask(client, STATUS, language="de", plugin="top")["plugin"]["statusReason"]
    report = manager.sync(actor=SYSTEM)
    after = ask(client, STATUS, language="de", plugin="top")["plugin"]["statusReason"]

    assert before == "The plugin is no longer installed."
    assert (after, report.updated) == ("Das Plugin ist nicht mehr installiert.", [])


@with_database
def test_what_no_longer_fits_in_settings_is_said_in_the_viewers_language(
    acme: Customer, install: Callable[..., None]
) -> None:
    manager.update_settings("base", actor=SYSTEM, customer="acme", patch={"size": 5, "on": True})
    changed = {"type": "object", "properties": {"size": {"type": "integer", "minimum": 9}, "on": {"type": "string"}}}
    strict = type("Strict", (Base,), {"version": "1.1", "get_settings_schema": lambda _: changed})
    install(strict(), Top())
    refused = PluginConfig.objects.get(name="base").status_reason
    manager.sync(actor=SYSTEM, force=True)

    german = ask(operator(), REASONS, language="de", plugin="base")

    with translation.override("de"):
        assert for_viewer(refused) == (
            "Version 1.1 von 'base' ist installiert, aber 1.0 bleibt in Gebrauch: die Einstellungen von 1 Kunden "
            "('acme') wären nicht mehr gültig: /on muss ein Text sein (für 'acme')."
        )
    assert german["customerPluginConfig"]["ineffectiveReasons"][-1] == (
        "Die Einstellungen von 'base' passen nicht zu seinem Schema: /on muss ein Text sein; /size muss mindestens 9 "
        "sein."
    )


@with_database
def test_what_webnet_says_of_a_health_check_is_in_the_viewers_language_and_what_the_plugin_says_is_not(
    acme: Customer, install: Callable[..., None]
) -> None:
    answers: list[Any] = ["no report", {"status": "healthy", "message": f"Full.{SEPARATOR}[]"}]
    install(type("Checked", (Base,), {"health_check": lambda *_: answers.pop(0)})(), Top(), enabled=True)
    client = operator()

    found = []
    while answers:
        manager.check_health("base", actor=SYSTEM)
        plugin = ask(client, HEALTH, language="de", plugin="base")["plugin"]
        found += [plugin["health"]["message"], plugin["healthHistory"]["edges"][0]["node"]["message"]]

    own = "Die Prüfung hat str zurückgegeben, keinen HealthReport."
    assert found == [own, own, "Full.�[]", "Full.�[]"]


@with_database
def test_a_stored_sentence_is_read_in_each_way_and_begins_with_its_text(acme: Customer) -> None:
    told = sentence("'{plugin}' is paused.", plugin="base")
    row = CustomerPluginConfig.objects.create(customer=acme, plugin=PluginConfig.objects.get(name="base"))
    rows = CustomerPluginConfig.objects.filter(pk=row.pk)
    row.pause_reason = told
    CustomerPluginConfig.objects.bulk_update([row], ["pause_reason"])
    rows.update(settings_fault=told)

    found = [
        rows.get().pause_reason,
        rows.values("pause_reason")[0]["pause_reason"],
        *rows.values_list("pause_reason", "settings_fault")[0],
        rows.defer("pause_reason").get().pause_reason,
    ]
    again = rows.get()
    again.save()

    assert found == [told] * 5 and rows.get().pause_reason == told
    with translation.override("de"):
        assert {for_viewer(each) for each in [*found, rows.get().pause_reason]} == {"'base' ist pausiert."}
    assert rows.filter(pause_reason=told).exists() and not rows.filter(pause_reason="").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pause_reason FROM plugins_customerpluginconfig WHERE id = %s", [row.pk])
        [stored] = cursor.fetchone()
    assert stored.startswith(f"{told}{SEPARATOR}")
    assert PluginHealth._meta.get_field("message").value_from_object(PluginHealth(message=told)) == told


@pytest.mark.parametrize(
    "told",
    [
        sentence("Sign in first."),
        sentence("{count} workers, {share}, {limit:,}", count=2, share=0.5, limit=1000),
        sentence("{seconds:g} s", seconds=1.5),
        sentence("'{plugin}' is paused.", plugin='{0} {plugin} }{ "\\ \n ä'),
        enumerate_names(["a", "b", "c"]),
        join_sentences((sentence("Sign in first."), "{text}")),
        sentence("{state} {path}", state=PluginStatus.FAILED, path=Path("a")),
    ],
)
def test_a_sentence_is_read_as_it_was_written(told: Sentence) -> None:
    read = read_sentence(write_sentence(told))

    assert read == told
    assert isinstance(read, Sentence) and read.template == told.template
    assert write_sentence(read) == write_sentence(told)


@pytest.mark.parametrize(
    "told",
    [
        "Plain {text}.",
        sentence("{{}} of {plugin}", plugin="base"),
        sentence("{kind.__name__} raised", kind=ValueError),
        sentence("{long}", long="x" * MAXIMUM_PARTS),
        sentence("Of {texts[0]}", texts=["a"]),
    ],
)
def test_a_text_that_could_not_be_read_as_a_sentence_is_stored_alone(told: str) -> None:
    assert write_sentence(told) == str(told)
    assert type(read_sentence(write_sentence(told))) is str


def test_no_text_of_others_becomes_a_template() -> None:
    forged = SEPARATOR + json.dumps(["{x}", {"x": "other"}])

    for told in (f"text{forged}", sentence("{error}", error=f"text{forged}"), sentence("{error}", error="{x.y} {0}")):
        read = read_sentence(write_sentence(told))

        assert read.startswith(("text�", "{x.y} {0}")) and "other" not in for_viewer(read)[:5]
        assert SEPARATOR not in read


@pytest.mark.parametrize(
    "parts",
    [
        "",
        "{",
        "1",
        '["text"]',
        '["text", 1]',
        '["another text", {}]',
        '["{text.__class__}", {"text": "text"}]',
        '["{text:>999999999999}", {"text": "text"}]',
        '["{text!r}", {"text": "text"}]',
        '["{0}", {}]',
        '["{text}", {}]',
        '["{template}", {"template": "text"}]',
        '[["text"], {}]',
        "[" * 100_000,
    ],
)
def test_parts_that_say_something_else_are_left_alone(parts: str) -> None:
    read = read_sentence(f"text{SEPARATOR}{parts}")

    assert read == "text" and type(read) is str


def test_each_template_can_be_stored() -> None:
    templates = [each.id for each in messages.read_catalogue("de") if isinstance(each.id, str)]

    with_places = {text for text in templates if any(name for _, name, _, _ in Formatter().parse(text))}
    assert {text for text in with_places if not HARMLESS_TEMPLATE.fullmatch(text)} == set()


# Calls whose texts are stored and shown, and which of their arguments those are.
STORED = {
    "LoadFailure": "reason",
    "attempt": "doing",
    "_attempt": "doing",
    "describe_failure": "doing",
    "HealthReport": "message",
    "SyncFinding": "reason",
    "_hang": "",
}
# A line of the log, and a report to an author.
NOT_STORED = {"webnet/plugins/hooks/receivers.py", "webnet/sdk/checking/model_rules.py"}


def find_plain_texts(source: str) -> Iterator[int]:
    """The lines where a text that is stored is made, and is no sentence."""
    for function in (each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.FunctionDef)):
        made = [each for each in ast.walk(function) if isinstance(each, ast.Assign)]
        for call in (each for each in ast.walk(function) if isinstance(each, ast.Call)):
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            texts = [each.value for each in call.keywords if each.arg and each.arg == STORED.get(name)]
            texts += call.args[1:] if name == "_hang" else []
            if any(not is_stored_sentence(each, made) for each in texts):
                yield call.lineno


def is_stored_sentence(text: ast.expr, made: list[ast.Assign]) -> bool:
    match text:
        case ast.Constant(value=""):
            return True
        case ast.Name(id=name):
            values = [each.value for each in made if ast.unparse(each.targets[0]) == name]
            return all(is_stored_sentence(each, made) for each in values)
        case ast.Call(func=ast.Name(id=name)) if name in {"read_sentence", "make_printable", "_describe_clash"}:
            return True
    return is_sentence(text, made)


def test_each_stored_text_is_a_sentence_that_can_be_translated() -> None:
    paths = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "webnet").rglob("*.py"))}

    found = {name: list(find_plain_texts(path.read_text())) for name, path in paths.items()}

    assert {name: lines for name, lines in found.items() if lines and name not in NOT_STORED} == {}
    assert {name for name in NOT_STORED if found[name]} == NOT_STORED


@pytest.mark.parametrize("text", ['"It is on."', 'f"{it} is on."', '" ".join(parts)'])
def test_a_stored_text_in_english_for_everybody_is_found(text: str) -> None:
    assert list(find_plain_texts(f"def find():\n    reason = {text}\n    return LoadFailure(reason=reason)\n")) == [3]
    assert list(find_plain_texts(f"def find():\n    return attempt(call, doing={text})\n")) == [2]

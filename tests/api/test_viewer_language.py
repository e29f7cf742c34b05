"""webnet's own sentences are in the viewer's language, and English wherever they are stored or compared."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import translation

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.conftest import install, registered
from tests.servers import ROOT
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer, Role
from webnet.errors import InputFault, InvalidInput, NotFound
from webnet.plugins.base import PluginBase
from webnet.plugins.kernel.dependencies import describe_cycle
from webnet.plugins.models import PluginConfig, PluginStatus
from webnet.sentences import Sentence, enumerate_names, join_sentences, sentence
from webnet.values.stored_sentences import SEPARATOR
from webnet.values.viewer_language import for_viewer

__all__ = ["install", "registered"]

with_database = pytest.mark.django_db(transaction=True)
REASONS = """query($plugin: String!) { plugin(name: $plugin) { ineffectiveReasons }
  customerPluginConfig(customer: "acme", plugin: $plugin) { ineffectiveReasons ineffectiveCodes } }"""
PROBLEMS = "{ problems { message remedy } }"
ENABLE = """mutation($input: EnableCustomerPluginInput!) { enableCustomerPlugin(input: $input) {
  ... on Refusal { code message } } }"""
SET = """mutation($input: UpdateCustomerPluginSettingsInput!) { updateCustomerPluginSettings(input: $input) {
  ... on InvalidSettings { message issues { path message } } } }"""


class Base(PluginBase):
    name = "base"
    verbose_name = "Base"
    version = "1.0"

    def get_settings_schema(self) -> dict[str, Any]:
        return {"type": "object", "properties": {"size": {"type": "integer", "minimum": 3}, "on": {"type": "boolean"}}}


class Top(Base):
    name = "top"
    verbose_name = "Top"
    dependencies = ("base",)


@pytest.fixture
def acme(install: Callable[..., None]) -> Customer:
    install(Base(), Top(), enabled=True)
    return make_customer("acme")


def ask(client: GraphQLClient, query: str, *, language: str, **variables: Any) -> Any:
    answer = client.send({"query": query, "variables": variables}, **{"Accept-Language": language}).json()
    assert "errors" not in answer, answer
    return answer["data"]


@with_database
def test_reasons_are_in_the_viewers_language(acme: Customer) -> None:
    PluginConfig.objects.filter(name="base").update(enabled=False)
    viewer = GraphQLClient.of(make_operator())

    german, english = (ask(viewer, REASONS, language=each, plugin="top") for each in ("de", "en"))

    assert english["plugin"]["ineffectiveReasons"] == ["'top' needs 'base', which is not effective for anybody."]
    assert german["plugin"]["ineffectiveReasons"] == ["'top' braucht 'base', das für niemanden wirksam ist."]
    assert english["customerPluginConfig"]["ineffectiveReasons"] == [
        "'acme' has not switched 'top' on.",
        "'top' needs 'base', which is not effective for 'acme'.",
    ]
    assert german["customerPluginConfig"]["ineffectiveReasons"] == [
        "'acme' hat 'top' nicht eingeschaltet.",
        "'top' braucht 'base', das für 'acme' nicht wirksam ist.",
    ]


@with_database
def test_problems_are_in_the_viewers_language_and_plain_stored_reasons_are_not(acme: Customer) -> None:
    PluginConfig.objects.filter(name="base").update(status=PluginStatus.FAILED)
    PluginConfig.objects.filter(name="top").update(status=PluginStatus.MISSING, status_reason="Its folder is gone.")
    operator = GraphQLClient.of(make_operator())

    german = ask(operator, PROBLEMS, language="de")["problems"]

    assert {each["message"]: each["remedy"] for each in german} == {
        "'base' kann nicht laufen (fehlgeschlagen).": (
            "Reparieren oder entfernen Sie das Plugin, und starten Sie den Server neu."
        ),
        "Its folder is gone.": "Installieren Sie das Plugin wieder, oder deinstallieren Sie seine Daten.",
    }


@with_database
def test_refusals_are_in_the_viewers_language(acme: Customer) -> None:
    viewer = GraphQLClient.of(make_member("vera", acme, Role.VIEWER))
    operator = GraphQLClient.of(make_member("oscar", acme, Role.OPERATOR))
    wanted = {"customer": "acme", "plugin": "top"}

    denied = ask(viewer, ENABLE, language="de", input=wanted)["enableCustomerPlugin"]
    refused = ask(operator, ENABLE, language="de", input=wanted)["enableCustomerPlugin"]
    in_english = ask(operator, ENABLE, language="en", input=wanted)["enableCustomerPlugin"]

    assert denied["message"] == "Dafür ist die Rolle Operator für 'acme' nötig; Ihre ist Betrachter."
    assert refused["message"] == "'top' braucht 'base', das für 'acme' deaktiviert ist."
    assert in_english["message"] == "'top' needs 'base', which is disabled for 'acme'."
    assert {denied["code"], refused["code"]} == {"ROLE_TOO_LOW", "DEPENDENCY_DISABLED"}


@with_database
def test_what_is_wrong_with_settings_is_said_in_the_viewers_language(acme: Customer) -> None:
    operator = GraphQLClient.of(make_member("oscar", acme, Role.OPERATOR))
    settings = {"size": 1, "on": "yes"}

    refused = ask(operator, SET, language="de", input={"customer": "acme", "plugin": "base", "settings": settings})[
        "updateCustomerPluginSettings"
    ]

    assert refused == {
        "message": "Die Einstellungen von 'base' wurden nicht geändert: 2 Werte sind ungültig.",
        "issues": [
            {"path": "/on", "message": "muss wahr oder falsch sein"},
            {"path": "/size", "message": "muss mindestens 3 sein"},
        ],
    }


@with_database
def test_errors_of_a_request_are_in_the_viewers_language(acme: Customer) -> None:
    answer = GraphQLClient().send({"query": "{ plugins { totalCount } }"}, **{"Accept-Language": "de"}).json()

    assert answer["errors"][0]["message"].startswith("Melden Sie sich zuerst an, oder senden Sie ein Token")
    assert not PluginAuditLog.objects.filter(reason__contains="Melden").exists()


@with_database
def test_a_sentence_is_stored_as_its_english_text(acme: Customer) -> None:
    base = PluginConfig.objects.get(name="base")
    base.status_reason = describe_cycle(("base", "top", "base"))
    base.settings = {"why": sentence("Sign in first.")}

    with translation.override("de"):
        base.save()
        PluginConfig.objects.filter(name="top").update(status_reason=sentence("Sign in first."))

    stored = PluginConfig.objects.in_bulk(["base", "top"], field_name="name")
    reasons = {name: row.status_reason for name, row in stored.items()}
    assert reasons == {
        "base": "'base' needs 'top', which needs 'base': remove one of these dependencies.",
        "top": "Sign in first.",
    }
    texts = PluginConfig.objects.annotate(text=Cast("status_reason", TextField())).values_list("name", "text")
    assert {name: text.split(SEPARATOR)[0] for name, text in texts} == reasons
    assert stored["base"].settings == {"why": "Sign in first."}


def test_a_sentence_is_a_text_like_any_other() -> None:
    made = sentence("'{plugin}' is paused.", plugin="a{b}")

    assert made == "'a{b}' is paused." and {made: 1}["'a{b}' is paused."] == 1
    assert type(f"{made}!") is str and type(made.upper()) is str
    assert copy.deepcopy(made).data == {"plugin": "a{b}"}
    # Errors keep what can be translated.
    assert isinstance(NotFound.plugin("x").message, Sentence)


def test_parts_of_a_sentence_are_translated_too() -> None:
    cycle = describe_cycle(("a", "b", "c", "a"))
    fault = InputFault(path=("name",), message=sentence("This can't be empty."))
    made = {
        cycle: "'a' braucht 'b', und dieses 'c', und dieses 'a': Entfernen Sie eine dieser Abhängigkeiten.",
        enumerate_names(["a", "b", "c"]): "'a', 'b' und 'c'",
        join_sentences((sentence("Sign in first."), "", "Stored text.")): "Melden Sie sich zuerst an. Stored text.",
        InvalidInput.of([fault, fault]).message: "Das darf nicht leer sein. Das darf nicht leer sein.",
        "Stored text.": "Stored text.",
    }

    assert cycle == "'a' needs 'b', which needs 'c', which needs 'a': remove one of these dependencies."
    with translation.override("de"):
        translated = {text: for_viewer(text) for text in made}

    assert translated == made
    assert {type(text) for text in translated.values()} == {str}


def find_templates(path: Path) -> Iterator[tuple[str, int]]:
    """Where `sentence` is called with what Babel can't read."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sentence":
            template = node.args[0] if node.args else None
            if not (isinstance(template, ast.Constant) and isinstance(template.value, str)):
                yield path.relative_to(ROOT).as_posix(), node.lineno


def test_each_template_is_a_literal_so_that_it_is_in_the_catalogues() -> None:
    found = {file for path in (ROOT / "webnet").rglob("*.py") for file, _ in find_templates(path)}

    # Of places only, or words that webnet/console/words.py has.
    assert found == {
        "webnet/sentences.py",
        "webnet/errors.py",
        "webnet/plugins/gate/rules.py",
        "webnet/customers/access.py",
        "webnet/accounts/tokens.py",
        "webnet/sdk/context.py",
        # Of stored sentences, whose templates were literals.
        "webnet/values/stored_sentences.py",
    }


# The roots of what is raised for people to read.
ROOTS = {"Refusal", "RequestError"}
# How a request is written is for those who write clients, in English like what graphql-core says of it.
ABOUT_WRITING_REQUESTS = {"BadRequest", "BadCursor", "BadPage", "BadValue", "BodyRefused"}
# What only the audit log gets.
STORED = {"_Raised"}


@cache
def read_sources() -> dict[str, ast.Module]:
    """All of webnet, by file."""
    files = sorted((ROOT / "webnet").rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in files}


def find_classes(roots: set[str]) -> set[str]:
    """The names of these classes and of all that are derived from them, anywhere in webnet."""
    classes = [each for tree in read_sources().values() for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]
    found = set(roots)
    while more := {each.name for each in classes if found & {ast.unparse(base) for base in each.bases}} - found:
        found |= more
    return found


@cache
def find_messages() -> set[str]:
    """The names of what shows a message to people: refusals, errors of requests, and what some of them are made of."""
    # The last one makes a fault of a name that is taken.
    parts = {"InputFault", "SettingsIssue", "UninstallObstacle", "OutageKind", "unique_name"}
    return parts | find_classes(ROOTS) - find_classes(ABOUT_WRITING_REQUESTS) - STORED


# Functions that return sentences, or texts in the viewer's language.
SENTENCES = {"sentence", "join_sentences", "describe_cycle", "describe_why_not_runnable", "_describe", "for_viewer"}
# Messages of Django's validators, which Django translates, and those that plugins pass.
PASSED_ON = {"webnet/input_faults.py", "webnet/sdk/errors.py"}
# Of a file that a command reads; commands are English for everybody.
OF_COMMANDS = {"webnet/api/documents/files.py"}


def find_plain_messages(tree: ast.Module) -> Iterator[int]:
    """The lines where a message is made that is no sentence, so that it is English for everybody."""
    shown = find_messages()
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    classes = [each for each in ast.walk(tree) if isinstance(each, ast.ClassDef) and each.name in shown - ROOTS]
    within = {id(call) for each in classes for call in ast.walk(each) if is_made_by_super(call)}
    for part in [tree, *functions]:
        made = [each for each in ast.walk(part) if isinstance(each, ast.Assign)] if part is not tree else []
        for call in ast.walk(part) if part is not tree else find_outside(tree):
            if isinstance(call, ast.Call) and (id(call) in within or takes_message(call.func)):
                named = [each.value for each in call.keywords if each.arg == "message"]
                if not all(is_sentence(each, made) for each in [*call.args[:1], *named]):
                    yield call.lineno


def find_in(source: str) -> list[int]:
    return list(find_plain_messages(ast.parse(source)))


def find_outside(tree: ast.AST) -> Iterator[ast.AST]:
    """What is in no function."""
    for each in ast.iter_child_nodes(tree):
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            yield each
            yield from find_outside(each)


def takes_message(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name):
            return name in find_messages()
        case ast.Attribute(value=ast.Name(id="faults"), attr="add"):  # `InputFaults.add`
            return True
    return False


def is_made_by_super(node: ast.AST) -> bool:
    """Whether it is `super().__init__(…)`, by which a class gives the message itself."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "super().__init__"


def is_sentence(message: ast.expr, made: list[ast.Assign]) -> bool:
    match message:
        case ast.Call(func=ast.Name(id=name)):
            return name in SENTENCES
        case ast.Call(func=ast.Attribute(attr="shorten"), args=[first, *_]):
            return is_sentence(first, made)
        case ast.Name(id=name):
            values = [each.value for each in made if ast.unparse(each.targets[0]) == name]
            return all(is_sentence(each, made) for each in values)
    # A text is made here; the message of another refusal was looked at where that is made.
    return not isinstance(message, ast.Call | ast.Constant | ast.JoinedStr | ast.BinOp)


def test_each_refusal_is_a_sentence_that_can_be_translated() -> None:
    found = {name: list(find_plain_messages(source)) for name, source in read_sources().items()}

    assert {name: lines for name, lines in found.items() if lines and name not in PASSED_ON | OF_COMMANDS} == {}


@pytest.mark.parametrize("text", ['"It is on."', 'f"{it} is on."', '"{} is on.".format(it)', '" ".join(parts)'])
def test_a_refusal_in_english_for_everybody_is_found(text: str) -> None:
    indirect = f"def refuse():\n    message = {text}\n    raise InvalidInput(message, field='x')\n"

    assert find_in(indirect) == [3]
    assert find_in(f"def refuse():\n    return UninstallObstacle(message={text})") == [2]
    assert find_in(f"def refuse(faults):\n    faults.add({text}, 'name')") == [2]
    assert find_in(f"async def end():\n    raise SubscriptionEnded({text}, code='X')") == [2]
    assert find_in(f"BUSY = OutageKind(code='X', message={text})") == [1]
    own = f"class TablesBusy(RequestError):\n    def __init__(self):\n        super().__init__({text})"
    assert find_in(own) == [3]

"""A random secret in every annotated place, then everything that webnet says, stores and logs is searched for it."""

from __future__ import annotations

import io
import json
import secrets as random_secrets
import sqlite3
import subprocess
import traceback
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.views.debug import ExceptionReporter
from graphql import GraphQLObjectType, get_named_type, is_composite_type, is_required_argument, is_union_type

from webnet.api.visibility import visible_schema
from webnet.audit.models import PluginAuditLog
from webnet.customers.access import Actor
from webnet.errors import HookFailed, InvalidSettings, SecretUnreadable
from webnet.plugins.base import HookContext, PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
CONTROL = "control-" + random_secrets.token_hex(8)
SECRET = {"type": "string", "writeOnly": True, "minLength": 8, "maxLength": 60}


class Keeper(PluginBase):
    """Has a secret wherever a schema can have one; `open` is none, so that its value must be found."""

    name = "keeper"
    version = "1.0"

    def get_settings_schema(self) -> dict[str, Any]:
        return {
            "properties": {
                "open": {"type": "string"},
                "choice": {"enum": ["one", CONTROL]},
                "top": SECRET,
                "password": {"type": "string", "format": "password", "minLength": 8},
                "free": {"writeOnly": True},
                "nested": {"properties": {"deep": {"properties": {"key": SECRET, "plain": {}}}}},
                "account": {"$ref": "#/$defs/account"},
                "either": {"oneOf": [{"required": ["file"]}, {"required": ["token"], "properties": {"token": SECRET}}]},
                "any": {"anyOf": [{"type": "null"}, {"properties": {"token": SECRET}}]},
                "by_name": {"additionalProperties": SECRET},
                "accounts": {"additionalProperties": {"$ref": "#/$defs/account"}},
                "pattern": {"patternProperties": {"^x-": SECRET}},
                "all": {"allOf": [{"properties": {"key": SECRET}}]},
                "when": {"if": {"required": ["on"]}, "then": {"properties": {"key": SECRET}}},
                "dependent": {"dependentSchemas": {"on": {"properties": {"key": SECRET}}}},
                "platform": {"properties": {"key": {**SECRET, "x-webnet-scope": "platform"}}},
            },
            "$defs": {"account": {"properties": {"user": {}, "key": SECRET, "spare": {"$ref": "#/$defs/account"}}}},
        }

    def on_disable(self, context: HookContext) -> None:
        settings, nested = context.settings, context.settings["nested"]
        raise RuntimeError(f"{settings!r} and {nested!r} are no {settings['open']}")


def fill(new: Any) -> dict[str, Any]:
    """A value for every place; `new()` makes each secret."""
    return {
        "open": CONTROL,
        "top": new(),
        "password": new(),
        "free": {"any": {"form": [new()]}},
        "nested": {"deep": {"key": new(), "plain": 1}},
        "account": {"user": "u", "key": new(), "spare": {"key": new(), "spare": {"key": new()}}},
        "either": {"token": new()},
        "any": {"token": new()},
        "by_name": {"a": new(), "b/c": new()},
        "accounts": {"first": {"key": new(), "spare": {"key": new()}}},
        "pattern": {"x-one": new()},
        "all": {"key": new()},
        "when": {"on": True, "key": new()},
        "dependent": {"on": True, "key": new()},
    }


PLACES = 17


class Search:
    """What was said, by channel; `hits` are the channels in which a text is found."""

    def __init__(self) -> None:
        self.said: dict[str, list[bytes]] = defaultdict(list)

    def add(self, channel: str, *said: object) -> None:
        self.said[channel] += [each if isinstance(each, bytes) else str(each).encode() for each in said]

    def hits(self, needle: str) -> set[str]:
        return {channel for channel, said in self.said.items() if any(needle.encode() in each for each in said)}


def select(kind: Any, depth: int) -> str:
    """Every field of a type that needs no argument, so deep."""
    if is_union_type(kind):
        parts = " ".join(f"... on {each.name} {select(each, depth)}" for each in kind.types)
        return f"{{ __typename {parts} }}"
    fields = [_select_field(name, each, depth) for name, each in kind.fields.items()]
    return f"{{ __typename {' '.join(filter(None, fields))} }}"


def _select_field(name: str, each: Any, depth: int) -> str:
    inner = get_named_type(each.type)
    if any(is_required_argument(argument) for argument in each.args.values()):
        return ""
    if not is_composite_type(inner):
        return name
    return f"{name} {select(inner, depth - 1)}" if depth and isinstance(inner, GraphQLObjectType) else ""


HISTORY = """settings effectiveSettings settingSources { path layer } secretSettings { path isSet updatedAt }
    settingsHistory { edges { node { revision reason changes { path before after isSecret } } } }"""
DEEP = (
    f'{{ plugin(name: "keeper") {{ settingsSchema {HISTORY} }} }}',
    f'{{ customerPluginConfig(customer: "acme", plugin: "keeper") {{ {HISTORY} ineffectiveReasons }} }}',
    "{ pluginAuditLogs { edges { node { action errorCode reason before after } } } }",
    '{ customer(slug: "acme") { auditLogs { edges { node { action errorCode reason before after } } } } }',
)


TOO_MUCH = {"TOO_MANY_TOKENS", "QUERY_TOO_DEEP", "QUERY_TOO_EXPENSIVE"}


def ask_everything(client: Any) -> Iterator[Any]:
    """The answers to every root field with all that is under it, as deep as is allowed."""
    arguments = {
        "plugin": '(name: "keeper")',
        "customer": '(slug: "acme")',
        "customerPluginConfig": '(customer: "acme", plugin: "keeper")',
        "pluginPlan": '(plugin: "keeper", action: DISABLE)',
        "pluginSettingsPlan": '(plugin: "keeper", settings: {})',
        "pluginSettingsRevertPlan": '(plugin: "keeper", revision: 1)',
    }
    yield from (client.run(query) for query in DEEP)
    for name, each in visible_schema(None)._schema.query_type.fields.items():
        kind = get_named_type(each.type)
        if name not in ("node", "nodes") and is_composite_type(kind):
            asked = (client.run(f"{{ {name}{arguments.get(name, '')} {select(kind, depth)} }}") for depth in (3, 2, 1))
            yield next(answer for answer in asked if not codes(answer) & TOO_MUCH)


def codes(answer: Any) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


def database_bytes(folder: Path) -> bytes:
    """The database as it lies on the disk."""
    if connection.vendor == "postgresql":
        return dump()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(connection.settings_dict["NAME"]).read_bytes()


def backup_bytes(folder: Path) -> bytes:
    """A backup by the database's own means."""
    if connection.vendor == "postgresql":
        return dump("--column-inserts")
    copy = folder / "copy.sqlite3"
    source, target = sqlite3.connect(connection.settings_dict["NAME"]), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()
    return copy.read_bytes()


def dump(*options: str) -> bytes:
    parts = connection.settings_dict
    address = ["-h", parts["HOST"], "-p", str(parts["PORT"] or 5432), "-U", parts["USER"]]
    done = subprocess.run(["pg_dump", *address, *options, parts["NAME"]], capture_output=True, check=True)
    return done.stdout


def say_errors(search: Search, error: BaseException) -> None:
    search.add("errors", str(error), repr(error), vars(error))
    search.add("tracebacks", *traceback.format_exception(error))


def test_no_secret_is_found_anywhere(world, install, settings, caplog, tmp_path):
    needle = random_secrets.token_hex(12)
    made: list[str] = []
    search = Search()
    settings.WEBNET_SETTINGS_KEYS = [Fernet.generate_key().decode()]
    settings.WEBNET_BUDGET_POINTS_PLATFORM = settings.WEBNET_BUDGET_POINTS_OPERATOR = 10**9
    settings.WEBNET_BUDGET_POINTS_VIEWER = 10**9
    caplog.set_level("DEBUG")

    def new() -> str:
        made.append(f"{needle}-{len(made)}")
        return made[-1]

    install(Keeper(), enabled=True)
    platform, operator = world.client("platform"), world.client("operator")
    with CaptureQueriesContext(connection) as captured:
        run_through(search, platform, operator, new)
        read_back(search, [platform, operator])
        settings.WEBNET_SETTINGS_KEYS = [Fernet.generate_key().decode()]
        look_without_the_key(search, [platform, operator])
    search.add("sql", *(query["sql"] for query in captured))
    search.add("logs", caplog.text)
    search.add("audit", *PluginAuditLog.objects.values_list())
    search.add("database", database_bytes(tmp_path))
    search.add("backup", backup_bytes(tmp_path), run("dumpdata", "--natural-primary"))

    assert len(made) >= 4 * PLACES
    assert search.hits(needle) == set()
    # The negative control: what is no secret is found in each of them.
    assert search.hits(CONTROL) == set(search.said)


def run_through(search: Search, platform: Any, operator: Any, new: Any) -> None:
    """Set every secret for everybody and for one customer; be refused in every way; fail in a hook; turn it back."""
    globally = {"plugin": "keeper", "settings": {**fill(new), "platform": {"key": new()}}}
    own = {"customer": "acme", "plugin": "keeper", "settings": fill(new)}
    search.add("answers", platform.mutate("updatePluginSettings", "plugin { settings }", **globally))
    search.add("answers", operator.mutate("updateCustomerPluginSettings", "config { settings }", **own))
    row, config = stored()
    assert len(row.secrets) == PLACES + 1
    assert len(config.secrets) == PLACES
    assert json.dumps(layers.open_merged(row, config)).count("-") >= PLACES  # what the plugin gets has them

    long, listed = (lambda: new() + "x" * 60), (lambda: [new()])
    for value in (long, listed):
        wrong = {**fill(value), "choice": new(), "platform": {"key": value()}}
        search.add("answers", platform.run(UPDATE, input={"plugin": "keeper", "settings": wrong}))
        with pytest.raises(InvalidSettings) as refused:
            manager.update_settings("keeper", actor=SYSTEM, patch=wrong)
        say_errors(search, refused.value)
    stale = {**globally, "settings": fill(new), "expectedRevision": 77}
    search.add("answers", platform.mutate("updatePluginSettings", "changed", **stale))
    search.add("answers", platform.run("mutation($input: Nonsense!) { x(input: $input) }", input=fill(new)))
    search.add("answers", platform.send({"query": UPDATE, "variables": {"input": fill(new)}}).content)
    with pytest.raises(HookFailed) as failed:
        manager.disable("keeper", actor=SYSTEM)
    say_errors(search, failed.value)
    # With all that the frames of the hook have at hand, as an error report would show it.
    hook = failed.value.__cause__
    search.add("tracebacks", *traceback.TracebackException.from_exception(hook, capture_locals=True).format())
    search.add("tracebacks", ExceptionReporter(None, type(hook), hook, hook.__traceback__).get_traceback_text())
    search.add("answers", platform.mutate("disablePlugin", "changed", plugin="keeper"))
    search.add("answers", platform.mutate("checkPluginHealth", "health { message details }", plugin="keeper"))
    search.add("answers", platform.mutate("revertPluginSettings", "changed", plugin="keeper", revision=1))
    run("rotate_settings_keys")


UPDATE = """mutation($input: UpdatePluginSettingsInput!) { updatePluginSettings(input: $input) {
    __typename ... on Refusal { code message } ... on InvalidSettings { issues { path message } customers } } }"""


def read_back(search: Search, clients: list[Any]) -> None:
    for client in clients:
        for view in (None, "acme"):
            for answer in ask_everything(client.at(view)):
                assert codes(answer) <= {"CUSTOMER_REQUIRED"}
                search.add("answers", json.dumps(answer))
    row, config = stored()
    opened = layers.opened(row, config)
    context = HookContext(customer=config.customer, actor=SYSTEM, settings=opened)
    search.add("reprs", repr(opened), repr(context), str(opened), f"{opened['nested']}", repr(dict(opened)["account"]))
    search.add("reprs", repr(row), repr(config), vars(row), vars(config))
    search.add("exports", *(run("export_audit_log", "--format", kind) for kind in ("ndjson", "csv")))
    search.add("exports", run("list_plugins", "--json"), *PluginAuditLog.objects.values_list("after", flat=True))


def look_without_the_key(search: Search, clients: list[Any]) -> None:
    row, config = stored()
    with pytest.raises(SecretUnreadable) as unreadable:
        dict(layers.opened(row, config))
    search.add(
        "tracebacks", *traceback.TracebackException.from_exception(unreadable.value, capture_locals=True).format()
    )
    say_errors(search, unreadable.value)
    manager.check_health("keeper", actor=SYSTEM)
    manager.sync(actor=SYSTEM)
    with pytest.raises(SystemExit):
        run("rotate_settings_keys")
    for client in clients:
        search.add("answers", *map(json.dumps, ask_everything(client)))


def stored() -> tuple[PluginConfig, CustomerPluginConfig]:
    config = CustomerPluginConfig.objects.select_related("plugin", "customer").get(plugin__name="keeper")
    return config.plugin, config


def run(*command: str) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out, stderr=out)
    return out.getvalue()

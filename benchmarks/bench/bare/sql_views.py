"""The same work by SQL alone: how much of the bare view is Django's querysets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from time import time_ns
from typing import Any

import orjson
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from benchmarks.bench.bare.views import PLUGIN_KEYS, answer

PLUGINS = """
    SELECT p.name, p.verbose_name, p.version, p.author, p.description, p.availability, p.enabled, p.settings,
           c.enabled, c.settings, c.updated_at
    FROM plugins_pluginconfig p
    LEFT JOIN plugins_customerpluginconfig c ON c.plugin_id = p.id AND c.customer_id = %s
"""
AUDIT_ROWS = """
    SELECT a.position, a.created_at, a.action, a.outcome, a.reason, a.after, p.name, u.username
    FROM plugins_pluginauditlog a
    LEFT JOIN plugins_pluginconfig p ON p.name = a.plugin_name
    LEFT JOIN customers_user u ON u.id = a.actor_id
    WHERE a.position < %s ORDER BY a.position DESC LIMIT 50
"""
AUDIT_KEYS = ("id", "createdAt", "action", "outcome", "reason", "after")
FIND_PLUGIN = "SELECT id, enabled FROM plugins_pluginconfig WHERE name = %s"
SWITCH = """
    UPDATE plugins_customerpluginconfig SET enabled = %s, updated_at = %s WHERE customer_id = %s AND plugin_id = %s
"""
APPEND = """
    INSERT INTO plugins_pluginauditlog
        (position, chain, sequence, created_at, machine_time, actor_id, actor_name, role, customer_id, customer_slug,
         plugin_name, plugin_version, action, outcome, error_code, reason, request_id, ip_address, before, after,
         text, hash)
    VALUES (%s, 'bare', %s, %s, %s, 1, 'operator', 'operator', %s, '', %s, '', %s, 'succeeded', '', '', '', NULL,
            %s, %s, '', %s)
"""


def show_plugins(request: HttpRequest) -> HttpResponse:
    rows = read(f"{PLUGINS} ORDER BY p.name", [request.GET["customer"]])
    return answer({"plugins": [shape_plugin(row) for row in rows]})


def show_plugin(request: HttpRequest) -> HttpResponse:
    (row,) = read(f"{PLUGINS} WHERE p.name = %s", [request.GET["customer"], request.GET["name"]])
    return answer({"plugin": shape_plugin(row)})


def show_audit_log(request: HttpRequest) -> HttpResponse:
    rows = read(AUDIT_ROWS, [int(request.GET["before"])])
    return answer({"auditLogs": [shape_audit_row(row) for row in rows]})


@csrf_exempt
def switch_plugin(request: HttpRequest) -> HttpResponse:
    wanted = orjson.loads(request.body)
    customer, name, enabled = wanted["customer"], wanted["name"], wanted["enabled"]
    now = datetime.now(UTC)
    state = orjson.dumps({"enabled": enabled}).decode()
    former = orjson.dumps({"enabled": not enabled}).decode()
    with transaction.atomic():
        ((plugin, is_on),) = read(FIND_PLUGIN, [name])
        action = "enable_customer_plugin" if enabled else "disable_customer_plugin"
        with connection.cursor() as cursor:
            cursor.execute(SWITCH, [enabled, now, customer, plugin])
            digest = sha256(state.encode()).hexdigest()
            cursor.execute(APPEND, [time_ns(), time_ns(), now, now, customer, name, action, former, state, digest])
    return answer({"switchPlugin": {"changed": True, "name": name, "effective": bool(is_on and enabled)}})


def read(statement: str, values: list[Any]) -> Iterable[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def shape_plugin(row: tuple[Any, ...]) -> dict[str, Any]:
    settings, is_on, own, updated_at = row[7:]
    return {
        **dict(zip(PLUGIN_KEYS, row, strict=False)),
        "effective": bool(row[6] and is_on),
        "effectiveSettings": {**read_json(settings), **(read_json(own) if own else {})},
        "updatedAt": updated_at,
    }


def shape_audit_row(row: tuple[Any, ...]) -> dict[str, Any]:
    shaped = dict(zip(AUDIT_KEYS, row, strict=False))
    shaped["after"] = read_json(row[5])
    return {**shaped, "plugin": {"name": row[6]}, "user": {"username": row[7]}}


def read_json(value: Any) -> Any:
    """A column of JSON, which is a text in SQLite, and may be one in PostgreSQL."""
    return orjson.loads(value) if isinstance(value, str) else value


urlpatterns = [
    path("plugins", show_plugins),
    path("plugin", show_plugin),
    path("audit-log", show_audit_log),
    path("switch", switch_plugin),
]

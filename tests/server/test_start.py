"""What a process does not do, and does not load, until it is needed: each of it was a part of every start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.databases import with_files_of_its_own
from tests.servers import ROOT, START_SECONDS, make_environment
from webnet.command_line import WITH_TRIAL_ONLY, WITHOUT_SCHEMA, find_own_commands
from webnet.server.geography import AbsentLibrary, find_gdal

pytestmark = [with_files_of_its_own, pytest.mark.slow]

LOOK = """
import gc, json, os, sys
started = []
sys.addaudithook(lambda event, _: event in {"subprocess.Popen", "os.posix_spawn"} and started.append(event))
searched = set()  # generations, by who has set the collector's thresholds
gc.callbacks.append(lambda _, info: gc.get_threshold()[0] == 5_000 and searched.add(info["generation"]))
%s
schema = sys.modules.get("webnet.api.schema")
from webnet.plugins.loading.host_code import host_code
print(json.dumps({
    "modules": sorted(sys.modules), "processes": started, "frozen": gc.get_freeze_count(),
    "thresholds": gc.get_threshold(), "searched": sorted(searched),
    "schema": bool(schema and schema.full_schema.cache_info().currsize),
    "trial": bool(schema and schema.try_contributions.cache_info().currsize),
    "copies": len(host_code._chunks[0].owners), "can import psycopg": bool(__import__("psycopg").Connection),
}))
"""
WORKER = """
from webnet.server.worker import load_application
load_application(0, workers=1)
"""
COMMAND = """
from webnet.__main__ import main
sys.argv = ["manage.py", "%s"]
main()
"""
# Libraries for those who have a Redis, PostgreSQL, a collector of traces, HTML of plugins, or addresses in settings.
FOR_SOME = {"redis", "psycopg", "opentelemetry.sdk", "nh3", "email_validator"}


def look(folder: Path, what: str, plugins: str = "") -> dict[str, Any]:
    """What such a process has loaded and done."""
    environment = make_environment(
        folder, DATABASE_URL=f"sqlite:///{folder}/webnet.sqlite3", WEBNET_PLUGINS=plugins, REDIS_URL=None
    )
    ran = interpreters.run(
        ["-c", LOOK % what], environment=environment, folder=ROOT, timeout=START_SECONDS, is_cold=True
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return look(tmp_path_factory.mktemp("worker"), WORKER, plugins="hello_world")


def test_a_worker_loads_no_library_that_only_some_need(worker: dict[str, Any]) -> None:
    assert FOR_SOME & set(worker["modules"]) == set()


def test_a_worker_starts_no_process_to_look_for_libraries(worker: dict[str, Any]) -> None:
    assert worker["processes"] == []


def test_a_worker_keeps_its_schema_from_the_garbage_collector(worker: dict[str, Any]) -> None:
    young, *seldom = worker["thresholds"]
    assert worker["schema"] and worker["frozen"] > 50_000 and young > 700
    assert seldom == [10, 10], "it looks at all that is not frozen from time to time"


def test_a_start_looks_for_garbage_only_among_what_is_young(worker: dict[str, Any]) -> None:
    assert worker["searched"] == [0]


def test_a_worker_keeps_no_copies_of_the_hosts_code(worker: dict[str, Any]) -> None:
    assert worker["copies"] == 0


def test_a_command_that_asks_for_no_plugin_builds_no_schema(tmp_path: Path) -> None:
    command = look(tmp_path, COMMAND % "showmigrations")

    assert not command["trial"] and not command["schema"]
    assert FOR_SOME & set(command["modules"]) == set() and command["processes"] == []


def test_a_command_that_serves_nobody_tries_to_build_it_only(tmp_path: Path) -> None:
    command = look(tmp_path, COMMAND % "migrate", plugins="hello_world")

    assert command["trial"] and not command["schema"]


def test_commands_that_say_whether_plugins_work_try_to_build_it_and_those_that_serve_or_show_it_do() -> None:
    serving = {"run", "export_schema", "check_plugin", "restore", "demo"}
    changing = {"check", "enable_plugin", "list_plugins", "migrate", "sync_plugins", "reset_plugin", "resume_plugin"}

    assert serving.isdisjoint(WITHOUT_SCHEMA | WITH_TRIAL_ONLY)
    assert changing <= WITH_TRIAL_ONLY and WITH_TRIAL_ONLY.isdisjoint(WITHOUT_SCHEMA)
    assert "serve" in WITHOUT_SCHEMA and set(find_own_commands()) >= WITH_TRIAL_ONLY


def test_the_client_of_postgresql_can_be_imported_by_who_wants_it(worker: dict[str, Any]) -> None:
    assert worker["can import psycopg"]


def test_where_the_loader_knows_gdal_django_looks_for_it(tmp_path: Path) -> None:
    cache = tmp_path / "ld.so.cache"
    cache.write_bytes(b"libgc.so.1\0/lib/libgc.so.1\0libgdal.so.32\0/lib/libgdal.so.32\0")

    assert find_gdal(cache) is None
    assert find_gdal(tmp_path / "missing") is None, "another system's loader"


def test_where_the_loader_does_not_know_it_nobody_looks(tmp_path: Path) -> None:
    cache = tmp_path / "ld.so.cache"
    cache.write_bytes(b"libgc.so.1\0/lib/libgc.so.1\0")

    assert isinstance(find_gdal(cache), AbsentLibrary)

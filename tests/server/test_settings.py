"""What the environment may leave out, and what stops the start; each start is a process of its own."""

import json
import stat
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests import interpreters
from tests.databases import with_files_of_its_own
from tests.servers import ROOT, START_SECONDS, make_environment, run_command
from webnet.sdk.trial.environment import SETTINGS
from webnet.server import environment
from webnet.server.environment import (
    EXAMPLE_PLUGINS,
    describe_database,
    describe_mail,
    describe_replica,
    make_data_dir,
    name_plugins,
    read_environment,
    read_number,
    read_origins,
    read_redis_url,
    read_same_site,
    read_switch,
    read_tracing,
)

pytestmark = with_files_of_its_own
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"

SHOW = """
import json
from django.conf import settings as s
from django.db import connection
pragmas = {}
for name in ("journal_mode", "synchronous", "recursive_triggers") if connection.vendor == "sqlite" else ():
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        pragmas[name] = cursor.fetchone()[0]
print(json.dumps({
    "key": s.SECRET_KEY, "hosts": s.ALLOWED_HOSTS, "debug": s.DEBUG, "plugins": s.WEBNET_PLUGINS,
    "secure": s.SESSION_COOKIE_SECURE and s.CSRF_COOKIE_SECURE, "hsts": s.SECURE_HSTS_SECONDS,
    "proxy": s.SECURE_PROXY_SSL_HEADER, "apps": list(s.INSTALLED_APPS), "pragmas": pragmas,
    "database": {k: v for k, v in s.DATABASES["default"].items() if isinstance(v, (str, int, dict, type(None)))},
}))
"""
PRODUCTION = {"WEBNET_DEBUG": None, "WEBNET_SECRET_KEY": "a-key", "WEBNET_ALLOWED_HOSTS": "webnet.example"}


def read_settings(data_dir: Path, **changes: str | None) -> dict[str, object]:
    """What a process has read that does nothing else."""
    environment = make_environment(data_dir, **changes)
    ended = interpreters.run(["-c", SHOW], environment=environment, folder=ROOT, timeout=START_SECONDS)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"WEBNET_SECRET_KEY": None}, "WEBNET_SECRET_KEY"),
        ({"WEBNET_ALLOWED_HOSTS": None}, "WEBNET_ALLOWED_HOSTS"),
        ({"WEBNET_SCHEMA_CACHE_SIZE": "many"}, "WEBNET_SCHEMA_CACHE_SIZE"),
        ({"WEBNET_DEBUG": "maybe"}, "WEBNET_DEBUG"),
        ({"WEBNET_HTTPS": "maybe"}, "WEBNET_HTTPS"),
        ({"WEBNET_SAFE_MODE": "maybe"}, "WEBNET_SAFE_MODE"),
        ({"WEBNET_HTTPS": "0", "WEBNET_SESSION_SAMESITE": "None"}, "WEBNET_SESSION_SAMESITE=None needs WEBNET_HTTPS=1"),
        ({"REDIS_URL": "127.0.0.1:6379"}, "REDIS_URL"),
        ({"DATABASE_URL": "mysql://root:password@127.0.0.1/test"}, "DATABASE_URL"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_ends_the_start_with_one_sentence(
    tmp_path: Path, changes: dict[str, str | None], named: str
) -> None:
    ended = run_command("migrate", data_dir=tmp_path, **{**PRODUCTION, **changes})

    assert ended.returncode == 1
    assert named in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_the_settings_of_the_tests_serve_no_installation(tmp_path: Path) -> None:
    ended = run_command("migrate", data_dir=tmp_path, **PRODUCTION, DJANGO_SETTINGS_MODULE=SETTINGS)

    assert ended.returncode == 1
    assert ended.stderr.strip().endswith("webnet.settings_for_tests is for tests alone: use webnet.settings.")


@pytest.mark.parametrize("url", ["mysql://root:password@127.0.0.1/test", "nonsense", "postgres://u:password@h:port/n"])
def test_a_database_that_is_not_known_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refusal:
        describe_database(url)

    assert "password@127" not in str(refusal.value)
    assert "u:password" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("postgres://u:password@h/n", "sqlite:////tmp/webnet.sqlite3"),
        ("sqlite:////tmp/webnet.sqlite3", "postgres://u@h/n"),
        ("mysql://u:password@h/n", "postgres://u@h/n"),
    ],
)
def test_a_replica_that_can_follow_no_primary_is_refused_by_name(url: str, database: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="WEBNET_REPLICA_URL") as refusal:
        describe_replica(url, database=describe_database(database))

    assert "password@h/n" not in str(refusal.value)


@pytest.mark.parametrize("given", ["", "many", "0", "-1", "1.5", "257", "²"])
def test_a_number_out_of_its_range_is_refused_by_name(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="WEBNET_THREADS must be a whole number from 1 to 256"):
        read_number("WEBNET_THREADS", given, lowest=1, highest=256)


def test_what_is_no_origin_is_refused_by_name() -> None:
    texts = """127.0.0.1:5173 http:// http://a/ http://a/path http://a?b http://a#b ftp://a * null http://* https://a:x
        https://*.example.com https://user@a https://a:443 http://a:80 https://a: https://a. https://A.example HTTPS://a
        https://\u00e4.example"""
    for given in (*texts.split(), "https://a b", "https://a\n"):
        with pytest.raises(ImproperlyConfigured, match="WEBNET_CORS_ORIGINS must list origins"):
            read_origins("WEBNET_CORS_ORIGINS", ["http://127.0.0.1:5173", given])


def test_origins_are_taken_as_browsers_send_them() -> None:
    given = [
        "http://localhost:5173",
        "https://app.example.com",
        "http://[::1]:5173",
        "https://a:80",
        "http://a_b-c:443",
    ]

    assert read_origins("WEBNET_CORS_ORIGINS", given) == given
    wildcard = ["https://*.example.com"]
    assert read_origins("WEBNET_CSRF_TRUSTED_ORIGINS", wildcard, allows_wildcards=True) == wildcard


def test_the_session_goes_to_other_sites_with_https_only() -> None:
    assert [read_same_site(given, https=False) for given in ("", "Lax", "Strict")] == ["Lax", "Lax", "Strict"]
    assert read_same_site("None", https=True) == "None"
    with pytest.raises(ImproperlyConfigured, match="WEBNET_SESSION_SAMESITE=None needs WEBNET_HTTPS=1"):
        read_same_site("None", https=False)
    for given in ("none", "lax", "Loose"):
        with pytest.raises(ImproperlyConfigured, match="WEBNET_SESSION_SAMESITE must be Lax or Strict or None"):
            read_same_site(given, https=True)


def test_a_data_folder_that_can_not_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ImproperlyConfigured, match="WEBNET_DATA_DIR"):
        make_data_dir(str(tmp_path / "file" / "var"), home=tmp_path)


def test_a_data_folder_that_can_not_be_written_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"WEBNET_DATA_DIR '/proc' is not writable"):
        make_data_dir("/proc", home=tmp_path)  # where not even root makes a file


def test_a_data_folder_is_left_as_it_was(tmp_path: Path) -> None:
    assert make_data_dir("", home=tmp_path) == tmp_path / "var"
    assert list((tmp_path / "var").iterdir()) == []


@pytest.mark.parametrize(
    ("given", "is_on"),
    [("1", True), ("true", True), ("Yes", True), ("on", True), ("0", False), ("FALSE", False), ("no", False)],
)
def test_a_switch_is_on_or_off_as_people_write_it(given: str, is_on: bool) -> None:
    assert read_switch("WEBNET_SAFE_MODE", given, default=not is_on) is is_on


@pytest.mark.parametrize("default", [True, False])
def test_an_empty_switch_counts_as_left_out(default: bool) -> None:
    assert read_switch("WEBNET_HTTPS", "", default=default) is default


@pytest.mark.parametrize("given", ["maybe", "2", "-1", " ", "enabled"])
def test_what_is_neither_on_nor_off_is_refused_by_name(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"WEBNET_SAFE_MODE must be 1 or 0, not '{given}'"):
        read_switch("WEBNET_SAFE_MODE", given, default=False)


@pytest.mark.parametrize("given", ["", "redis://:p@h:6379/0", "rediss://h", "unix:///run/redis.sock"])
def test_addresses_of_redis_are_taken_as_they_are(given: str) -> None:
    assert read_redis_url(given) == given


def test_what_is_no_address_of_redis_is_refused_without_telling_its_password() -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must look like") as refusal:
        read_redis_url("http://:pass-word@127.0.0.1:6379")

    assert "pass-word" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "host", "port", "username", "password", "tls", "ssl"),
    [
        ("smtp+tls://u:p%40ss@mail.example.com", "mail.example.com", 587, "u", "p@ss", True, False),
        ("smtps://mail.example.com:4650", "mail.example.com", 4650, "", "", False, True),
        ("smtp://127.0.0.1", "127.0.0.1", 25, "", "", False, False),
    ],
)
def test_a_mail_server_is_described_to_django(url, host, port, username, password, tls, ssl) -> None:
    described = describe_mail(url)

    found = described.get("MAILERS", {}).get("default", {}).get("OPTIONS") or {
        name.removeprefix("EMAIL_").removeprefix("HOST_").lower(): value for name, value in described.items()
    }
    assert found.pop("timeout", None) or found.pop("email_timeout") == 5
    found = {"username" if name == "user" else name: value for name, value in found.items()}
    assert found == {
        "host": host, "port": port, "username": username, "password": password, "use_tls": tls, "use_ssl": ssl,
    }  # fmt: skip


def test_without_a_mail_server_nothing_is_set() -> None:
    assert describe_mail("") == {}


@pytest.mark.parametrize("url", ["http://u:pass-word@h", "smtp://:pass-word@", "smtp://u:pass-word@h:port", "mail.a"])
def test_what_is_no_mail_server_is_refused_without_telling_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must look like") as refusal:
        describe_mail(url)

    assert "pass-word" not in str(refusal.value)


def test_debugging_needs_nothing_to_be_set(tmp_path: Path) -> None:
    shown = read_settings(tmp_path, WEBNET_SECRET_KEY=None, WEBNET_PLUGINS=None)

    assert shown["hosts"] == ["localhost", "127.0.0.1", "[::1]"]
    assert shown["plugins"] == list(EXAMPLE_PLUGINS)
    assert shown["secure"] is False


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = read_settings(tmp_path, WEBNET_SECRET_KEY=None)
    second = read_settings(tmp_path, WEBNET_SECRET_KEY=None)

    assert len(str(first["key"])) >= 50
    assert first["key"] == second["key"]
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_production_trusts_https_only(tmp_path: Path) -> None:
    shown = read_settings(tmp_path, **PRODUCTION)

    assert shown["debug"] is False
    assert shown["secure"] is True
    assert shown["hsts"]
    assert shown["proxy"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_production_on_plain_http_is_a_choice(tmp_path: Path) -> None:
    shown = read_settings(tmp_path, **PRODUCTION, WEBNET_HTTPS="0")

    assert shown["secure"] is False
    assert shown["proxy"] is None


def test_sqlite_keeps_what_was_committed_and_lets_readers_read(tmp_path: Path) -> None:
    shown = read_settings(tmp_path)

    assert shown["pragmas"] == {"journal_mode": "wal", "synchronous": 2, "recursive_triggers": 1}
    assert shown["database"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"  # type: ignore[index]
    assert shown["database"]["NAME"] == str(tmp_path / "webnet.sqlite3")  # type: ignore[index]


def test_postgresql_connections_are_kept_and_checked(tmp_path: Path) -> None:
    shown = read_settings(tmp_path, DATABASE_URL="postgres://somebody:p%40ss@127.0.0.1:5999/webnet")

    database = shown["database"]
    assert isinstance(database, dict)
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (None, True)
    assert (database["USER"], database["PASSWORD"], database["NAME"]) == ("somebody", "p@ss", "webnet")


def test_safe_mode_names_no_plugin(tmp_path: Path) -> None:
    assert read_settings(tmp_path, WEBNET_SAFE_MODE="1", WEBNET_PLUGINS="hello_world")["plugins"] == []


@pytest.mark.parametrize(
    ("listed", "named"),
    [([], ()), (["a", "b"], ("a", "b")), (["a", "b", "a"], ("a", "b")), (None, ())],
)
def test_plugins_are_named_once_and_replace_the_examples(
    tmp_path: Path, listed: list[str] | None, named: tuple[str, ...]
) -> None:
    assert name_plugins(listed, home=tmp_path) == named


@pytest.mark.parametrize(("given", "expected"), [(None, list(EXAMPLE_PLUGINS)), ("", []), ("shelf", ["shelf"])])
def test_no_plugin_is_loaded_where_none_is_listed(tmp_path: Path, given: str | None, expected: list[str]) -> None:
    assert read_settings(tmp_path, WEBNET_PLUGINS=given)["plugins"] == expected


def test_the_file_speaks_for_variables_that_the_process_does_not_have(tmp_path: Path) -> None:
    file = tmp_path / "webnet.env"
    file.write_text(
        '# of the deployment\nWEBNET_SECRET_KEY="from the file"\nWEBNET_ALLOWED_HOSTS=a.example,b.example\n'
    )

    shown = read_settings(
        tmp_path,
        WEBNET_DEBUG=None,
        WEBNET_SECRET_KEY=None,
        WEBNET_ALLOWED_HOSTS="c.example",
        WEBNET_ENV_FILE=str(file),
    )

    assert (shown["key"], shown["hosts"]) == ("from the file", ["c.example"])


def test_what_is_in_the_file_does_not_enter_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "webnet.env"
    file.write_text("WEBNET_OF_THE_FILE=1\n")
    monkeypatch.setenv("WEBNET_ENV_FILE", str(file))

    first = read_environment()["WEBNET_OF_THE_FILE"]
    file.write_text("WEBNET_OF_THE_FILE=2\n")

    assert (first, read_environment()["WEBNET_OF_THE_FILE"]) == ("1", "2")


def test_a_file_that_can_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBNET_ENV_FILE", str(tmp_path / "nowhere.env"))

    with pytest.raises(ImproperlyConfigured, match=r"WEBNET_ENV_FILE '.*nowhere.env' can't be read"):
        read_environment()


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "shop"}, False),
        ({ENDPOINT: "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://collector.example.com/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({ENDPOINT: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "True"}, False),
        ({ENDPOINT: "", "OTEL_TRACES_EXPORTER": ""}, False),
    ],
)
def test_the_variables_of_opentelemetry_switch_traces_on(env: dict[str, str], wanted: bool) -> None:
    assert read_tracing(env) is wanted


@pytest.mark.parametrize(
    ("env", "refusal"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER must be otlp or none, not 'zipkin'."),
        ({ENDPOINT: "user:canary@host"}, f"{ENDPOINT} must be a URL such as http://127.0.0.1:4318."),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf, not 'grpc'.",
        ),
    ],
)
def test_what_webnet_cannot_send_is_refused(env: dict[str, str], refusal: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        read_tracing(env)

    assert str(refused.value) == refusal


def test_without_the_extra_the_start_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(environment, "version", version)

    assert read_tracing({}) is False
    with pytest.raises(ImproperlyConfigured, match=rf"^{ENDPOINT} asks for traces.* 'webnet\[tracing\]'"):
        read_tracing({ENDPOINT: "http://127.0.0.1:4318"})

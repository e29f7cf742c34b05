"""Reads environment variables and their defaults, for the settings."""

import contextlib
import io
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import dj_database_url
import django
from django.core.exceptions import ImproperlyConfigured
from dotenv.parser import parse_stream

from webnet.program import find_checkout

# The example plugins in loading order; those whose folder exists are the default of WEBNET_PLUGINS.
EXAMPLE_PLUGINS = ("hello_world", "device_inventory", "site_map", "reachability")

# Committed transactions survive a power cut, readers never wait for the writer, and triggers also fire for rows that
# REPLACE deletes, so that the audit log's can't be bypassed.
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "recursive_triggers=ON")
# How long a statement waits for a lock of somebody else; the threads that serve requests wait less than commands do.
LOCK_WAIT_SECONDS = 20
# smtp+tls begins without encryption and goes on with it (STARTTLS), smtps is encrypted from the start.
SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
# A mail is sent while a request waits for its answer.
SMTP_TIMEOUT_SECONDS = 5
REPLICA_CONNECT_SECONDS = 2
DJANGO_POSTGRESQL = "django.db.backends.postgresql"
POSTGRESQL = "webnet.database.postgresql"
SQLITE = "webnet.database.sqlite"

# What the extra `tracing` installs, with all that it needs.
TRACES_EXPORTER = "opentelemetry-exporter-otlp-proto-http"

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What Django compares with the host of a request: without a scheme or port; `.example.com` has its subdomains too.
ALLOWED_HOST = re.compile(r"\*|\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]")
# What browsers send as `Origin`, but for that wildcard, which Django's settings may have.
ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<any>\*\.)?(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
)
DEFAULT_PORTS = {"http": ("80",), "https": ("443",)}


def read_environment() -> Mapping[str, str]:
    """The process's environment variables, and below them those in the file that WEBNET_ENV_FILE names.

    The file's variables are not added to the process's environment: child processes would inherit them and take them
    for their own, even after the file has changed.
    """
    path = os.environ.get("WEBNET_ENV_FILE", "")
    return {**_read_file(Path(path)), **os.environ} if path else os.environ


def _read_file(path: Path) -> dict[str, str]:
    """The file's variables. A line that is neither an assignment nor a comment is refused, and so is a second value.

    The messages do not repeat the lines, which may contain secrets.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as problem:
        raise ImproperlyConfigured(f"WEBNET_ENV_FILE '{path}' can't be read: {problem.strerror}.") from problem
    found: dict[str, str] = {}
    # Each line is parsed by itself: otherwise a quote that is not closed would swallow lines up to the next quote.
    for number, line in enumerate(lines, start=1):
        place = f"Line {number} of WEBNET_ENV_FILE '{path}'"
        try:
            bindings = list(parse_stream(io.StringIO(line.decode())))
        except UnicodeDecodeError:
            raise ImproperlyConfigured(f"{place} is not UTF-8.") from None
        for name, value, _, is_wrong in bindings:
            if is_wrong or (name is not None and (value is None or not VARIABLE_NAME.fullmatch(name))):
                raise ImproperlyConfigured(f"{place} can't be understood: write NAME=value, or # before a comment.")
            if name in found:
                raise ImproperlyConfigured(f"{place} sets {name} a second time: remove one of the two lines.")
            if name is not None and value is not None:
                found[name] = value
    return found


def read_list(given: str) -> list[str]:
    """The items between commas, without the spaces around them; empty ones do not count."""
    return [item.strip() for item in given.split(",") if item.strip()]


def find_home() -> Path:
    """The folder with `plugins/`: the checkout, or the working directory of an installed webnet."""
    return find_checkout() or Path.cwd()


def make_data_dir(given: str, *, home: Path) -> Path:
    """The folder for webnet's data, created if it does not exist."""
    path = Path(given or home / "var").absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ImproperlyConfigured(f"WEBNET_DATA_DIR '{path}' can't be created: {problem.strerror}.") from problem
    try:
        tempfile.TemporaryFile(dir=path).close()  # permission bits don't show a read-only disk
    except OSError as problem:
        raise ImproperlyConfigured(f"WEBNET_DATA_DIR '{path}' is not writable: {problem.strerror}.") from problem
    return path


def add_plugin_folders(*homes: Path) -> None:
    """Append `plugins/`, its projects and the example plugins to `sys.path`; at its end they can shadow nothing."""
    for home in homes:
        projects = (file.parent for file in sorted(home.glob("plugins/*/pyproject.toml")))
        for folder in (home / "plugins", *projects, *sorted(home.glob("examples/*_plugin"))):
            if folder.is_dir() and str(folder) not in sys.path:
                sys.path.append(str(folder))


def name_plugins(listed: list[str] | None, *, home: Path) -> tuple[str, ...]:
    """The plugins' modules: those listed, each once; without a list, the example plugins of the checkout."""
    if listed is None:
        return tuple(name for name in EXAMPLE_PLUGINS if (home / "examples" / f"{name}_plugin").is_dir())
    return tuple(dict.fromkeys(listed))


def read_secret_key(given: str, *, debug: bool, data_dir: Path) -> str:
    """The given key; with WEBNET_DEBUG, a random one that is stored in the data folder, readable by its owner only."""
    if given:
        return given
    if not debug:
        raise ImproperlyConfigured("Set WEBNET_SECRET_KEY to a long random text, or WEBNET_DEBUG=1 to try webnet out.")
    path = data_dir / "secret-key"
    if not path.exists():
        _make_secret_key(path)
    return path.read_text().strip()


def _make_secret_key(path: Path) -> None:
    """Create the file atomically: when two processes start for the first time, both use the key of one of them."""
    handle, draft = tempfile.mkstemp(dir=path.parent)  # 0600 from the start
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    Path(draft).unlink()


def name_allowed_hosts(given: list[str], *, debug: bool) -> list[str]:
    """The given hosts; with WEBNET_DEBUG, the names of this machine."""
    for host in given:
        if not ALLOWED_HOST.fullmatch(host):
            raise ImproperlyConfigured(f"WEBNET_ALLOWED_HOSTS must list host names like www.example.com, not '{host}'.")
    if given:
        return given
    if not debug:
        raise ImproperlyConfigured(
            "Set WEBNET_ALLOWED_HOSTS to the host names that webnet serves, separated by commas, "
            "or WEBNET_DEBUG=1 to try webnet out."
        )
    return ["localhost", "127.0.0.1", "[::1]"]


def read_choice(name: str, given: str, allowed: tuple[str, ...]) -> str:
    """The given value, which must be one of these. `name` is the variable, for the error message."""
    if given not in allowed:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(allowed)}, not '{given}'.")
    return given


def read_number(name: str, given: str, *, lowest: int, highest: int) -> int:
    """The given whole number. `name` is the variable, for the error message."""
    if given.isascii() and given.isdecimal() and lowest <= int(given) <= highest:
        return int(given)
    raise ImproperlyConfigured(f"{name} must be a whole number from {lowest} to {highest}, not '{given}'.")


def read_switch(name: str, given: str, *, default: bool) -> bool:
    """Whether the switch is on; an empty value counts as not set. `name` is the variable, for the error message."""
    switch = {"": default, **dict.fromkeys(("1", "true", "yes", "on"), True)}
    switch.update(dict.fromkeys(("0", "false", "no", "off"), False))
    if given.lower() not in switch:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not '{given}'.")
    return switch[given.lower()]


def read_redis_url(given: str) -> str:
    """The given URL of a Redis server; empty without one."""
    if given and not given.startswith(("redis://", "rediss://", "unix://")):
        # The message does not repeat the URL, which may contain a password.
        raise ImproperlyConfigured("REDIS_URL must look like redis://:password@host:6379/0, rediss://… or unix://….")
    return given


def describe_mail(url: str) -> dict[str, Any]:
    """Django's settings for the SMTP server at `url`; empty without one, when webnet sends no mail."""
    if not url:
        return {}
    parts = urlsplit(url)
    if parts.scheme not in SMTP_PORTS or not parts.hostname or not _has_port(parts):
        # The message does not repeat the URL, which may contain a password.
        raise ImproperlyConfigured("EMAIL_URL must look like smtp+tls://user:password@host:587, smtps://… or smtp://….")
    options = {
        "host": parts.hostname,
        "port": parts.port or SMTP_PORTS[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_tls": parts.scheme == "smtp+tls",
        "use_ssl": parts.scheme == "smtps",
        "timeout": SMTP_TIMEOUT_SECONDS,
    }
    if django.VERSION >= (6, 1):
        return {"MAILERS": {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}}
    names = {"username": "HOST_USER", "password": "HOST_PASSWORD"}
    return {f"EMAIL_{names.get(name, name.upper())}": value for name, value in options.items()}


def _has_port(parts: SplitResult) -> bool:
    """Whether the port is one, or left out."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def read_script_name(given: str) -> str:
    """The given path, without a slash at its end; empty without one."""
    if given and not re.fullmatch(r"(/[A-Za-z0-9._~-]+)+", given):
        raise ImproperlyConfigured(
            f"SCRIPT_NAME must be a path like /webnet, without a slash at its end, not '{given}'."
        )
    return given


def read_tracing(env: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own variables ask for traces; refuses what can't be done. Empty ones count as unset."""
    asking = {
        "OTEL_TRACES_EXPORTER": env.get("OTEL_TRACES_EXPORTER", ""),
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ""),
        "OTEL_EXPORTER_OTLP_ENDPOINT": env.get("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
    }
    asked = next((name for name, value in asking.items() if value), None)
    if asked is None or env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = read_choice("OTEL_TRACES_EXPORTER", asking.pop("OTEL_TRACES_EXPORTER") or "otlp", ("otlp", "none"))
    if exporter == "none":
        return False
    for name, url in asking.items():
        if url and not url.startswith(("http://", "https://")):
            # The message does not repeat the URL, which may contain a password.
            raise ImproperlyConfigured(f"{name} must be a URL such as http://127.0.0.1:4318.")
    for_all = env.get("OTEL_EXPORTER_OTLP_PROTOCOL", "") or "http/protobuf"
    protocol = env.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "") or for_all
    read_choice("OTEL_EXPORTER_OTLP_PROTOCOL", protocol, ("http/protobuf",))
    try:
        version(TRACES_EXPORTER)
    except PackageNotFoundError:
        raise ImproperlyConfigured(
            f"{asked} asks for traces, which need packages that are not installed: run "
            "\"pip install 'webnet[tracing]'\", or set OTEL_SDK_DISABLED=true."
        ) from None
    return True


def read_origins(name: str, given: list[str], *, allows_wildcards: bool = False) -> list[str]:
    """The given origins, each as browsers send it: in lower case, with a port if it is not the scheme's default.

    With wildcards, `https://*.example.com` is one too.
    """
    for origin in given:
        found = ORIGIN.fullmatch(origin)
        if found is None or found["port"] in DEFAULT_PORTS[found["scheme"]] or (found["any"] and not allows_wildcards):
            raise ImproperlyConfigured(
                f"{name} must list origins like http://localhost:5173, as browsers send them: in lower case, without a "
                f"path or the scheme's own port; not '{origin}'."
            )
    return given


def read_same_site(given: str, *, https: bool) -> str:
    """The attribute `SameSite` of the session's cookie; `Lax` by default."""
    same_site = read_choice("WEBNET_SESSION_SAMESITE", given or "Lax", ("Lax", "Strict", "None"))
    if same_site == "None" and not https:
        raise ImproperlyConfigured(
            "WEBNET_SESSION_SAMESITE=None needs WEBNET_HTTPS=1: browsers take such a cookie over https only."
        )
    return same_site


def describe_database(url: str, *, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Django's settings for the SQLite or PostgreSQL database at `url`, with persistent connections."""
    parsed = {**_parse_database(url, name=name), "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    if parsed["ENGINE"] == DJANGO_POSTGRESQL:
        given = dict(parsed.get("OPTIONS", {}))
        # Not an option of the connection, but of Django: for poolers that give each transaction another one.
        has_no_cursors = bool(given.pop("disable_server_side_cursors", False))
        # As options of the connection, they cost no statement. What the URL has comes last, and wins.
        waits = f"-c lock_timeout={LOCK_WAIT_SECONDS * 1000} {given.get('options', '')}".strip()
        # Where nobody answers, the driver would wait for over two minutes, and the request's thread with it.
        options = {"connect_timeout": 5, **given, "options": waits}
        return {
            **parsed,
            "ENGINE": POSTGRESQL,
            "OPTIONS": options,
            "DISABLE_SERVER_SIDE_CURSORS": has_no_cursors,
        }
    options = {
        # Take the write lock at the start: of two transactions that read first and then write, one would always fail.
        "transaction_mode": "IMMEDIATE",
        "timeout": LOCK_WAIT_SECONDS,
        "init_command": "".join(f"PRAGMA {pragma};" for pragma in SQLITE_PRAGMAS),
    }
    return {**parsed, "ENGINE": SQLITE, "OPTIONS": {**options, **parsed.get("OPTIONS", {})}}


def describe_replica(url: str, *, database: Mapping[str, Any]) -> dict[str, Any]:
    """Django's settings for the replica at `url` of this database."""
    described = describe_database(url, name="WEBNET_REPLICA_URL")
    if database["ENGINE"] != POSTGRESQL or described["ENGINE"] != POSTGRESQL:
        raise ImproperlyConfigured("WEBNET_REPLICA_URL is for PostgreSQL only: DATABASE_URL must name the primary one.")
    # Where it does not answer, the primary is asked, and the request has time left for that.
    return {**described, "OPTIONS": {**described["OPTIONS"], "connect_timeout": REPLICA_CONNECT_SECONDS}}


def _parse_database(url: str, *, name: str) -> dict[str, Any]:
    if url.startswith(("postgres://", "postgresql://", "sqlite://")):
        with contextlib.suppress(ValueError):
            _require_all_of_it(url)
            return dict(dj_database_url.parse(url))
    # The message does not repeat the URL, which may contain a password.
    raise ImproperlyConfigured(
        f"{name} must look like postgres://user:password@host:5432/name or sqlite:////folder/file, "
        "with special characters percent-encoded."
    )


def _require_all_of_it(url: str) -> None:
    """Raise ValueError if a part of the URL would be lost: webnet would quietly use another database."""
    parts = urlsplit(url)
    is_file_taken_for_host = parts.scheme == "sqlite" and parts.netloc not in ("", ":memory:")
    if parts.fragment or is_file_taken_for_host:
        raise ValueError
    if parts.query:
        parse_qsl(parts.query, strict_parsing=True)

"""Reads environment variables and their defaults, for the settings."""

import contextlib
import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

# The example plugins in loading order; those whose folder exists are the default of WEBNET_PLUGINS.
EXAMPLE_PLUGINS = ("hello_world", "device_inventory", "site_map", "reachability")

# Committed transactions survive a power cut, readers never wait for the writer, and triggers also fire for rows that
# REPLACE deletes, so that the audit log's can't be bypassed.
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "recursive_triggers=ON")
POSTGRESQL = "django.db.backends.postgresql"
SQLITE = "webnet.database.sqlite"


def read_environment() -> Env:
    """The process's environment variables, and below them those in the file that WEBNET_ENV_FILE names.

    The file's variables are not added to the process's environment: child processes would inherit them and take them
    for their own, even after the file has changed.
    """
    env, path = Env(), os.environ.get("WEBNET_ENV_FILE", "")
    if path:
        env.ENVIRON = {**_read_file(Path(path)), **os.environ}
    return env


def _read_file(path: Path) -> dict[str, str]:
    class Reader(Env):  # type: ignore[misc]  # django-environ has no types
        ENVIRON: ClassVar[dict[str, str]] = {}

    try:
        with path.open(encoding="utf-8") as file:
            Reader.read_env(file)
    except (OSError, UnicodeDecodeError) as problem:
        raise ImproperlyConfigured(f"WEBNET_ENV_FILE '{path}' can't be read: {problem}.") from problem
    return Reader.ENVIRON


def find_home() -> Path:
    """The folder with `plugins/`: the checkout, or the working directory of an installed webnet."""
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "manage.py").is_file() else Path.cwd()


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


def add_plugin_folders(home: Path) -> None:
    """Append `plugins/`, its projects and the example plugins to `sys.path`; at its end they can shadow nothing."""
    projects = (file.parent for file in sorted(home.glob("plugins/*/pyproject.toml")))
    for folder in (home / "plugins", *projects, *sorted(home.glob("examples/*_plugin"))):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.append(str(folder))


def name_plugins(listed: list[str] | None, *, home: Path) -> tuple[str, ...]:
    """The plugins' modules: those listed, each once; without a list, the example plugins of the checkout."""
    if listed is None:
        return tuple(name for name in EXAMPLE_PLUGINS if (home / "examples" / f"{name}_plugin").is_dir())
    return tuple(dict.fromkeys(name.strip() for name in listed if name.strip()))


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
    if given:
        return given
    if not debug:
        raise ImproperlyConfigured(
            "Set WEBNET_ALLOWED_HOSTS to the host names that webnet serves, separated by commas, "
            "or WEBNET_DEBUG=1 to try webnet out."
        )
    return ["localhost", "127.0.0.1", "[::1]"]


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


def read_origins(name: str, given: list[str]) -> list[str]:
    """The given origins: each a scheme and a host, with a port if it is not the scheme's default."""
    for origin in given:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise ImproperlyConfigured(f"{name} must list origins like http://localhost:5173, not '{origin}'.")
    return given


def describe_database(url: str) -> dict[str, Any]:
    """Django's settings for the SQLite or PostgreSQL database at `url`, with persistent connections."""
    parsed = {**_parse_database(url), "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    if parsed["ENGINE"] == POSTGRESQL:
        return parsed
    options = {
        # Take the write lock at the start: of two transactions that read first and then write, one would always fail.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "".join(f"PRAGMA {pragma};" for pragma in SQLITE_PRAGMAS),
    }
    return {**parsed, "ENGINE": SQLITE, "OPTIONS": {**options, **parsed.get("OPTIONS", {})}}


def _parse_database(url: str) -> dict[str, Any]:
    if url.startswith(("postgres://", "postgresql://", "sqlite://")):
        with contextlib.suppress(ValueError):
            return dict(Env.db_url_config(url))
    # The message does not repeat the URL, which may contain a password.
    raise ImproperlyConfigured("DATABASE_URL must look like postgres://user:password@host:5432/name or sqlite:///file.")

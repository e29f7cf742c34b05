"""What the environment says, and what stands in for what it leaves out; read by the settings only."""

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

# The example plugins, in the order in which they are loaded; those whose folder is there are on by default.
EXAMPLE_PLUGINS = ("hello_world", "device_inventory", "site_map", "reachability")

# Every committed transaction survives a power cut, readers never wait for the writer, and a writer takes its lock at
# once, since two transactions that both want to write after reading could only fail.
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "recursive_triggers=ON")
POSTGRESQL = "django.db.backends.postgresql"


def read_environment() -> Env:
    """The process's own variables, and for those that it does not have the file that WEBNET_ENV_FILE names.

    The file's never enter the process's own, which its children would take for theirs and not look again.
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
    """Where `manage.py`, `examples/` and `plugins/` are: the checkout, or the folder an installed webnet works in."""
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "manage.py").is_file() else Path.cwd()


def make_data_dir(given: str, *, home: Path) -> Path:
    """The folder for what webnet keeps, made when it is not there."""
    path = Path(given or home / "var").absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise ImproperlyConfigured(f"WEBNET_DATA_DIR '{path}' can't be made: {problem.strerror}.") from problem
    try:
        tempfile.TemporaryFile(dir=path).close()  # what a file's rights allow says nothing of a read-only disk
    except OSError as problem:
        raise ImproperlyConfigured(f"WEBNET_DATA_DIR '{path}' can't be written: {problem.strerror}.") from problem
    return path


def add_plugin_folders(home: Path) -> None:
    """Put `plugins/`, its projects and the example plugins at the end of the path, so that they can hide nothing."""
    projects = (file.parent for file in sorted(home.glob("plugins/*/pyproject.toml")))
    for folder in (home / "plugins", *projects, *sorted(home.glob("examples/*_plugin"))):
        if folder.is_dir() and str(folder) not in sys.path:
            sys.path.append(str(folder))


def name_plugins(listed: list[str] | None, *, home: Path) -> tuple[str, ...]:
    """The plugins' modules: those listed, each once; or the example plugins of the checkout when nothing is listed."""
    if listed is None:
        return tuple(name for name in EXAMPLE_PLUGINS if (home / "examples" / f"{name}_plugin").is_dir())
    return tuple(dict.fromkeys(name.strip() for name in listed if name.strip()))


def read_secret_key(given: str, *, debug: bool, data_dir: Path) -> str:
    """The key given; while debugging, one that is made once and kept in the data folder, for its owner's eyes only."""
    if given:
        return given
    if not debug:
        raise ImproperlyConfigured("Set WEBNET_SECRET_KEY to a long random text, or WEBNET_DEBUG=1 to try webnet out.")
    path = data_dir / "secret-key"
    if not path.exists():
        _make_secret_key(path)
    return path.read_text().strip()


def _make_secret_key(path: Path) -> None:
    """Appears whole or not at all: of two first starts one makes the key, and both use it."""
    handle, draft = tempfile.mkstemp(dir=path.parent)  # 0600 from the start
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    Path(draft).unlink()


def name_allowed_hosts(given: list[str], *, debug: bool) -> list[str]:
    """The hosts given; while debugging, this machine's own names."""
    if given:
        return given
    if not debug:
        raise ImproperlyConfigured(
            "Set WEBNET_ALLOWED_HOSTS to the host names that webnet answers to, separated by commas, "
            "or WEBNET_DEBUG=1 to try webnet out."
        )
    return ["localhost", "127.0.0.1", "[::1]"]


def read_number(name: str, given: str, *, lowest: int, highest: int) -> int:
    """The whole number given; `name` is the variable's, for the refusal."""
    if given.isascii() and given.isdecimal() and lowest <= int(given) <= highest:
        return int(given)
    raise ImproperlyConfigured(f"{name} must be a whole number from {lowest} to {highest}, not '{given}'.")


def read_switch(name: str, given: str, *, default: bool) -> bool:
    """Whether it is on; `name` is the variable's, for the refusal, and an empty one counts as left out."""
    switch = {"": default, **dict.fromkeys(("1", "true", "yes", "on"), True)}
    switch.update(dict.fromkeys(("0", "false", "no", "off"), False))
    if given.lower() not in switch:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not '{given}'.")
    return switch[given.lower()]


def read_redis_url(given: str) -> str:
    """The address given, as the Redis client takes it; empty for none."""
    if given and not given.startswith(("redis://", "rediss://", "unix://")):
        # The address itself is not repeated: it may hold a password.
        raise ImproperlyConfigured("REDIS_URL must look like redis://:password@host:6379/0, rediss://… or unix://….")
    return given


def read_origins(name: str, given: list[str]) -> list[str]:
    """The origins given, each a scheme and a host, with a port where it is not the scheme's own."""
    for origin in given:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise ImproperlyConfigured(f"{name} must list origins like http://localhost:5173, not '{origin}'.")
    return given


def describe_database(url: str) -> dict[str, Any]:
    """Django's settings for the database at `url`: SQLite or PostgreSQL, with connections that are kept."""
    parsed = {**_parse_database(url), "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    if parsed["ENGINE"] == POSTGRESQL:
        return parsed
    options = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "".join(f"PRAGMA {pragma};" for pragma in SQLITE_PRAGMAS),
    }
    return {**parsed, "OPTIONS": {**options, **parsed.get("OPTIONS", {})}}


def _parse_database(url: str) -> dict[str, Any]:
    if url.startswith(("postgres://", "postgresql://", "sqlite://")):
        with contextlib.suppress(ValueError):
            return dict(Env.db_url_config(url))
    # The address itself is not repeated: it may hold a password.
    raise ImproperlyConfigured("DATABASE_URL must look like postgres://user:password@host:5432/name or sqlite:///file.")

"""The database backend: case is Unicode's and not ASCII's, and a lookup without `i` heeds it; plugins are watched.

SQLite's own UPPER, LOWER and LIKE know the case of 26 letters, and LIKE always ignores it. The SQL made here is that of
Django's backend for PostgreSQL instead: `UPPER(column) LIKE UPPER(pattern)`.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from django.db.backends.sqlite3 import base, features, operations

from webnet.database.clean_room import CLOSED, IDLE, OPEN
from webnet.database.guarded_connection import GuardedConnection, GuardedPart
from webnet.database.sqlite.driver import DjangoCursor, SqliteConnection
from webnet.plugin_calls import host_code
from webnet.values.patterns import CLIENTS_MEMORY_BYTES, compile_pattern

CASELESS_LOOKUPS = frozenset({"iexact", "icontains", "istartswith", "iendswith"})
TEXT_LOOKUPS = CASELESS_LOOKUPS | {"contains", "startswith", "endswith", "regex", "iregex"}
_SPECIAL_IN_GLOB = frozenset("*?[")


def upper(value: Any) -> str | None:
    """The text in capitals, one for each character, as `towupper` and thus PostgreSQL has it: "ß" remains "ß"."""
    if not isinstance(value, str):
        return None if value is None else upper(_read_text(value))
    capitals = value.upper()
    if len(capitals) == len(value):
        return capitals
    # A text becomes longer by characters that become several, such as "ß" that becomes "SS". Some of them, "ᾳ" and its
    # like, have a capital of their own, which Unicode calls their title case.
    several = next(character for character in set(value) if len(character.upper()) > 1)
    capital = several.title() if len(several.title()) == 1 else several
    return capital.join(str(upper(part)) for part in value.split(several))


def lower(value: Any) -> str | None:
    """The text in small letters, one for each character, as `towlower` and thus PostgreSQL has it."""
    if not isinstance(value, str):
        return None if value is None else lower(_read_text(value))
    # The two that Python lowers in another way: "İ" becomes two characters, and "Σ" depends on its place in the word.
    return value.replace("İ", "i").replace("Σ", "\N{GREEK SMALL LETTER SIGMA}").lower()


def _read_text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def read_json_text(value: str | None) -> str | None:
    """JSON as PostgreSQL shows it: with letters as they are, where Django stores `\\u00e9`."""
    if value is None or "\\u" not in value:
        return value
    return json.dumps(json.loads(value), ensure_ascii=False)


def write_glob(pattern: str | None) -> str | None:
    """A pattern of LIKE, with `\\` as its escape, as one of GLOB, which heeds case."""
    if pattern is None:
        return None
    made, characters = [], iter(pattern)
    for each in characters:
        if each in "%_":
            made.append("*" if each == "%" else "?")
            continue
        literal = next(characters, each) if each == "\\" else each
        made.append(f"[{literal}]" if literal in _SPECIAL_IN_GLOB else literal)
    return "".join(made)


def is_match(pattern: str | None, value: Any) -> bool | None:
    """Whether the pattern matches somewhere in the text; raises PatternError."""
    if pattern is None or value is None:
        return None
    return compile_pattern(pattern, memory_bytes=CLIENTS_MEMORY_BYTES).is_in(_read_text(value))


class DatabaseOperations(GuardedPart, operations.DatabaseOperations):
    """Django's operations for SQLite, but for what a text lookup compares."""

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        """The SQL around the column of a lookup."""
        column = "JSON_TEXT(%s)" if internal_type == "JSONField" and lookup_type in TEXT_LOOKUPS else "%s"
        return f"UPPER({column})" if lookup_type in CASELESS_LOOKUPS else column

    def prep_for_iexact_query(self, x: Any) -> Any:
        """The text of an `iexact` as it is: it is compared by "=", and not by LIKE."""
        return x


class DatabaseFeatures(GuardedPart, features.DatabaseFeatures):
    """Django's features of SQLite."""

    # Every SQLite that Python 3.11 is built with. Django finds out in a transaction, and takes a locked or read-only
    # database for one without JSON, for as long as the process lives.
    supports_json_field = True


class DatabaseWrapper(GuardedConnection, base.DatabaseWrapper):
    """Django's connection to SQLite, with functions that know Unicode, and a driver that watches plugins' code."""

    ops_class = DatabaseOperations
    features_class = DatabaseFeatures
    operators = base.DatabaseWrapper.operators | {
        "iexact": "= UPPER(%s)",
        "icontains": r"LIKE UPPER(%s) ESCAPE '\'",
        "istartswith": r"LIKE UPPER(%s) ESCAPE '\'",
        "iendswith": r"LIKE UPPER(%s) ESCAPE '\'",
        "contains": "GLOB LIKE_TO_GLOB(%s)",
        "startswith": "GLOB LIKE_TO_GLOB(%s)",
        "endswith": "GLOB LIKE_TO_GLOB(%s)",
    }
    # For lookups by another column or expression; those with `i` have UPPER already.
    pattern_ops = base.DatabaseWrapper.pattern_ops | {
        "contains": "GLOB LIKE_TO_GLOB('%%' || {} || '%%')",
        "startswith": "GLOB LIKE_TO_GLOB({} || '%%')",
        "endswith": "GLOB LIKE_TO_GLOB('%%' || {})",
    }

    def get_connection_params(self) -> dict[str, Any]:
        """Django's, and the driver's class."""
        return {**super().get_connection_params(), "factory": SqliteConnection}

    def create_cursor(self, name: str | None = None) -> sqlite3.Cursor:  # noqa: ARG002 - Django's signature
        cursor: sqlite3.Cursor = self.connection.cursor(factory=DjangoCursor)
        return cursor

    def _start_transaction_under_autocommit(self) -> None:
        with host_code():
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # The stubs leave it out.

    def read_transaction(self) -> int:
        """What the driver knows of its transaction, without a statement."""
        try:
            return OPEN if self.driver is not None and self.driver.in_transaction else IDLE
        except sqlite3.ProgrammingError:
            return CLOSED

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Open a connection. Its functions are deterministic, so that indexes can have them."""
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        for name, function in (
            ("UPPER", upper),
            ("LOWER", lower),
            ("JSON_TEXT", read_json_text),
            ("LIKE_TO_GLOB", write_glob),
        ):
            connection.create_function(name, 1, function, deterministic=True)
        # Django's has Python's engine, which a pattern of a client can keep busy for ever.
        connection.create_function("REGEXP", 2, is_match, deterministic=True)
        return connection

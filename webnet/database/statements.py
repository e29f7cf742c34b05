"""What a text of SQL does besides reading and writing rows, such as beginning a transaction or changing the session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache

from sqlparse import tokens
from sqlparse.lexer import tokenize


class StatementKind(StrEnum):
    """What a statement leaves behind; of several statements in one text, the last of these kinds."""

    PLAIN = "plain"  # It reads or writes rows.
    DEFINITION = "definition"  # It defines or removes tables and the like.
    LOCAL = "local"  # It lasts until the end of the transaction: SET LOCAL, LOCK, advisory locks of a transaction.
    OTHER = "other"  # What it does can't be seen here: DO, CALL, EXECUTE, COPY.
    HELD = (
        "held"  # It lasts as long as the connection, unless it is given back: temporary tables, advisory locks, LISTEN.
    )
    SESSION = "session"  # It changes how all later statements of the connection work: SET, PRAGMA, ATTACH.
    TRANSACTION = "transaction"  # BEGIN, COMMIT, ROLLBACK, SAVEPOINT.


_RANKS = {kind: rank for rank, kind in enumerate(StatementKind)}
_FIRST_WORDS = {
    **dict.fromkeys(
        ("SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "WITH", "VALUES", "TABLE", "EXPLAIN", "SHOW"),
        StatementKind.PLAIN,
    ),
    **dict.fromkeys(
        (
            "CREATE",
            "ALTER",
            "DROP",
            "TRUNCATE",
            "COMMENT",
            "GRANT",
            "REVOKE",
            "REINDEX",
            "VACUUM",
            "ANALYZE",
            "REFRESH",
        ),
        StatementKind.DEFINITION,
    ),
    "LOCK": StatementKind.LOCAL,
    **dict.fromkeys(("SET", "RESET", "DISCARD", "PRAGMA", "ATTACH", "DETACH", "LOAD"), StatementKind.SESSION),
    **dict.fromkeys(("LISTEN", "UNLISTEN", "PREPARE", "DEALLOCATE"), StatementKind.HELD),
    **dict.fromkeys(
        ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"), StatementKind.TRANSACTION
    ),
}
# Almost every statement: one that needs no closer look. A comment before it, a second statement after it, or one of
# these functions means that it does.
_PLAIN = re.compile(r"[\s(]*(?:SELECT|INSERT|UPDATE|DELETE|WITH|VALUES)\b", re.IGNORECASE)
_NEEDS_A_LOOK = re.compile(r";|set_config|advisory|\bINTO\s+(?:LOCAL\s+|GLOBAL\s+)?TEMP", re.IGNORECASE)

# SQLite's triggers have statements of their own; nothing that is valid on PostgreSQL has these words in this order.
_TRIGGER = re.compile(
    r"\s*CREATE\s+(?:TEMP\w*\s+)?TRIGGER\b.*\bBEGIN\s+(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH)\b",
    re.IGNORECASE | re.DOTALL,
)

# What the first word alone does not say: of a statement of that kind so far, its kind if the pattern is found.
_FINER = {
    StatementKind.PLAIN: (
        (re.compile(r"\bset_config\s*\((?![^()]*,\s*true\s*\))", re.IGNORECASE), StatementKind.SESSION),
        (re.compile(r"\bpg_(?:try_)?advisory_(?:un)?lock", re.IGNORECASE), StatementKind.HELD),
        (re.compile(r"\bpg_(?:try_)?advisory_xact_lock|\bset_config\b", re.IGNORECASE), StatementKind.LOCAL),
        (re.compile(r"\bINTO\s+(?:LOCAL\s+|GLOBAL\s+)?TEMP", re.IGNORECASE), StatementKind.HELD),
    ),
    StatementKind.DEFINITION: (
        (re.compile(r"CREATE\b.*?\bTEMP(?:ORARY)?\b", re.IGNORECASE | re.DOTALL), StatementKind.HELD),
    ),
    StatementKind.HELD: ((re.compile(r"PREPARE\s+TRANSACTION\b", re.IGNORECASE), StatementKind.TRANSACTION),),
    StatementKind.SESSION: (
        (re.compile(r"SET\s+(?:LOCAL|CONSTRAINTS|TRANSACTION)\b", re.IGNORECASE), StatementKind.LOCAL),
        # The pragmas whose argument is a table, an index or a limit, and those without an argument: they only read.
        (
            re.compile(
                r"PRAGMA\s+(?:\w+\.)?(?:table_x?info|index_x?info|(?:table|index|foreign_key)_list|foreign_key_check"
                r"|(?:quick|integrity)_check)\b|PRAGMA\s+(?:\w+\.)?\w+\s*$",
                re.IGNORECASE,
            ),
            StatementKind.PLAIN,
        ),
    ),
}


@lru_cache(maxsize=1024)
def classify(sql: str) -> StatementKind:
    """The kind of a text of SQL; what can't be understood is OTHER, and never PLAIN."""
    if _PLAIN.match(sql) and not _NEEDS_A_LOOK.search(sql):
        return StatementKind.PLAIN
    return max((_classify_one(each) for each in _split(sql)), key=_RANKS.__getitem__, default=StatementKind.PLAIN)


def _split(sql: str) -> Iterator[str]:
    """The statements, without comments; literals are replaced, so that their contents are not taken for SQL."""
    words: list[str] = []
    for kind, text in tokenize(sql):  # type: ignore[no-untyped-call]  # sqlparse has no types.
        if kind in tokens.Comment:
            words.append(" ")
        elif kind is tokens.Punctuation and text == ";" and not _is_in_trigger("".join(words)):
            yield "".join(words).strip()
            words = []
        else:
            words.append("''" if kind in tokens.Literal.String.Single or text.startswith("$") else text)
    yield "".join(words).strip()


def _is_in_trigger(statement: str) -> bool:
    """Whether a semicolon after it belongs to the body of a trigger of SQLite."""
    return _TRIGGER.match(statement) is not None and not statement.rstrip().upper().endswith("END")


def _classify_one(statement: str) -> StatementKind:
    if not statement:
        return StatementKind.PLAIN
    first = re.split(r"\W", statement.lstrip("( \t\n"), maxsplit=1)[0]
    kind = _FIRST_WORDS.get(first.upper(), StatementKind.OTHER)
    return next((finer for pattern, finer in _FINER.get(kind, ()) if pattern.search(statement)), kind)

"""What a text of SQL is taken for: nothing but reading and writing of rows is plain."""

import pytest

from webnet.database.statements import StatementKind, classify


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT "a"."id" FROM "a" WHERE "a"."name" = %s',
        "(SELECT 1) UNION (SELECT 2)",
        "WITH rows AS (SELECT 1) INSERT INTO a SELECT * FROM rows",
        "insert into a values ('; BEGIN')",
        "SELECT 'set_config(' -- SET x = 1",
        'SELECT ";COMMIT" FROM a',
        "UPDATE a SET b = 1;",
        'PRAGMA table_info("a")',
        "PRAGMA foreign_keys",
        "",
    ],
)
def test_reading_and_writing_of_rows_is_plain(sql: str) -> None:
    assert classify(sql) is StatementKind.PLAIN


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("BEGIN", "transaction"),
        ("begin immediate", "transaction"),
        ("/* a */ -- b\n COMMIT", "transaction"),
        ("SELECT 1; ROLLBACK TO SAVEPOINT a; SELECT 2", "transaction"),
        ("END;", "transaction"),
        ("PREPARE TRANSACTION 'a'", "transaction"),
        ("SET search_path TO a", "session"),
        ("SELECT set_config('search_path', 'a', false)", "session"),
        ("SELECT set_config(%s, %s, %s)", "session"),
        ("SELECT set_config('a.customer', %s, true)", "local"),
        ("SELECT pg_try_advisory_lock(1)", "held"),
        ("LISTEN a", "held"),
        ("PRAGMA query_only = 1", "session"),
        ("PRAGMA main.query_only(1)", "session"),
        ("ATTACH 'a.sqlite3' AS a", "session"),
        ("CREATE TEMP TABLE a (b int)", "held"),
        ("CREATE TABLE temp.a (b int)", "held"),
        ("SELECT * INTO TEMP a FROM b", "held"),
        ("SET LOCAL statement_timeout = 1", "local"),
        ("SET CONSTRAINTS ALL IMMEDIATE", "local"),
        ("SELECT pg_advisory_xact_lock(1)", "local"),
        ("LOCK TABLE a", "local"),
        ("CREATE TABLE tempo (a int)", "definition"),
        ("CREATE TRIGGER a AFTER INSERT ON b BEGIN DELETE FROM c; SELECT 1; END; SELECT 2", "definition"),
        ("CREATE TRIGGER a AFTER INSERT ON b BEGIN DELETE FROM c; END; COMMIT", "transaction"),
        ('CREATE TRIGGER a AFTER INSERT ON b FOR EACH ROW EXECUTE FUNCTION "begin"(); COMMIT', "transaction"),
        ("DO $$ BEGIN COMMIT; END $$", "other"),
        ("CALL a()", "other"),
    ],
)
def test_everything_else_is_known_by_its_kind(sql: str, kind: str) -> None:
    assert classify(sql) == kind

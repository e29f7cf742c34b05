"""The database as a dump of PostgreSQL: `pg_dump` writes it, and one transaction restores it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from django.db import connection, transaction

from webnet.backup.errors import BackupError
from webnet.backup.manifest import CHUNK_BYTES, Progress
from webnet.django_internals import allow_durable_blocks

FILE_NAME = "database.pgdump"
# Longer than any change of webnet's own, and much shorter than for ever.
LOCK_SECONDS = 60
# Tables (and with "S" sequences) of everybody but PostgreSQL itself and its extensions.
RELATIONS = """
    SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = ANY(%s) AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    ORDER BY 1
"""
# What roles other than the owner may do with tables and sequences, as statements that grant it again.
GRANTS = """
    SELECT quote_ident(nspname) || '.' || quote_ident(relname), format(
        'GRANT %%s ON %%I.%%I TO %%s', privilege_type, nspname, relname,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
    )
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace, aclexplode(relacl)
    WHERE relkind IN ('r', 'p', 'S') AND nspname !~ '^pg_' AND nspname <> 'information_schema' AND grantee <> relowner
"""
# Since 2025 the scripts of pg_restore begin and end with these commands of psql.
PSQL_COMMANDS = re.compile(r"^\\(un)?restrict .*$", re.MULTILINE)
COPY = re.compile(rb"COPY .* FROM stdin;\n")
END_OF_COPY = b"\\.\n"


def dump(folder: Path, progress: Progress) -> Path:
    """Write the state that the current transaction sees into a file."""
    _require_client("pg_dump")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        ((snapshot,),) = cursor.fetchall()
    arguments, environment = _find_server()
    path, size = folder / FILE_NAME, 0
    command = ["pg_dump", "--format=custom", f"--snapshot={snapshot}", "--no-password", *arguments]
    with path.open("wb") as file, _output_of(command, environment) as output:
        while chunk := output.read(CHUNK_BYTES):
            file.write(chunk)
            size += len(chunk)
            progress("Copying", size, None)
    return path


@contextmanager
def staged(dumped: Path, progress: Progress) -> Iterator[None]:
    """One transaction that replaces all tables by those of the dump, and commits at the end of the block.

    Others wait for it, and go on with the new tables; if it fails or this process is killed, with the old ones.
    """
    _require_client("pg_restore")
    try:
        # Not two transactions: what is done in the block is to be seen together with the tables, or not at all.
        with allow_durable_blocks(transaction.atomic()):
            grants, path = _read(GRANTS), _read("SHOW search_path")[0][0]
            _drop_tables()
            # In this order, so that no trigger fires and no index is updated row by row.
            _run_script(dumped, "pre-data", "--clean", "--if-exists")
            _load_rows(dumped, progress)
            _run_script(dumped, "post-data")
            _execute("SELECT set_config('search_path', %s, false)", [path])
            _grant_again(grants)
            # A migration could not alter a table whose rows it has changed before.
            _execute("SET CONSTRAINTS ALL IMMEDIATE")
            yield
    finally:
        connection.close()  # The scripts change settings of the session.


def _drop_tables() -> None:
    tables = [name for (name,) in _read(RELATIONS, [["r", "p"]])]
    if not tables:
        return
    _execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    # All at once, in one order, so that two of these can't wait for each other.
    _execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
    # With views and foreign keys of tables that the dump does not have.
    _execute(f"DROP TABLE {', '.join(tables)} CASCADE")


def _grant_again(grants: list[tuple[Any, ...]]) -> None:
    """Grant other roles, such as the application's own, what they could do with the tables that were replaced."""
    present = {name for (name,) in _read(RELATIONS, [["r", "p", "S"]])}
    for name, grant in grants:
        if name in present:
            _execute(grant)


def _run_script(dumped: Path, section: str, *options: str) -> None:
    with _output_of(_restoring(dumped, section, *options), None) as output:
        script = output.read().decode()
    _execute(PSQL_COMMANDS.sub("", script))


def _load_rows(dumped: Path, progress: Progress) -> None:
    """Run the script that fills the tables: statements, and rows between `COPY` and a line with `\\.`."""
    done, statements = 0, b""
    with _output_of(_restoring(dumped, "data"), None) as output:
        for line in output:
            if not COPY.fullmatch(line):
                statements += line
                continue
            _execute(PSQL_COMMANDS.sub("", statements.decode()))
            statements = b""
            with connection.wrap_database_errors, connection.cursor() as cursor, _copying(cursor, line) as copy:
                while (row := output.readline()) not in (END_OF_COPY, b""):
                    copy.write(row)
                    done += len(row)
                    progress("Loading", done, None)
        _execute(PSQL_COMMANDS.sub("", statements.decode()))


def _copying(cursor: Any, line: bytes) -> Any:
    return cursor.copy(line.decode().rstrip(";\n"))


def _restoring(dumped: Path, section: str, *options: str) -> list[str]:
    # Roles may have other names where it is restored.
    return ["pg_restore", "--file=-", f"--section={section}", "--no-owner", "--no-privileges", *options, str(dumped)]


def _execute(sql: str, parameters: list[str] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def _read(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _find_server() -> tuple[list[str], dict[str, str]]:
    """The arguments and the environment that lead PostgreSQL's programs to the database."""
    (_, *arguments), environment = connection.client.settings_to_cmd_args_env(connection.settings_dict, [])
    return arguments, environment or {}


def _require_client(program: str) -> None:
    """Raise BackupError unless the program is there, and not older than the server."""
    server = connection.get_database_version()[0]
    way_out = f"install PostgreSQL's client programs of version {server} or newer (Debian: 'postgresql-client')"
    if shutil.which(program) is None:
        raise BackupError(f"'{program}' is not installed: {way_out}.")
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own command
    found = re.search(r"\d+", printed)
    if found and int(found[0]) < server:
        raise BackupError(f"'{program}' has version {found[0]}, and the server has {server}: {way_out}.")


@contextmanager
def _output_of(command: list[str], environment: dict[str, str] | None) -> Iterator[IO[bytes]]:
    """What the program prints, until it ends. Raises BackupError if it fails."""
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, stderr=errors
        )
        with process:
            try:
                yield cast("IO[bytes]", process.stdout)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            first_line = next(iter(errors.read().splitlines()), f"exit code {process.returncode}")
            raise BackupError(f"'{command[0]}' failed: {first_line}")

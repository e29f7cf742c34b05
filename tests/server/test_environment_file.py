"""The file that WEBNET_ENV_FILE names: what is read of it, and which lines stop the start."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

import webnet
from tests.databases import with_files_of_its_own
from tests.docs.documents import Document
from tests.servers import ROOT, run_command
from webnet.server.environment import describe_database, name_allowed_hosts, read_environment, read_list

pytestmark = with_files_of_its_own

URL = "postgres://webnet:secret@db.example:5432/webnet"
# Where the process's own variables are read; everything else has to ask the settings.
# The last four read no variable of webnet's: they pass the environment on to a program or a library, or put it back.
READERS = (
    "server/environment.py",
    "server/observability/shared_metrics.py",
    "sdk/",
    "backup/postgresql.py",
    "metrics.py",
    "server/observability/tracing.py",
    "plugins/loading/process_state.py",
)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, not written yet."""
    path = tmp_path / "webnet.env"
    monkeypatch.setenv("WEBNET_ENV_FILE", str(path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return path


@pytest.mark.parametrize(
    "line",
    [
        f"DATABASE_URL={URL}",
        f"\ufeffDATABASE_URL={URL}",
        f"DATABASE_URL = {URL}",
        f"DATABASE_URL\t=\t{URL}\t",
        f"  export DATABASE_URL={URL}",
        f"DATABASE_URL={URL} # the database",
        f"DATABASE_URL='{URL}' # the database",
        f'DATABASE_URL="{URL}"# the database',
        f"# the database\r\n\r\nDATABASE_URL={URL}\r\nHOST=0.0.0.0\r\n",
        f"HOST=0.0.0.0\rDATABASE_URL={URL}\r",
        f"HOST=0.0.0.0\n\ufeffDATABASE_URL={URL}",  # two files in one
    ],
)
def test_an_assignment_is_read_however_it_is_written(file: Path, line: str) -> None:
    file.write_bytes(line.encode())

    assert read_environment()["DATABASE_URL"] == URL


def test_the_file_in_the_documentation_is_read_as_it_says(file: Path) -> None:
    installation = Document.read(ROOT / "docs" / "installation.md")
    file.write_text(next(block.text for block in installation.blocks() if block.text.startswith("# Who may read")))

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("WEBNET_SECRET_KEY")
        read = read_environment()

    assert read["WEBNET_SECRET_KEY"] == "$ and # are ordinary characters"
    assert read_list(read["WEBNET_ALLOWED_HOSTS"]) == ["webnet.example.com", "www.example.com"]
    assert describe_database(read["DATABASE_URL"])["PASSWORD"] == "p@ss"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("$abc$def", "$abc$def"),
        ("${HOME}", "${HOME}"),
        ("'$abc'", "$abc"),
        ("a#b", "a#b"),
        ("a=b==", "a=b=="),
        ("it's", "it's"),
        ("C:\\new", "C:\\new"),
        ("'C:\\new'", "C:\\new"),
        ('"two\\nlines, a \\" and a \\\\"', 'two\nlines, a " and a \\'),
        ("' spaces '", " spaces "),
        ("", ""),
        (" # nothing", ""),
        ("ключ", "ключ"),
    ],
)
def test_a_value_is_taken_as_it_is(file: Path, written: str, value: str) -> None:
    file.write_text(f"WEBNET_OF_THE_FILE={written}\n", encoding="utf-8")

    assert read_environment()["WEBNET_OF_THE_FILE"] == value


@given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")))
def test_any_line_of_text_in_single_quotes_comes_back(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.env"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    file.write_bytes(f"WEBNET_OF_THE_FILE='{quoted}'\n".encode())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEBNET_ENV_FILE", str(file))
        assert read_environment()["WEBNET_OF_THE_FILE"] == value


@pytest.mark.parametrize(
    "line",
    [
        b"DATABASE_URL",
        b"export DATABASE_URL",
        b"DATABASE_URL: postgres://secret",
        b"=postgres://secret",
        b"DATABASE-URL=postgres://secret",
        b"DATABASE URL=postgres://secret",
        b"1DATABASE_URL=postgres://secret",
        "\u200bDATABASE_URL=postgres://secret".encode(),
        b"DATABASE_URL='postgres://secret",
        b'DATABASE_URL="postgres://secret\nPORT="8000"',
        b"DATABASE_URL='postgres://' 'secret'",
        b"DATABASE_URL='postgres://secret'; PORT=8000",
        b"DATABASE_URL=postgres://secret-\xfc",
        b"# caf\xe9",
        "DATABASE_URL=postgres://secret".encode("utf-16-le"),
        b"DATABASE_URL=postgres://secret\nDATABASE_URL=postgres://secret",
    ],
)
def test_a_line_that_is_not_understood_is_refused_with_its_number_and_without_its_text(file: Path, line: bytes) -> None:
    file.write_bytes(b"# of webnet\n\nHOST=0.0.0.0\n" + line + b"\n")

    with pytest.raises(ImproperlyConfigured, match=r"^Line [45] of WEBNET_ENV_FILE '.*webnet\.env' ") as refusal:
        read_environment()

    assert "secret" not in str(refusal.value)


def test_a_variable_that_is_set_twice_is_named(file: Path) -> None:
    file.write_text("HOST=a\nPORT=1\nHOST=a\n")

    with pytest.raises(ImproperlyConfigured, match=r"^Line 3 of .* sets HOST a second time: remove one"):
        read_environment()


def test_a_file_in_another_encoding_is_refused(file: Path) -> None:
    file.write_text("HOST=0.0.0.0\n", encoding="utf-16")

    with pytest.raises(ImproperlyConfigured, match=r"^Line 1 of .* is not UTF-8"):
        read_environment()


def test_a_line_that_is_not_understood_ends_the_start_with_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "webnet.env"
    file.write_text("PORT=8000\nDATABASE_URL\n")

    ended = run_command("migrate", data_dir=tmp_path, WEBNET_ENV_FILE=str(file))

    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"webnet can't start: Line 2 of WEBNET_ENV_FILE '{file}' can't be understood: "
        "write NAME=value, or # before a comment."
    )


@pytest.mark.parametrize(
    "given", ["a.example,b.example", " a.example , b.example ", "a.example,\tb.example,", ",a.example,,b.example"]
)
def test_spaces_round_the_items_of_a_list_do_not_count(given: str) -> None:
    assert read_list(given) == ["a.example", "b.example"]


@pytest.mark.parametrize(
    "host", ["*", "localhost", ".example.com", "web_1.internal", "127.0.0.1", "[::1]", "a.example."]
)
def test_a_host_is_taken_as_it_is(host: str) -> None:
    assert name_allowed_hosts([host], debug=False) == [host]


@pytest.mark.parametrize(
    "host",
    ["https://a.example", "a.example:8000", "a.example/", "a.example b.example", "'a.example'", "*.a.example", "::1"],
)
def test_a_host_that_no_request_can_have_is_refused(host: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^WEBNET_ALLOWED_HOSTS must list host names"):
        name_allowed_hosts(["b.example", host], debug=False)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgres://u:p%23%2F%40@h:5433/my+db", {"PASSWORD": "p#/@", "NAME": "my+db", "PORT": 5433}),
        (
            "postgres:///n?host=/run/MyFolder",
            {
                "NAME": "n",
                "OPTIONS": {"connect_timeout": 5, "host": "/run/MyFolder", "options": "-c lock_timeout=20000"},
            },
        ),
        ("postgres://%2Frun%2FMyFolder/n", {"NAME": "n", "HOST": "/run/MyFolder"}),
        ("sqlite:////srv/a%23b%20c.sqlite3", {"NAME": "/srv/a#b c.sqlite3"}),
        ("sqlite://:memory:", {"NAME": ":memory:"}),
    ],
)
def test_every_part_of_a_database_url_arrives(url: str, parts: dict[str, object]) -> None:
    assert describe_database(url).items() >= parts.items()


def test_statements_wait_for_locks_on_both_databases_unless_the_url_says_how_long() -> None:
    given = "postgres://u@127.0.0.1/webnet?options=-c%20lock_timeout%3D7"

    own = describe_database("postgres://u@127.0.0.1/webnet")["OPTIONS"]
    assert own["options"] == "-c lock_timeout=20000"
    assert describe_database(given)["OPTIONS"]["options"] == "-c lock_timeout=20000 -c lock_timeout=7"
    assert describe_database("sqlite:////tmp/webnet.sqlite3")["OPTIONS"]["timeout"] == 20


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://webnet.sqlite3",  # would be a database in memory
        "sqlite:////srv/a#b.sqlite3",
        "sqlite:////srv/a?b.sqlite3",
        "postgres://u:p@h/n#m",
        "postgres://u:p@h/n?sslmode",
        "postgres://u:p#q@h/n",
    ],
)
def test_a_database_url_of_which_a_part_would_be_lost_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_URL must look like"):
        describe_database(url)


def test_a_folder_with_any_name_can_have_the_data(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1?"

    assert run_command("check", data_dir=folder).returncode == 0
    assert [each.name for each in folder.parent.iterdir()] == ["50% of #1?"]


def test_no_variable_is_read_where_the_file_is_not() -> None:
    root = Path(webnet.__file__).parent
    sources = {file.relative_to(root).as_posix(): file.read_text() for file in root.rglob("*.py")}

    readers = {name for name, source in sources.items() if reads_environment(ast.parse(source))}

    assert {name for name in readers if not name.startswith(READERS)} == set()


def reads_environment(tree: ast.Module) -> bool:
    """Whether it uses `os.environ` or `os.getenv` for more than a default of its own."""
    used = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    defaults = used.count("os.environ.setdefault")
    return used.count("os.environ") + used.count("os.getenv") > defaults

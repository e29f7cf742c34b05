"""A record is one line, whatever is in it; the lines of its traceback can't be mistaken for other records."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import with_files_of_its_own
from webnet.__main__ import read_verbosity
from webnet.containment import PLUGIN_TRACEBACK
from webnet.server.observability.logs import JsonFormatter, RecordFormatter

pytestmark = with_files_of_its_own

ROOT = Path(__file__).parents[2]
FORGED = "2026-01-01T00:00:00Z ERROR webnet: forged"


def make_record(message="failed", *, raised=None, **attributes):
    exc_info = (type(raised), raised, raised.__traceback__) if raised is not None else None
    record = logging.LogRecord("webnet", logging.ERROR, __file__, 1, message, (), exc_info)
    vars(record).update(attributes)
    return record


def catch(error):
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize(
    "ending", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x1b[2K\x1b[1G"]
)
def test_a_message_can_not_forge_a_second_line(ending: str) -> None:
    line = RecordFormatter().format(make_record(f"name is x{ending}{FORGED}"))

    assert line.splitlines() == [line]
    assert "\x1b" not in line and line.endswith(FORGED)


def test_a_traceback_is_readable_line_by_line() -> None:
    written = RecordFormatter().format(make_record(raised=catch(ValueError("broken"))))

    first, *others = written.splitlines()
    assert first.endswith("ERROR webnet: failed")
    assert others[0] == "  | Traceback (most recent call last):" and others[-1] == "  | ValueError: broken"
    assert f'  |   File "{__file__}", line ' in written


def test_the_text_of_an_exception_can_not_forge_a_record_either() -> None:
    written = RecordFormatter().format(
        make_record(raised=catch(ValueError(f"broken\n{FORGED}\r{FORGED}\u2028{FORGED}")))
    )

    assert [line for line in written.splitlines() if not line.startswith("  | ")] == [written.splitlines()[0]]


@pytest.mark.parametrize("formatter", [RecordFormatter(), JsonFormatter()])
def test_a_message_of_any_length_takes_a_bounded_part_of_the_log(formatter: RecordFormatter) -> None:
    assert len(formatter.format(make_record("x" * 90_000))) < 2_200


@pytest.mark.parametrize("formatter", [RecordFormatter(), JsonFormatter()])
def test_a_traceback_of_any_length_takes_a_bounded_part_of_the_log(formatter: RecordFormatter) -> None:
    written = formatter.format(make_record(raised=catch(ValueError("x" * 90_000 + "\ny" * 90_000))))

    assert len(written) < 20_000
    assert "Traceback (most recent call last)" in written  # Its beginning is kept.


@pytest.mark.parametrize("is_shown", [True, False])
def test_a_plugins_traceback_is_written_only_where_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch, is_shown: bool
) -> None:
    monkeypatch.setattr(RecordFormatter, "shows_plugin_tracebacks", is_shown)
    text = make_record(**{PLUGIN_TRACEBACK: "Traceback: 1 / 0"})
    hook = make_record(raised=catch(ValueError("hook")), **{PLUGIN_TRACEBACK: ""})
    host = make_record(raised=catch(ValueError("host")))

    written = [RecordFormatter().format(record).count("Traceback") for record in (text, hook, host)]

    assert written == [int(is_shown), int(is_shown), 1]


@pytest.mark.parametrize(
    ("options", "verbosity"),
    [("", 1), ("-v2", 2), ("-v 2", 2), ("--verbosity=3", 3), ("acme --reason x --verbosity 2", 2), ("-v much", 1)],
)
def test_the_verbosity_is_read_before_django_reads_it(options: str, verbosity: int) -> None:
    assert read_verbosity(options.split()) == verbosity


@pytest.mark.acceptance
@pytest.mark.parametrize("is_verbose", [False, True])
def test_a_broken_plugin_writes_one_line_per_command_and_its_traceback_with_v2(
    tmp_path: Path, is_verbose: bool
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "__init__.py").write_text("import nowhere_at_all\n")
    environment = {"WEBNET_DEBUG": "1", "WEBNET_DATA_DIR": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    environment |= {"WEBNET_PLUGINS": "broken", "PATH": "/usr/bin"}

    ran = subprocess.run(
        [sys.executable, "-m", "webnet", "showmigrations", "sessions", f"-v{1 + is_verbose}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    lines = ran.stderr.splitlines()
    assert "Plugin 'broken' could not be loaded. Importing 'broken' raised ModuleNotFoundError" in lines[0]
    assert (len(lines) > 1) is is_verbose
    assert ("  | Traceback (most recent call last):" in lines) is is_verbose

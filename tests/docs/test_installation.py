"""The installation fits the files of `deploy/`, and whoever follows it finds what is wrong in it.

`.ci/check_wheel.py` follows the whole document with the wheel, once, since that takes a while.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.databases import with_files_of_its_own
from tests.docs import not_run
from tests.docs.console_blocks import read_commands
from tests.docs.documents import ROOT, Block, Document, find_documents
from tests.docs.installation import DOCUMENT, Installation, find_path, find_reason, read_script, read_upgrade
from tests.programs import find_program
from tests.server.test_deploy import UNITS, read_unit
from webnet.server.environment import read_environment, read_list

pytestmark = with_files_of_its_own

PAGE = Document.read(ROOT / DOCUMENT)
FILES = {path: block.text for block in PAGE.blocks() if (path := find_path(block))}
COMMANDS = [
    re.sub(r"^sudo (-u \w+ )?", "", command.strip())
    for block in PAGE.blocks()
    if block.language == "console"
    for command, _ in read_commands(block.text)
]


@pytest.fixture
def machine(tmp_path: Path) -> Installation:
    return Installation(tmp_path, wheel=tmp_path / "webnet.whl", postgresql="postgres://nobody@127.0.0.1:1/none")


def make_block(text: str, language: str = "console") -> Block:
    return Block(document="test.md", line=1, language=language, text=text)


def test_ci_follows_the_document_and_what_is_left_out_is_in_it() -> None:
    assert ".ci/check_wheel.py dist/webnet-*.whl" in (ROOT / ".ci" / "run").read_text()
    assert "follow(" in (ROOT / ".ci" / "check_wheel.py").read_text()

    left_out = {each for each in not_run.ON_A_MACHINE if any(command.startswith(each) for command in COMMANDS)}

    assert left_out == set(not_run.ON_A_MACHINE)
    assert len([command for command in COMMANDS if not find_reason(command)]) > 40


def test_every_block_that_needs_an_installed_machine_is_followed() -> None:
    documents = [document for document in find_documents() if document.name not in not_run.FOLLOWED]
    blocks = [block for document in documents for block in document.blocks()]
    needing = [block for block in blocks if not_run.ON_AN_INSTALLED_MACHINE in block.text]

    assert needing == read_upgrade() and len(needing) > 4


def test_every_block_is_followed() -> None:
    assert {block.language for block in PAGE.blocks()} == {"console", "ini"}
    assert [block.line for block in PAGE.blocks() if block.language == "ini" and not find_path(block)] == [
        block.line for block in PAGE.blocks() if block.text.startswith("# Who may read")
    ]


def test_what_is_said_and_does_not_come_is_found(machine: Installation) -> None:
    machine.take(make_block("$ sudo -u webnet bash\n$ export A=1\n$ echo $A\n1\n$ exit\n"))
    machine.take(make_block("# /srv/webnet/a.env\nA=/srv/webnet\n", "ini"))

    assert (machine.folder / "srv/webnet/a.env").read_text().endswith(f"A={machine.folder}/srv/webnet\n")
    for wrong in ("$ echo a\nb\n", "$ false\n", "$ no-such-program\n"):
        with pytest.raises(AssertionError):
            machine.take(make_block(wrong))


def test_the_units_have_the_paths_and_the_user_of_the_document() -> None:
    (made,) = [shlex.split(command) for command in COMMANDS if command.startswith("install -d")]
    (user,) = [shlex.split(command) for command in COMMANDS if command.startswith("adduser")]

    for file in UNITS.glob("*.service"):
        unit = read_unit(file)
        assert unit["Service.User"] == [user[-1]]
        assert unit["Service.WorkingDirectory"] == [user[user.index("--home") + 1]]
        assert set(unit["Service.ReadWritePaths"][0].split()) <= set(made)
        (name,) = unit["Service.Environment"]
        assert name.removeprefix("WEBNET_ENV_FILE=") in FILES
        assert "/opt/webnet/bin/webnet " in read_script(file.read_text())


def test_the_environment_file_has_what_a_start_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "webnet.env"
    file.write_text(FILES["/srv/webnet/webnet.env"])
    for name in ("WEBNET_SECRET_KEY", "WEBNET_ALLOWED_HOSTS", "WEBNET_DATA_DIR", "DATABASE_URL", "WEBNET_PLUGINS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WEBNET_ENV_FILE", str(file))

    read = read_environment()

    assert read_list(read["WEBNET_ALLOWED_HOSTS"]) == ["webnet.example.com", "127.0.0.1"]
    assert {"WEBNET_SECRET_KEY", "WEBNET_DATA_DIR", "DATABASE_URL", "WEBNET_PLUGINS"} <= set(read)
    assert "WEBNET_DEBUG" not in file.read_text()


def test_systemd_understands_the_unit_with_the_file_of_the_document(tmp_path: Path) -> None:
    analyze = find_program("systemd-analyze", package="systemd")
    name = "webnet-backup.service"
    (path,) = [Path(each) for each in FILES if name in each]
    (tmp_path / path.parent.name).mkdir()
    (tmp_path / path.parent.name / path.name).write_text(FILES[str(path)])
    (tmp_path / name).write_text((UNITS / name).read_text().replace("=/opt/webnet/bin/webnet", "=/bin/true"))

    done = subprocess.run(
        [analyze, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_old_backups_are_deleted_and_no_others(tmp_path: Path) -> None:
    (text,) = [text for path, text in FILES.items() if "webnet-backup" in path]
    command = re.findall(r"ExecStartPost=(.+)", text)[0].replace("/srv/webnet/backups", str(tmp_path))
    for name in ("2026-01-01", "2026-02-20", "first"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    subprocess.run(["touch", "--date", "40 days ago", tmp_path / "2026-01-01", tmp_path / "first"], check=True)

    subprocess.run(shlex.split(command), check=True)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-02-20", "first"]

"""Follows docs/installation.md on this machine, below a folder, with a wheel that was built and a real PostgreSQL.

Then it follows an upgrade, and the way back. `.ci/check_wheel.py` calls it. What belongs to the whole machine is not
run: `not_run.ON_A_MACHINE` says what and why.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import psycopg

from tests.docs.comparing import require_text
from tests.docs.console_blocks import read_commands
from tests.docs.documents import ROOT, Block, Document
from tests.docs.not_run import ON_A_MACHINE
from tests.proxies import SITE, serve_site_by_caddy, serve_site_by_nginx
from tests.servers import Server, find_free_port
from webnet.server.management.commands.serve import LAST_LINE

DOCUMENT = "docs/installation.md"
# What comes after it on the same machine: the document and the section.
UPGRADE = ("docs/backup-and-upgrade.md", "Upgrade webnet")
# Folders of the machine that are written, each below the folder of this installation.
NEW = "/opt/webnet-0.2.0"
MOVED = ("/opt/webnet", "/srv/webnet", "/etc/")
# What Debian's packages bring.
OF_DEBIAN = ("etc/systemd/system", "etc/nginx/sites-enabled", "etc/caddy", "etc/ssl/certs", "etc/ssl/private", "srv")
# Of a site that lives for a minute.
PASSWORD = "for-this-check-only"
DOCUMENTED_DATABASE = re.compile(r"postgres://webnet:password@127\.0\.0\.1:5432/(\w+)")
# Nobody is to be told of a newer pip.
OF_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
LOCAL = "http://127.0.0.1:8000"
SECRET = "a-long-random-text"
COMMAND_SECONDS, STOP_SECONDS = 300, 60


class Installation:
    """The machine: its folder, the shell that is open, the server, and the proxy."""

    def __init__(self, folder: Path, *, wheel: Path, postgresql: str) -> None:
        self.folder, self.wheel, self.postgresql = folder, wheel, urlsplit(postgresql)
        self.release = folder / "release"
        self.databases: dict[str, str] = {}
        self.server: Server | None = None
        # What the document has printed for the environment file.
        self.secret = ""
        # The ports of the proxies that were started, by name.
        self.proxies: dict[str, int] = {}
        self._process: subprocess.Popen[str] | None = None
        self._shell: list[str] = []
        self._open = ExitStack()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WEBNET_")}
        self._environment = {**inherited, "PORT": str(find_free_port()), "PYTHONUNBUFFERED": "1", **OF_PIP}
        for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV"):
            self._environment.pop(name, None)
        # For `createdb`, which takes no address with a password.
        self._environment["PGPASSWORD"] = unquote(self.postgresql.password or "")
        for each in OF_DEBIAN:
            (folder / each).mkdir(parents=True)
        self.release.mkdir()

    def close(self) -> None:
        """End what was started, and drop what was made in PostgreSQL."""
        self._open.close()
        self._stop("")
        if not self.databases:
            return
        with psycopg.connect(self.postgresql.geturl(), autocommit=True) as connection:
            for name in self.databases.values():
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def take(self, block: Block) -> None:
        """Write the file of the block, or run its commands and compare what they print."""
        if block.language == "console":
            for command, shown in read_commands(block.text):
                sys.stdout.write(f"$ {command.strip()}\n")
                sys.stdout.flush()
                printed = self.run(command.strip())
                if shown.strip() and printed is not None:
                    require_text(self.move(shown), printed)
        elif path := find_path(block):
            self._write(Path(self.move(path)), block.text)

    def run(self, command: str) -> str | None:
        """What the command prints; None where it is not run here."""
        command = re.sub(r"^sudo (-u \w+ )?", "", command)
        if command.startswith(("cd ", "export ")):
            self._shell.append(self._with_databases(self.move(command)))
            return ""
        if find_reason(command):
            return None
        runner = next((each for beginning, each in self._runners() if command.startswith(beginning)), self._run)
        return runner(command)

    def move(self, text: str) -> str:
        """The text with this installation's own folders."""
        for each in MOVED:
            text = re.sub(rf"(?<![\w.-]){each}", f"{self.folder}{each}", text)
        return text

    def _runners(self) -> Iterator[tuple[str, Callable[[str], str | None]]]:
        yield "bash", self._begin_shell
        yield "exit", self._begin_shell
        yield "python3 -c", self._make_secret
        yield ".venv/bin/python -m build", self._build
        yield "scp ", self._copy
        yield "createdb ", self._make_database
        yield "dropdb ", self._run_with_server
        yield f"python3 -m venv {NEW}", self._link_new
        yield f"{NEW}/bin/pip install", self._link_new
        yield "/opt/webnet/bin/pip install --quiet --require-hashes", self._install
        yield "systemctl start webnet-backup.service", self._run_unit
        yield "systemctl enable --now webnet.service", self._serve
        yield "systemctl start webnet", self._serve
        yield "systemctl stop webnet", self._stop
        yield "systemctl reload nginx", self._start_proxy
        yield "systemctl reload caddy", self._start_proxy
        yield "webnet changepassword", self._change_password

    def _begin_shell(self, _command: str) -> str:
        self._shell = []
        return ""

    def _make_secret(self, command: str) -> str:
        printed = self._run(command)
        self.secret = printed.strip()
        return printed

    def _build(self, command: str) -> str:
        """In the checkout, beside the wheel of webnet."""
        built = f"cd {ROOT}\n{command}".replace(".venv/bin/python", sys.executable)
        return self._run(built.replace("--outdir dist", f"--outdir {self.wheel.parent}"))

    def _copy(self, command: str) -> str:
        """From the checkout; of the wheels, those that were built just now."""
        for word in shlex.split(command)[2:-1]:
            found = sorted(self.wheel.parent.glob("*.whl")) if word == "dist/*.whl" else [ROOT / word]
            for each in found:
                (shutil.copytree if each.is_dir() else shutil.copy)(each, self.release / each.name)
        return ""

    def _make_database(self, command: str) -> str:
        name = shlex.split(command)[-1]
        self.databases[name] = f"{name}_{uuid4().hex[:12]}"
        # The role is the server's own.
        return self._run_with_server(command.replace("--owner=webnet ", ""))

    def _run_with_server(self, command: str) -> str:
        *words, name = shlex.split(command)
        server = ["--host", str(self.postgresql.hostname), "--port", str(self.postgresql.port or 5432)]
        server += ["--username", self.postgresql.username or "postgres"]
        return self._run(shlex.join([words[0], *server, *words[1:], self.databases[name]]))

    def _with_databases(self, text: str) -> str:
        return DOCUMENTED_DATABASE.sub(
            lambda found: self.postgresql._replace(path=f"/{self.databases[found[1]]}").geturl(), text
        )

    def _install(self, command: str) -> str:
        """By uv, which takes a tenth of the time for the same packages and hashes."""
        _, words = command.split(" install ", 1)
        uv, python = Path(sys.executable).with_name("uv"), "/opt/webnet/bin/python"
        return self._run(f"{uv} pip install --compile-bytecode --python {python} {words}")

    def _link_new(self, _command: str) -> str:
        """The newer version is this one again: another environment would take long."""
        new = Path(self.move(NEW))
        new.unlink(missing_ok=True)
        new.symlink_to(self.move("/opt/webnet-0.1.0"))
        return ""

    def _change_password(self, command: str) -> str:
        return self._run(f"echo {PASSWORD} | {command} --password-stdin")

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._with_databases(self.move(text)).replace(SECRET, self.secret))

    def _serve(self, _command: str) -> str:
        """As the unit says."""
        script = read_script(self._find_unit("webnet.service"))
        # In a new process group, as systemd's services are: workers are told by their parent.
        process = subprocess.Popen(
            ["bash", "-ec", script],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "log").open("w"),
            text=True,
            start_new_session=True,
        )
        self._process = process
        printed = ""
        for line in process.stdout or ():
            printed += line
            if LAST_LINE in line:
                break
        found = re.findall(r"serves http://127\.0\.0\.1:(\d+)/", printed)
        assert found, f"webnet does not serve:\n{printed}{(self.folder / 'log').read_text()}"
        self.server = Server(host="127.0.0.1", port=int(found[0]), output=printed)
        return ""

    def _stop(self, _command: str) -> str:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.communicate(timeout=STOP_SECONDS)
            self._process = None
        return ""

    def _run_unit(self, command: str) -> str:
        return self._run(read_script(self._find_unit(shlex.split(command)[-1])))

    def _find_unit(self, name: str) -> str:
        return self.move((self.folder / "etc/systemd/system" / name).read_text())

    def _start_proxy(self, command: str) -> str:
        name = shlex.split(command)[-1]
        assert self.server is not None, "The proxy comes after webnet."
        (folder := self.folder / f"run-{name}").mkdir()
        serve = serve_site_by_nginx if name == "nginx" else serve_site_by_caddy
        self.proxies[name] = self._open.enter_context(serve(self.server, folder))
        return ""

    def _run(self, command: str) -> str:
        if self.server is not None:
            command = command.replace(LOCAL, self.server.url)
        if self.proxies:
            port = list(self.proxies.values())[-1]
            to_proxy = f"--insecure --connect-to {SITE}:443:127.0.0.1:{port}"
            command = command.replace("curl ", f"curl {to_proxy} ", 1) if SITE in command else command
        script = "\n".join([*self._shell, self._with_databases(self.move(command))])
        done = subprocess.run(
            ["bash", "-ec", script.replace("-o webnet -g webnet", "").replace(" -g webnet ", " ")],
            cwd=self.release,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        # What plugins log is on the screen as well, and differs.
        return re.sub(r"(?m)^\{\"time\": ?.*\n", "", done.stdout)


def read_script(unit: str) -> str:
    """What systemd does to start the service, as a script."""
    values = dict(line.split("=", 1) for line in unit.splitlines() if re.match(r"[A-Z]\w+=", line))
    started = values["ExecStart"].replace("$$", "$").replace("%%", "%")
    return f"cd {values['WorkingDirectory']}\nexport {values['Environment']}\nexec {started}"


def find_reason(command: str) -> str:
    """Why the command is not run here; empty where it is."""
    return next((reason for beginning, reason in ON_A_MACHINE.items() if command.startswith(beginning)), "")


def find_path(block: Block) -> str:
    """The path of the file that the block shows, which its first line names; empty where it names none."""
    found = re.match(r"# (/\S+)\n", block.text)
    return found[1] if found else ""


def read_upgrade() -> list[Block]:
    """The blocks of the upgrade that are for an installed webnet; tests/docs/story.py runs those for a checkout."""
    document, section = UPGRADE
    blocks = Document.read(ROOT / document).blocks()
    return [block for block in blocks if block.section == section and "manage.py" not in block.text]


@contextmanager
def follow(wheel: Path, folder: Path, *, postgresql: str) -> Iterator[Installation]:
    """The machine at the end of the document, and of an upgrade and the way back."""
    installation = Installation(folder, wheel=wheel, postgresql=postgresql)
    try:
        for block in [*Document.read(ROOT / DOCUMENT).blocks(), *read_upgrade()]:
            installation.take(block)
        yield installation
    finally:
        installation.close()

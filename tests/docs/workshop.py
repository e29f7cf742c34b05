"""A webnet of its own for a reader: a copy of the checkout, with its own database, commands and running server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import interpreters
from tests.browsing import Client
from tests.docs.comparing import Placeholders
from tests.docs.open_stream import OpenStream
from tests.events.streams import StreamClient
from tests.servers import DEMO_PASSWORD, ROOT, Server, make_environment, serve_webnet

# What somebody has who has cloned webnet, as far as the documents need it.
CLONED = ("manage.py", "pyproject.toml", "webnet", "examples")
LONGEST_SECONDS = 300


# Where the documents have webnet.
ADDRESS = "http://127.0.0.1:8000"


@dataclass
class Workshop:
    """A checkout that a reader follows a document in; `database` are the variables that lead to its database."""

    home: Path
    database: dict[str, str]
    # Without it, a first start makes one up and prints it.
    password: str | None = DEMO_PASSWORD
    # What the reader's shell exports. WEBNET_DEBUG is not inherited: `make run` sets it by itself, commands don't.
    exports: dict[str, str] = field(default_factory=dict)
    # The plugin that is made here.
    plugin: str = ""
    placeholders: Placeholders = field(default_factory=Placeholders)
    server: Server | None = None
    # The event stream in the reader's other terminal.
    stream: OpenStream | None = None
    _serving: ExitStack = field(default_factory=ExitStack)
    _clients: dict[str, Client] = field(default_factory=dict)

    @classmethod
    def build(cls, home: Path, database: dict[str, str], **known: Any) -> Workshop:
        """Clone webnet into the folder."""
        home.mkdir()
        # Compiled modules come along: they are as old as their sources, and each process would compile them again.

        def ignored(folder: str, names: list[str]) -> set[str]:
            """The largest bundle, which no document needs."""
            is_static = Path(folder).parts[-2:] == ("static", "webnet")
            return {name for name in names if name == "node_modules" or (is_static and name == "graphiql")}

        for name in CLONED:
            source, target = ROOT / name, home / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy(source, target)
        return cls(home=home, database=database, **known)

    def file(self, name: str) -> Path:
        """A file of the plugin that is made here; without one, of the checkout."""
        return (self.home / "plugins" / self.plugin if self.plugin else self.home) / name

    def fill(self, text: str) -> str:
        """The text with what earlier answers said in place of what the document shows of them."""
        return self.placeholders.fill(text)

    def serve(self) -> str:
        """Start `manage.py run` again; returns what it printed up to the address it serves."""
        self.stop()
        started = serve_webnet(self.home / "var", home=self.home, **self._changes())
        self.server = self._serving.enter_context(started)
        for client in self._clients.values():
            client.base_url = self.server.url
        if printed := re.findall(r"shown only once: (\S+)", self.server.output):
            (self.password,) = printed
            self.placeholders.remember_password(printed[0])
        return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8000", self.server.output)

    def stop(self) -> None:
        """End the server, if there is one."""
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        self._serving.close()
        self.server = None

    def run(self, *arguments: str) -> str:
        """What a command prints; of one that fails, with what it says on stderr."""
        done = interpreters.run(arguments, environment=self._variables(), folder=self.home, timeout=LONGEST_SECONDS)
        return done.stdout + (done.stderr if done.returncode else "")

    def call_shell(self, command: str) -> str:
        """What the reader's shell prints for it, with webnet's address as the document has it."""
        done = subprocess.run(
            ["sh", "-c", self._find_server(command)],
            capture_output=True,
            text=True,
            timeout=LONGEST_SECONDS,
            check=False,
            cwd=self.home,
            env=self._variables(),
        )
        printed = done.stdout + (done.stderr if done.returncode else "")
        return printed.replace(self.server.url, ADDRESS) if self.server else printed

    def open_stream(self, command: str) -> OpenStream:
        """Begin a command in the other terminal, which prints events until it is stopped."""
        self.stream = OpenStream(self._find_server(command), folder=self.home, environment=self._variables())
        return self.stream

    def client(self, user: str | None) -> Client:
        """Somebody who is signed in, or nobody."""
        assert self.server is not None, "Nobody serves yet: show '$ make run' first."
        if user is None:
            return Client(self.server.url)
        if user not in self._clients:
            self._clients[user] = Client(self.server.url)
            assert self.password is not None
            self._clients[user].sign_in(user, self.password)
        return self._clients[user]

    def listener(self, user: str | None) -> StreamClient:
        """The same one, for event streams."""
        client = self.client(user)
        assert self.server is not None
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies)
        return StreamClient(self.server, cookies=cookies, csrf=client.csrf_token)

    def _find_server(self, command: str) -> str:
        if ADDRESS not in command:
            return command
        assert self.server is not None, "Nobody serves yet: show '$ make run' first."
        return command.replace(ADDRESS, self.server.url)

    def _variables(self) -> dict[str, str]:
        """The environment of the reader's shell, in which this interpreter is the one of `make run`."""
        debugs = self.exports.get("WEBNET_DEBUG")
        environment = make_environment(self.home / "var", **{**self._changes(), "WEBNET_DEBUG": debugs})
        kept = {name: value for name, value in environment.items() if not name.lower().endswith("_proxy")}
        return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def _changes(self) -> dict[str, str | None]:
        # Not the tests' own path, on which the checkout would come before the copy; nor their database on a server,
        # which the plugin's own tests would want to create again.
        others = {"PYTHONPATH": None, "TEST_DATABASE": "sqlite", "WEBNET_DEMO_PASSWORD": self.password}
        return {**self.database, **others, "WEBNET_DEBUG": "1", **self.exports}

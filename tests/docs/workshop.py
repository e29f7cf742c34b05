"""A webnet of its own for the tutorial: a copy of the checkout, with its own database, commands and running server."""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests import interpreters
from tests.browsing import Client
from tests.events.streams import StreamClient
from tests.servers import DEMO_PASSWORD, ROOT, Server, make_environment, serve_webnet

# What somebody has who has cloned webnet, as far as the tutorial needs it.
CLONED = ("manage.py", "pyproject.toml", "webnet", "examples")
LONGEST_SECONDS = 300


@dataclass
class Workshop:
    """A checkout where a plugin is made; `database` are the variables that lead to its database."""

    home: Path
    database: dict[str, str]
    plugins: str = ""
    # Commands need it, or the settings of production; `make run` sets it by itself.
    debugs: bool = False
    server: Server | None = None
    _serving: ExitStack = field(default_factory=ExitStack)
    _clients: dict[str, Client] = field(default_factory=dict)

    @classmethod
    def build(cls, home: Path, database: dict[str, str]) -> Workshop:
        """Clone webnet into the folder."""
        home.mkdir()
        # Compiled modules come along: they are as old as their sources, and each process would compile them again.
        ignored = shutil.ignore_patterns("graphiql", "node_modules")
        for name in CLONED:
            source, target = ROOT / name, home / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=ignored)
            else:
                shutil.copy(source, target)
        return cls(home=home, database=database)

    def file(self, plugin: str, name: str) -> Path:
        """A file of the plugin that is made here."""
        return self.home / "plugins" / plugin / name

    def serve(self) -> str:
        """Start `manage.py run` again; returns what it printed up to the address it serves."""
        self.stop()
        started = serve_webnet(self.home / "var", home=self.home, **self._changes())
        self.server = self._serving.enter_context(started)
        for client in self._clients.values():
            client.base_url = self.server.url
        return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8000", self.server.output)

    def stop(self) -> None:
        """End the server, if there is one."""
        self._serving.close()
        self.server = None

    def run(self, *arguments: str) -> str:
        """What a command prints; of one that fails, with what it says on stderr."""
        changes = {**self._changes(), "WEBNET_DEBUG": "1" if self.debugs else None}
        environment = make_environment(self.home / "var", **changes)
        done = interpreters.run(arguments, environment=environment, folder=self.home, timeout=LONGEST_SECONDS)
        return done.stdout + (done.stderr if done.returncode else "")

    def client(self, user: str | None) -> Client:
        """Somebody who is signed in, or nobody."""
        assert self.server is not None, "Nobody serves yet: show '$ make run' first."
        if user is None:
            return Client(self.server.url)
        if user not in self._clients:
            self._clients[user] = Client(self.server.url)
            self._clients[user].sign_in(user, DEMO_PASSWORD)
        return self._clients[user]

    def listener(self, user: str | None) -> StreamClient:
        """The same one, for event streams."""
        client = self.client(user)
        assert self.server is not None
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies)
        return StreamClient(self.server, cookies=cookies, csrf=client.csrf_token)

    def _changes(self) -> dict[str, str | None]:
        # Not the tests' own path, on which the checkout would come before the copy; nor their database on a server,
        # which the plugin's own tests would want to create again.
        others = {"PYTHONPATH": None, "TEST_DATABASE": "sqlite"}
        return {**self.database, **others, "WEBNET_PLUGINS": self.plugins or None}

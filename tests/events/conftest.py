"""A running webnet with two customers, people of every kind and two plugins, for the tests of event streams."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.databases import make_database
from tests.events.streams import StreamClient
from tests.servers import ROOT, Server, run_command, serve_application

PLUGINS = {
    "WEBNET_PLUGINS": "shelf,ticker,device_inventory,reachability,phrases",
    "PYTHONPATH": str(ROOT / "tests" / "sample_plugins"),
}
CUSTOMERS = ("acme", "globex")
PREPARE = """
import json
from django.core.management import call_command as call
call("migrate", verbosity=0)
call("sync_plugins", verbosity=0)
from webnet.accounts import customers, members, tokens, users
from webnet.accounts.authentication import find_user
from webnet.customers.access import Actor
from webnet.customers.models import Role
from tests.factories import actor_for
from webnet.customers.models import User
system = Actor.system("tests")
User.objects.create(username="root", is_superuser=True)
for slug in ("acme", "globex"):
    customers.create(actor=system, slug=slug, name=slug)
for slug, roles in (("acme", Role), ("globex", [Role.ADMIN])):
    for role in roles:
        username = f"{slug}-{role.value}"
        # One password only, since each takes its time to hash.
        password = "correct-horse-battery" if username == "acme-operator" else None
        users.create(actor=system, username=username, password=password)
        members.set(actor=system, customer=slug, username=username, role=role)
found = {}
for user in User.objects.all():
    found[user.username] = tokens.create(actor=actor_for(user), name="tests").secret
print("TOKENS", json.dumps(found))
"""


@dataclass
class World:
    """Where to serve from, and everybody's token."""

    data_dir: Path
    environment: dict[str, str]
    tokens: dict[str, str]

    @contextmanager
    def serve(self, *, port: int = 0, **changes: str) -> Iterator[Server]:
        environment = self.environment | changes
        serving = serve_application("uvicorn", "webnet.asgi:application", self.data_dir, port=port, **environment)
        with serving as server:
            yield server

    def command(self, *arguments: str) -> str:
        done = run_command(*arguments, data_dir=self.data_dir, **self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def make_world(data_dir: Path, *, bad: tuple[str, ...] = ()) -> Iterator[World]:
    """The world, and before its plugins those of the zoo with these names."""
    with make_database() as database:
        environment = PLUGINS | database
        if bad:
            folders = (ROOT / "tests" / "bad_plugins", PLUGINS["PYTHONPATH"])
            environment |= {
                "PYTHONPATH": os.pathsep.join(map(str, folders)),
                "WEBNET_PLUGINS": ",".join((*bad, PLUGINS["WEBNET_PLUGINS"])),
            }
        done = run_command("shell", "-v0", "-c", PREPARE, data_dir=data_dir, **environment)
        assert done.returncode == 0, done.stderr
        tokens = json.loads(done.stdout.split("TOKENS ")[1].splitlines()[0])
        yield World(data_dir, environment, tokens)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("events")) as world:
        yield world


@pytest.fixture(scope="session")
def server(world: World) -> Iterator[Server]:
    with world.serve() as server:
        yield server


@pytest.fixture
def client(server: Server, world: World) -> Iterator[Callable[[str], StreamClient]]:
    """Call it with a username, for a client with that user's token; all streams are closed after the test."""
    with ExitStack() as stack:

        def make(username: str) -> StreamClient:
            made = StreamClient(server, world.tokens[username])
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture(autouse=True)
def _shelf_is_off(request: pytest.FixtureRequest) -> None:
    """For both customers, whatever the tests before did: to switch to what is already so writes no row."""
    if not {"server", "client"} & set(request.fixturenames):
        return
    server, world = request.getfixturevalue("server"), request.getfixturevalue("world")
    operator = StreamClient(server, world.tokens["root"])
    for customer in CUSTOMERS:
        operator.mutate("disableCustomerPlugin", customer=customer, plugin="shelf")


@pytest.fixture
def root(client: Callable[[str], StreamClient]) -> StreamClient:
    """The platform operator."""
    return client("root")

"""One running webnet for the tests that only ask it something."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browsing import Client
from tests.servers import DEMO_PASSWORD, Server, run_command, serve_webnet
from tests.trials import warm_trials

__all__ = ["warm_trials"]
VITE_ORIGIN, APP_ORIGIN = "http://127.0.0.1:5173", "https://app.example.com"


@pytest.fixture(scope="session")
def webnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`manage.py run` on its first start, with a front end's development server and another host let in."""
    data_dir = tmp_path_factory.mktemp("webnet")
    origins = f"{VITE_ORIGIN}, {APP_ORIGIN}"
    with serve_webnet(data_dir, WEBNET_CORS_ORIGINS=origins, WEBNET_CSRF_TRUSTED_ORIGINS=VITE_ORIGIN) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SQLite's file as `migrate` leaves it, with the example plugins."""
    data_dir = tmp_path_factory.mktemp("migrated")
    assert run_command("migrate", data_dir=data_dir).returncode == 0
    return data_dir / "webnet.sqlite3"


@pytest.fixture
def migrated(migrated_file: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own with a database that is up to date."""
    shutil.copy(migrated_file, tmp_path)
    return tmp_path


@pytest.fixture
def visitor(webnet: Server) -> Client:
    """Somebody who has not signed in."""
    return Client(webnet.url)


@pytest.fixture
def operator(visitor: Client) -> Client:
    """The platform operator, signed in."""
    visitor.sign_in("platform", DEMO_PASSWORD)
    return visitor

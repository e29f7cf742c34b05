"""Trusted documents with programs that others wrote: codegen writes the file, and urql and Apollo send the ids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Client
from tests.conformance.conftest import PREPARE, SERVED, Target
from tests.databases import make_database, one_database_is_enough
from tests.node import PERSISTED, install_clients, start_client
from tests.servers import ROOT, run_command, serve_production

pytestmark = pytest.mark.slow
LIMIT_SECONDS = 60
OPERATIONS = """
query Plugins($first: Int!) { plugins(first: $first) { nodes { ...PluginName } } }
fragment PluginName on Plugin { name }
query Newest { pluginAuditLogs(first: 2) { edges { cursor } } }
subscription Follow($after: String) { pluginEvents(after: $after) { node { action } } }
"""
OTHER = "query Other { plugins { totalCount } }"


@dataclass(frozen=True, kw_only=True)
class Strict:
    """A server that runs trusted documents only, with a platform operator's token, and its commands."""

    base_url: str
    token: str
    folder: Path
    changes: dict[str, Any]

    def command(self, *arguments: str) -> str:
        """What `trust_documents` prints, in a process of its own."""
        done = run_command("trust_documents", *arguments, data_dir=self.folder, **self.changes)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, *, accept: str = "application/json", **body: Any) -> Any:
        """The answer to a POST of this body."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Accept": accept}
        answer = Client(self.base_url).send("POST", "/graphql/", body=json.dumps(body).encode(), headers=headers)
        return json.loads(answer.body)

    def ask_both(self, **body: Any) -> set[str]:
        """How its two processes answer: the code of the error, or "data"."""
        answers = [self.ask(**body) for _ in range(20)]
        return {each["errors"][0]["extensions"]["code"] if "errors" in each else "data" for each in answers}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strict]:
    folder = tmp_path_factory.mktemp("strict")
    with make_database() as database:
        changes = {**SERVED, **database, "WEBNET_TRUSTED_DOCUMENTS_ONLY": "1"}
        done = run_command("shell", "-v0", "-c", PREPARE, data_dir=folder, **changes)
        assert done.returncode == 0, done.stderr
        tokens = dict(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("token"))
        with serve_production(folder, workers=2, **changes) as server:
            yield Strict(base_url=server.url, token=tokens["platform"], folder=folder, changes=changes)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_clients(tmp_path_factory.mktemp("persisted"), PERSISTED)


@pytest.fixture(scope="module")
def file(clients: Path) -> Path:
    """What codegen's client preset writes for the operations."""
    (clients / "operations.graphql").write_text(OPERATIONS)
    schema = str(ROOT / "schema.graphql")
    run_client(clients, "generate.mjs", schema=schema, operations="operations.graphql", output=".")
    return clients / "persisted-documents.json"


def run_client(folder: Path, script: str, **options: Any) -> list[Any]:
    """The lines that the script prints."""
    with start_client(folder, script, **options) as process:
        output, _ = process.communicate(timeout=2 * LIMIT_SECONDS)
    assert process.returncode == 0, output
    return [json.loads(line) for line in output.splitlines()]


def find_id(file: Path, operation: str) -> str:
    documents: dict[str, str] = json.loads(file.read_text())
    return next(each for each, text in documents.items() if f" {operation}" in text)


@one_database_is_enough
def test_clients_send_the_ids_that_codegen_has_written(strict: Strict, clients: Path, file: Path) -> None:
    printed = strict.command(str(file), "--application", "web")
    newest = strict.ask(documentId=find_id(file, "Newest"))["data"]["pluginAuditLogs"]["edges"]

    lines = run_client(
        clients,
        "ask.mjs",
        url=f"{strict.base_url}/graphql/",
        token=strict.token,
        variables={"first": 1},
        after=newest[-1]["cursor"],
        limitSeconds=LIMIT_SECONDS,
    )

    assert "3 added, 0 removed" in printed
    assert {line["client"]: (line["codes"], line["sent"]) for line in lines} == {
        "urql": ([], [["POST", "id"]]),
        "urql persistedExchange": ([], [["GET", "id"]]),
        "Apollo": ([], [["POST", "id"]]),
        "urql subscription": ([], [["POST", "id"]]),
    }
    assert [len(line["data"]["plugins"]["nodes"]) for line in lines[:3]] == [1, 1, 1]
    assert lines[-1]["data"]["pluginEvents"]["node"]["action"] == "trust_documents"


@one_database_is_enough
def test_clients_send_the_document_where_its_id_is_not_known(target: Target, clients: Path, file: Path) -> None:
    lines = run_client(
        clients,
        "ask.mjs",
        url=f"{target.server.url}/graphql/",
        token=target.token,
        variables={"first": 1},
        hashesItself=True,
        limitSeconds=LIMIT_SECONDS,
    )

    # urql itself has no other way to ask.
    assert (lines[0]["codes"], lines[0]["data"]) == (["PERSISTED_QUERY_NOT_FOUND"], None)
    assert [line["codes"] for line in lines[1:]] == [[], []]
    assert [[kind for _, kind in line["sent"]] for line in lines[1:]] == [["id", "document"]] * 2
    assert [len(line["data"]["plugins"]["nodes"]) for line in lines[1:]] == [1, 1]


def test_no_process_runs_a_document_after_it_was_forgotten(strict: Strict, tmp_path: Path) -> None:
    document_id = f"sha256:{sha256(OTHER.encode()).hexdigest()}"
    (tmp_path / "other.json").write_text(json.dumps({document_id: OTHER}))

    unknown = strict.ask_both(query=OTHER)
    stream = strict.ask(query="subscription { pluginEvents { cursor } }", accept="text/event-stream")
    strict.command(str(tmp_path / "other.json"), "--application", "report")
    trusted = strict.ask_both(documentId=document_id)
    strict.command("--remove", "--application", "report")
    forgotten = strict.ask_both(documentId=document_id)

    assert unknown == {stream["errors"][0]["extensions"]["code"]} == {"DOCUMENT_NOT_TRUSTED"}
    assert (trusted, forgotten) == ({"data"}, {"PERSISTED_QUERY_NOT_FOUND"})

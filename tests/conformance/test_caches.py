"""Normalised caches that others wrote: graphcache merges pages and changes, and relay-compiler finds what it needs."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.conftest import Target, serve_target
from tests.databases import with_files_of_its_own
from tests.node import CACHES, install_clients, start_client
from tests.servers import ROOT

pytestmark = [pytest.mark.slow, with_files_of_its_own]
LIMIT_SECONDS = 60


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_clients(tmp_path_factory.mktemp("caches"), CACHES)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    """A server whose rows nobody else changes."""
    with serve_target(tmp_path) as served:
        yield served


def test_graphcache_merges_pages_and_takes_what_a_mutation_changed(target: Target, caches: Path) -> None:
    url = f"{target.client.base_url}/graphql/"

    with start_client(caches, "graphcache.mjs", url=url, token=target.token, limitSeconds=LIMIT_SECONDS) as process:
        output, _ = process.communicate(timeout=2 * LIMIT_SECONDS)

    found: dict[str, Any] = json.loads(output)
    assert found["warnings"] == []
    # Each page comes with the pages before it.
    assert found["merged"] == {"plugins": [2, 4, 6], "pluginConfigs": [2, 4, 6], "members": [1, 2], "apiTokens": [1]}
    customers, config, changed_customers, changed_config = found["states"]
    (before, after) = (each["customers"]["nodes"][0] for each in (customers, changed_customers))
    assert (before["id"], after["name"]) == (after["id"], "Acme & Sons") and before["updatedAt"] < after["updatedAt"]
    (before, after) = (each["customerPluginConfig"] for each in (config, changed_config))
    assert before["id"] == after["id"] and (before["enabled"], after["enabled"]) == (True, False)


def test_relay_compiles_pages_refetches_removals_and_guards(caches: Path) -> None:
    schema = (ROOT / "schema.graphql").read_text()

    assert compile_relay(caches, schema).endswith("Done.\n")
    generated = caches / "relay" / "__generated__"
    assert len(list(generated.glob("*.graphql.js"))) == 14
    guards = re.findall(r'@ifPlugin\(name: \\"(\w+)\\"\)', (generated / "GuardsQuery.graphql.js").read_text())
    assert set(guards) == {"field", "inline_fragment", "spread", "definition"}
    # A negative control: without a field, Relay finds fault.
    assert "removedMembershipId" in compile_relay(caches, schema.replace("removedMembershipId", "removed"))


def compile_relay(folder: Path, schema: str) -> str:
    """What relay-compiler says of the documents in `relay/`, without colours."""
    (folder / "schema.graphql").write_text(schema)
    shutil.rmtree(folder / "relay" / "__generated__", ignore_errors=True)
    with start_client(folder, "compile.mjs") as process:
        output, _ = process.communicate(timeout=LIMIT_SECONDS)
    return re.sub("\x1b\\[[0-9;]*m", "", output)

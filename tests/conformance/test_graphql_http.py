"""The audits of graphql-http, whose authors wrote the specification of GraphQL over HTTP, with a bearer token."""

from __future__ import annotations

import json

from tests.conformance.conftest import Target, compare_with_stored
from tests.databases import one_database_is_enough
from tests.node import install_clients, start_client

pytestmark = one_database_is_enough

LIMIT_SECONDS = 60


def test_every_audit_is_passed(target: Target, tmp_path):
    folder = install_clients(tmp_path)

    with start_client(folder, "audit.mjs", url=f"{target.client.base_url}/graphql/", token=target.token) as process:
        output, _ = process.communicate(timeout=LIMIT_SECONDS)

    audits = [json.loads(line) for line in output.splitlines()]
    assert [each for each in audits if each["status"] != "ok"] == []
    compare_with_stored("graphql_http.json", {each["id"]: f"{each['status']}: {each['name']}" for each in audits})

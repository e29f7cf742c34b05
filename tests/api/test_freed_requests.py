"""What a request has read is gone when it ends: nothing of it waits for Python's garbage collector."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.audit_logs import write_rows
from webnet.api.execution.isolation import IsolatingExecutor
from webnet.api.paging.batches import Batch, Loader
from webnet.api.paging.pages import Edge, Page
from webnet.api.request.context import Context
from webnet.api.request.reader import Reading
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Role

pytestmark = pytest.mark.django_db

OF_A_REQUEST = {Batch, Context, Edge, IsolatingExecutor, Loader, Page, PluginAuditLog, Reading}
ROWS = "edges { cursor node { action plugin { name } user { username } } } pageInfo { hasNextPage endCursor }"


@pytest.fixture
def client() -> GraphQLClient:
    """A platform operator's, with rows of two customers in the log."""
    acme, globex = make_customer("acme"), make_customer("globex")
    operator = make_operator("platform")
    write_rows(6, customers=[acme, None, globex], people=[make_member("ada", acme, Role.ADMIN), operator])
    return GraphQLClient.of(operator)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Only reference counts free anything in the test."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def left_over() -> Counter[str]:
    """How many objects there are of each class that a request makes; other tests may have left some that are in use."""
    return Counter(type(each).__name__ for each in gc.get_objects() if type(each) in OF_A_REQUEST)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(f"{{ pluginAuditLogs {{ {ROWS} }} }}", id="rows and whom they name"),
        pytest.param(f"{{ customers {{ nodes {{ slug auditLogs(first: 2) {{ {ROWS} }} }} }} }}", id="pages in rows"),
    ],
)
@pytest.mark.usefixtures("no_collector")
def test_nothing_that_a_request_has_read_is_left(client: GraphQLClient, document: str) -> None:
    client.data(document)
    before = left_over()

    client.data(document)

    assert left_over() == before

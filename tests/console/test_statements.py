"""How many SQL statements each page takes: at most MOST, however many customers, plugins and rows there are."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.console.test_addresses import OK, TABLE
from tests.factories import make_customer

pytestmark = pytest.mark.django_db(transaction=True)

MOST = 12


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.platform == OK])
def test_a_page_takes_few_statements_at_any_size(name, browse, acme):
    address = reverse(name, kwargs=TABLE[name].arguments)
    counts = {}

    for size in ("small", "large"):
        if size == "large":
            for number in range(60):
                make_customer(f"customer-{number:02}")
        for viewer in ("platform", "ann"):
            client = browse(viewer)
            client.get(address)  # so that what a process reads once is there
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            counts[viewer, size] = len(captured)

    assert max(counts.values()) <= MOST, counts

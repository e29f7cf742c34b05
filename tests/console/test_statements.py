"""How many SQL statements each page takes: at most MOST, however many customers, plugins and rows there are."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.console.test_addresses import OK, TABLE
from tests.databases import one_database_is_enough
from tests.factories import make_customer

MOST = 12


@one_database_is_enough
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_page_takes_few_statements_at_any_size(browse, acme):
    addresses = [reverse(name, kwargs=row.arguments) for name, row in TABLE.items() if row.platform == OK]
    counts = {}

    for size in ("small", "large"):
        if size == "large":
            for number in range(60):
                make_customer(f"customer-{number:02}")
        for viewer, address in product(("platform", "ann"), addresses):
            client = browse(viewer)
            client.get(address)  # so that what a process reads once is there
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            counts[address, viewer, size] = len(captured)

    assert len(counts) > 4 * 40
    assert {place: count for place, count in counts.items() if count > MOST} == {}

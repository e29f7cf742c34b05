"""Any value that was stored, in settings or in a column of a plugin, is the same after a backup was restored."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path

import pytest
from gauges.models import Gauge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.client import GraphQLClient
from tests.api.test_values_survive import as_text, documents, texts
from tests.backup.commands import restore, run
from tests.factories import make_customer, make_operator
from tests.fuzzing import EXAMPLES as FUZZ_EXAMPLES
from tests.plugins.test_dependencies import plugin
from webnet.customers.models import Customer

pytestmark = pytest.mark.django_db(transaction=True)

# The same two in each `make test`, and many others in `make fuzz`; each is a backup of what several customers have.
EXAMPLES = FUZZ_EXAMPLES // 200
CUSTOMERS = 6
UPDATE = """mutation($settings: JSON!, $customer: String!) {
  updateCustomerPluginSettings(input: {customer: $customer, plugin: "ledger", settings: $settings}) { __typename } }"""
READ = """query($customer: String!) {
  customerPluginConfig(customer: $customer, plugin: "ledger") { settings effectiveSettings
    settingsHistory(first: 3) { edges { node { changes { path before after } } } } } }"""

# What both databases can store.
stored_texts = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20)
columns = st.fixed_dictionaries(
    {"note": stored_texts},
    optional={
        "octets": st.integers(-(2**63), 2**63 - 1),
        "price": st.decimals(-(10**9), 10**9, places=2),
        "ratio": st.floats(allow_nan=False, allow_infinity=False),
        "is_good": st.one_of(st.none(), st.booleans()),
        "day": st.dates(),
        "moment": st.datetimes(timezones=st.just(datetime.UTC)),
        "hour": st.times(),
        "span": st.timedeltas(datetime.timedelta(-100_000), datetime.timedelta(100_000)),
        "key": st.uuids(),
        "address": st.ip_addresses().map(str),
        "raw": st.binary(max_size=20),
        "data": st.dictionaries(stored_texts, st.one_of(st.none(), st.integers(), stored_texts), max_size=3),
    },
)


@pytest.fixture
def operator(install: object) -> GraphQLClient:
    install(plugin("ledger", "1.0", get_settings_schema=lambda self: {"properties": {}}), enabled=True)
    for number in range(CUSTOMERS):
        make_customer(f"c{number}")
    return GraphQLClient.of(make_operator())


def read_all(operator: GraphQLClient) -> tuple[list[str], list[str]]:
    """What is stored, as texts, since 1 is not 1.0 and 0.0 is not -0.0."""
    stored = [as_text(operator.data(READ, customer=f"c{number}")) for number in range(CUSTOMERS)]
    rows = [repr({k: bytes(v) if k == "raw" and v else v for k, v in row.items()}) for row in Gauge.objects.values()]
    return stored, sorted(rows)


@settings(max_examples=EXAMPLES or 2, derandomize=not EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    given_settings=st.lists(
        st.dictionaries(texts, documents, min_size=1, max_size=4), min_size=3, max_size=CUSTOMERS - 1
    ),
    rows=st.lists(columns, min_size=2, max_size=6),
)
def test_what_is_stored_is_restored_to_the_letter(operator: GraphQLClient, given_settings: list, rows: list) -> None:
    given_settings = [{"number": -0.0, "list": [1e20, 1, 1.0, "é", None]}, *given_settings]
    for number, document in enumerate(given_settings):
        operator.run(UPDATE, customer=f"c{number}", settings=document)  # Some are refused, but not the first.
    owner = Customer.objects.get(slug="c0")
    Gauge.objects.bulk_create(Gauge(customer=owner, **row) for row in rows)
    before = read_all(operator)

    with tempfile.TemporaryDirectory() as folder:
        run("backup", Path(folder) / "backup")
        operator.run(UPDATE, customer="c0", settings={"changed": True})
        Gauge.objects.all().delete()
        restore(Path(folder) / "backup")

    assert read_all(operator) == before
    assert len(before[1]) >= len(rows) and '"number": -0.0, "list": [1e+20, 1, 1.0, ' in before[0][0]

"""Global ids: opaque, the same for all who see the row, and silent about how many others there are."""

from __future__ import annotations

import base64
import string

import pytest
from pytest_django import Settings

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from webnet.api.paging import cursors
from webnet.api.vocabulary import node
from webnet.api.vocabulary.node import global_id, read_global_id
from webnet.api.vocabulary.sealed_texts import seal
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Customer, Role

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
ALPHABET = string.ascii_letters + string.digits + "-_="


def test_an_id_is_read_as_it_was_made():
    made = [global_id("Device", 12), global_id("Customer", "acme"), global_id("Note", "é" * 60), global_id("Note", "")]

    read = [read_global_id(each) for each in made]

    assert read == [("Device", "12"), ("Customer", "acme"), ("Note", "é" * 60), ("Note", "")]
    assert global_id("Device", 12) == made[0]


def test_an_id_says_neither_its_key_nor_how_large_that_is():
    ids = [global_id("Device", key) for key in (1, 2, 10**6, 2**63 - 1)]

    assert len(set(ids)) == 4
    assert len({len(each) for each in ids}) == 1
    sealed = [base64.urlsafe_b64decode(each + "==") for each in ids]
    assert not any(b"Device" in each for each in sealed)
    assert sealed[0][:8] != sealed[1][:8] and sealed[0][-8:] != sealed[1][-8:]


def test_an_id_is_sealed_once_for_each_key_of_the_server(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    sealed: list[bytes] = []
    monkeypatch.setattr(node, "seal", lambda plain, **rest: sealed.append(plain) or seal(plain, **rest))

    made = {global_id("Device", 4_711) for _ in range(3)}
    settings.SECRET_KEY = "another one"
    others = {global_id("Device", 4_711) for _ in range(3)}

    assert len(sealed) == 2
    assert len(made | others) == 2
    assert [read_global_id(each) for each in others] == [("Device", "4711")]


def test_a_cursor_does_not_say_how_large_a_position_is():
    lengths = {len(cursors.seal([value, "x"], view="", order="a")) for value in (1, 99, 10**12, -(2**63))}

    assert len(lengths) == 1
    assert cursors.unseal(cursors.seal([7, "x"], view="", order="a"), view="", order="a") == [7, "x"]


def test_exactly_one_text_is_the_id_of_a_row():
    made = global_id("Device", 1)
    others = [f"{made}=", f"{made}==", f" {made}", f"{made}\n", made.lower(), f"{made}A", f"x{made}"]
    others += [made[:-1] + letter for letter in ALPHABET if letter != made[-1]]

    assert [each for each in others if read_global_id(each) is not None] == []


MADE_UP = ["Device:1", "Device: 1", "Device:+1", "Device:01", "Device:1_0", "Device:\u0661", "", "é"]


@pytest.mark.parametrize("text", MADE_UP)
def test_an_id_that_anybody_could_write_is_none(text: str):
    encoded = base64.urlsafe_b64encode(text.encode()).decode()

    assert read_global_id(encoded) is read_global_id(encoded.rstrip("=")) is read_global_id(text) is None


def test_an_id_and_a_cursor_are_not_each_other():
    assert read_global_id(cursors.seal(["Device:1"], view="", order="")) is None


def test_a_former_key_reads_ids_and_a_new_one_makes_others(settings: Settings):
    before, former = global_id("Device", 1), settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [former]
    assert read_global_id(before) == ("Device", "1")
    assert global_id("Device", 1) != before
    settings.SECRET_KEY_FALLBACKS = []

    assert read_global_id(before) is None


@pytest.mark.django_db(transaction=True)
def test_an_id_is_the_same_for_everybody_and_in_every_view():
    acme = make_customer("acme")
    ann = make_member("ann", acme, Role.OPERATOR)
    GraphQLClient.of(make_member("bob", acme, Role.ADMIN)).mutate("createApiToken", "changed: __typename", name="x")
    operator = make_operator("ops")
    GraphQLClient.of(operator).mutate("updateCustomer", "changed", customer="acme", name="Acme & Sons")
    query = '{ pluginAuditLogs(first: 1, filter: {customer: ["acme"]}) { edges { node { id } } } }'

    seen = [
        GraphQLClient.of(user, view=view).data(query)["pluginAuditLogs"]["edges"]
        for user in (ann, operator)
        for view in (None, "acme")
    ]

    assert seen[0] and seen == [seen[0]] * 4
    (edge,) = seen[0]
    for user in (ann, operator):
        for view in (None, "acme"):
            assert GraphQLClient.of(user, view=view).data(NODE, **edge["node"])["node"]["id"] == edge["node"]["id"]


@pytest.mark.django_db(transaction=True)
def test_what_others_do_is_not_in_the_ids_of_audit_rows():
    acme, globex = make_customer("acme"), make_customer("globex")
    operator = GraphQLClient.of(make_operator("ops"))
    viewer = GraphQLClient.of(make_member("gus", globex, Role.OPERATOR))

    for number in range(3):
        operator.mutate("updateCustomer", "changed", customer=acme.slug, name=f"Acme {number}")
        operator.mutate("updateCustomer", "changed", customer=globex.slug, name=f"Globex {number}")

    edges = viewer.data("{ pluginAuditLogs { edges { node { id sequence } } } }")["pluginAuditLogs"]["edges"]
    sequences = {edge["node"]["sequence"]: read_global_id(edge["node"]["id"]) for edge in edges}
    chain = str(Customer.objects.get(slug="globex").pk)
    assert len(sequences) >= 3
    assert sequences == {number: ("PluginAuditLog", f"{chain}/{number}") for number in sequences}
    assert {row.position for row in PluginAuditLog.objects.filter(chain=chain)} != set(sequences)


class AnyCase(str):
    """Text that is equal to the same one in capitals, as a plugin's key may be."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self.casefold() == other.casefold()

    def __hash__(self) -> int:
        return hash(self.casefold())


def test_keys_that_python_calls_equal_have_ids_of_their_own():
    assert [read_global_id(global_id("Device", AnyCase(key))) for key in ("a", "A")] == [
        ("Device", "a"),
        ("Device", "A"),
    ]
    assert [read_global_id(global_id("Device", key)) for key in (1, 1.0, True, "1")] == [
        ("Device", "1"),
        ("Device", "1.0"),
        ("Device", "True"),
        ("Device", "1"),
    ]

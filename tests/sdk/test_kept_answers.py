"""A plugin's field takes part in kept answers if it declares that it depends on nothing but the plugins' state."""

from __future__ import annotations

import pytest
from shelf import schema

from webnet.customers.access import Actor
from webnet.plugins.manager import manager

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")


def test_a_field_that_declares_it_is_asked_again_after_a_change_of_the_state(world, monkeypatch):
    client = world.client("acme-viewer", "acme")
    first = client.data("{ shelfFacts }")["shelfFacts"]
    monkeypatch.setattr(schema, "Material", ["paper"])

    again = client.data("{ shelfFacts }")["shelfFacts"]
    manager.disable("labels", actor=SYSTEM, customer="acme", with_dependents=True)
    changed = client.data("{ shelfFacts }")["shelfFacts"]

    assert first == again
    assert changed == {"materials": 1} != first


def test_a_document_with_a_field_that_does_not_declare_it_is_asked_each_time(world, monkeypatch):
    client = world.client("acme-viewer", "acme")
    query = "{ shelfFacts firstBook { title } }"
    first = client.data(query)["shelfFacts"]
    monkeypatch.setattr(schema, "Material", ["paper"])

    assert client.data(query)["shelfFacts"] == {"materials": 1} != first

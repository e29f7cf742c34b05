"""The command that prints the schema and finds that a file is not the same."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from graphql import build_client_schema, build_schema, get_introspection_query, print_schema

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_operator
from webnet.api.visibility import visible_schema
from webnet.customers.access import Actor
from webnet.plugins.manager import manager

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("export_schema", *arguments, stdout=output)
    return output.getvalue()


def test_schema_is_printed():
    assert run() == visible_schema(None).export()


def test_same_file_is_up_to_date(tmp_path):
    file = tmp_path / "schema.graphql"
    file.write_text(run())

    assert "is up to date" in run("--check", str(file))


def test_drift_is_shown_and_fails(tmp_path):
    file = tmp_path / "schema.graphql"
    file.write_text(run().replace("type Viewer {", "type Onlooker {"))
    output = StringIO()

    with pytest.raises(CommandError) as raised:
        call_command("export_schema", "--check", str(file), stdout=output)

    assert raised.value.returncode == 1
    assert "-type Onlooker {\n+type Viewer {" in output.getvalue()


def test_missing_file_is_told(tmp_path):
    with pytest.raises(CommandError, match="can't be read"):
        run("--check", str(tmp_path / "absent.graphql"))


def test_file_of_the_repository_is_up_to_date():
    assert "is up to date" in run("--check", str(ROOT / "schema.graphql"))


@pytest.fixture
def _acme_has_the_shelf(db):
    """And globex has not."""
    system = Actor.system("tests")
    manager.sync(actor=system)
    for slug in ("acme", "globex"):
        make_customer(slug)
    manager.enable("shelf", actor=system)
    manager.enable("shelf", actor=system, customer="acme")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_acme_has_the_shelf")
def test_a_customers_schema_is_what_its_clients_are_told_by_introspection():
    client = GraphQLClient.of(make_operator())

    for slug in ("acme", "globex"):
        printed = build_schema(run("--customer", slug), assume_valid=True)
        told = build_client_schema(client.at(slug).data(get_introspection_query()))
        assert set(printed.type_map) == set(told.type_map)
        assert print_schema(told).count("shelves") == print_schema(printed).count("shelves") == (slug == "acme") * 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_acme_has_the_shelf")
def test_a_customers_schema_follows_what_is_switched_on():
    with_it, without = run("--customer", "acme"), run("--customer", "globex")
    assert "type Shelf implements" in with_it and "Shelf" not in without
    assert without == run()

    manager.disable("shelf", actor=Actor.system("tests"), customer="acme")

    assert run("--customer", "acme") == without


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_acme_has_the_shelf")
def test_a_file_is_compared_with_a_customers_schema(tmp_path):
    file = tmp_path / "acme.graphql"
    file.write_text(run("--customer", "acme"))

    assert "is up to date" in run("--customer", "acme", "--check", str(file))
    with pytest.raises(CommandError):
        run("--customer", "globex", "--check", str(file))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_acme_has_the_shelf")
def test_a_customer_that_is_not_there_is_told():
    with pytest.raises(CommandError, match="There is no customer 'nowhere'"):
        run("--customer", "nowhere")

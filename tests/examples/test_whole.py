"""Each example that keeps rows has every part that a plugin can have."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps

from tests.api.client import GraphQLClient
from tests.factories import make_operator
from webnet.customers.access import Actor
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.registry import registry

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("device_inventory", "site_map", "reachability")


@pytest.mark.parametrize("name", NAMES)
def test_it_has_one_of_everything(name: str) -> None:
    entry = registry.get(name)
    manifest, plugin = entry.manifest, type(entry.plugin)

    assert entry.status == "loaded" and manifest is not None and manifest.graphql is not None
    assert list(apps.get_app_config(name).get_models())
    assert manifest.graphql.types and (manifest.graphql.query or manifest.graphql.subscription)
    assert manifest.graphql.mutation and manifest.graphql.extends
    assert manifest.ui_views and manifest.navigation_items and manifest.dashboard_widgets and manifest.permissions
    assert manifest.settings_schema is not None and manifest.settings_schema.defaults()
    assert plugin.health_check is not PluginBase.health_check


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_package_with_migrations_tests_and_a_readme(name: str) -> None:
    folder = EXAMPLES / f"{name}_plugin"

    for part in ("README.md", "pyproject.toml", f"{name}/migrations/0001_initial.py", f"{name}/templates/{name}"):
        assert (folder / part).exists(), part
    assert list((folder / "tests").glob("test_*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_all_that_can_be_asked_for_needs_a_permission(name: str) -> None:
    """What an example shows or changes, its customers can give to a role, or take from it."""
    manifest = registry.get(name).manifest
    assert manifest is not None and manifest.graphql is not None

    roots = (manifest.graphql.query, manifest.graphql.mutation, manifest.graphql.subscription)
    fields = [field for root in roots if root is not None for field in root.__strawberry_definition__.fields]

    assert fields and all(field.metadata["webnet.permission"] for field in fields)
    items = (*manifest.ui_views, *manifest.navigation_items, *manifest.dashboard_widgets)
    assert all(item.permission for item in items)


@pytest.mark.django_db(transaction=True)
def test_a_reviewer_sees_what_it_adds_to_others_its_tables_and_the_hosts_it_talks_to() -> None:
    query = """query($name: String!) { plugin(name: $name) { contributions {
        fields extendedTypes tables { name model isCustomerOwned } externalHosts { name } } } }"""

    manager.sync(actor=Actor.system("tests"))

    added = GraphQLClient.of(make_operator()).data(query, name="reachability")["plugin"]["contributions"]

    assert added == {
        "fields": ["Device.reachability", "Mutation.checkReachability", "Subscription.reachability"],
        "extendedTypes": ["Device"],
        "tables": [{"name": "reachability_check", "model": "reachability.Check", "isCustomerOwned": True}],
        "externalHosts": [{"name": "*"}],
    }

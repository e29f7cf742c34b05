"""What a plugin's code may ask of its request: customer, settings, permissions, operations."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from shelf.models import Book, Shelf

from tests.factories import actor_for
from tests.sdk.conftest import SYSTEM
from webnet.api.request.reader import Reading
from webnet.audit.models import PluginAuditLog
from webnet.customers.models import Membership, Role, User
from webnet.plugins.manager import manager
from webnet.sdk.context import PluginContext
from webnet.sdk.errors import CustomerRequired, NotFound, PermissionDenied, PluginDefinitionError
from webnet.sdk.models import ForeignReference

pytestmark = pytest.mark.django_db(transaction=True)


def of(username, *, customer=None):
    """The context of a page, or of the platform's view."""
    actor = actor_for(User.objects.get(username=username))
    if customer is not None:
        return PluginContext.of("shelf", actor=actor, customer=customer)
    return PluginContext(plugin="shelf", reading=Reading(actor=actor, platform_token=None))


def test_the_customer_is_the_views_or_the_only_one(world):
    assert of("both", customer=world.globex).customer == world.globex
    assert of("acme-viewer").customer == world.acme
    for who in ("both", "platform"):
        with pytest.raises(CustomerRequired):
            of(who).customer  # noqa: B018 - reading it raises
    with pytest.raises(NotFound):
        of("acme-viewer", customer=world.globex)


def test_the_default_of_several_customers_is_used_where_the_plugin_is_effective(world):
    Membership.objects.filter(user__username="both", customer=world.globex).update(is_default=True)
    assert of("both").customer == world.globex

    manager.disable("shelf", actor=SYSTEM, customer="globex", with_dependents=True)

    with pytest.raises(CustomerRequired):  # It is effective for the other one only.
        of("both").customer  # noqa: B018 - reading it raises


@dataclass
class ShelfSettings:
    limit: int
    key: str = ""


def test_settings_are_merged_with_secrets_open_and_typed(world):
    context = of("acme-operator", customer=world.acme)
    assert dict(context.settings("shelf")) == {"limit": 10}

    manager.update_settings("shelf", actor=SYSTEM, patch={"limit": 20, "key": "s3cret"})
    manager.update_settings("shelf", actor=SYSTEM, customer="acme", patch={"limit": 30})

    context = of("acme-operator", customer=world.acme)
    assert context.settings(into=ShelfSettings) == ShelfSettings(limit=30, key="s3cret")
    assert of("platform", customer=world.globex).settings("shelf")["limit"] == 20
    assert "s3cret" not in repr(context.settings())


def test_another_plugins_settings_come_without_its_secrets(world):
    manager.update_settings("shelf", actor=SYSTEM, patch={"key": "s3cret"})
    context = PluginContext.of("labels", actor=SYSTEM, customer=world.acme)

    assert dict(context.settings("shelf")) == {"limit": 10}
    with pytest.raises(NotFound):
        context.settings("no_such_plugin")


def test_permissions_are_the_actors_there(world):
    operator, admin = of("acme-operator", customer=world.acme), of("acme-admin", customer=world.acme)
    assert operator.has("arrange") and operator.has("shelf.arrange") and not operator.has("audit")
    admin.require("audit")
    with pytest.raises(PermissionDenied) as denied:
        operator.require("shelf.audit")
    assert denied.value.required_role == "admin"

    manager.disable("shelf", actor=SYSTEM, customer="acme", with_dependents=True)

    assert not of("acme-admin", customer=world.acme).has("audit")


def test_fields_ask_for_their_permission(world):
    field, root = "{ shelves { secret } }", "{ auditedBooks { totalCount } }"
    for query in (field, root):
        assert "errors" not in world.client("acme-admin", "acme").run(query)
        assert world.client("acme-operator", "acme").code(query) == "PERMISSION_MISSING"
    assert world.client("acme-admin").data(field)
    assert world.client("both").code(root) == "CUSTOMER_REQUIRED"


def test_a_field_of_a_customer_asks_for_the_permission_there(world):
    """In the view of all customers too: whose permission counts is clear."""
    query = "{ customers { edges { node { slug auditedShelfCount } } } }"
    Membership.objects.filter(user__username="both", customer=world.acme).update(role=Role.ADMIN.value)

    answer, everybodys = world.client("both").run(query), world.client("platform").data(query)

    found = {edge["node"]["slug"]: edge["node"]["auditedShelfCount"] for edge in answer["data"]["customers"]["edges"]}
    (denied,) = answer["errors"]
    assert found == {"acme": 2, "globex": None}
    assert (denied["extensions"]["code"], denied["path"][-2:]) == ("PERMISSION_MISSING", ["node", "auditedShelfCount"])
    assert [edge["node"]["auditedShelfCount"] for edge in everybodys["customers"]["edges"]] == [2, 2]


def test_rows_are_those_of_the_view(world):
    assert {row.customer_id for row in of("both", customer=world.acme).rows(Shelf)} == {world.acme.pk}
    assert of("both").rows(Shelf).count() == of("platform").rows(Shelf).count() == 4
    manager.disable("shelf", actor=SYSTEM, customer="globex", with_dependents=True)
    assert of("both").rows(Shelf).count() == of("platform").rows(Shelf).count() == 2
    assert of("platform", customer=world.globex).rows(Shelf).count() == 0


def test_an_operation_of_a_page_is_audited_too(world):
    with of("acme-operator", customer=world.acme).operation("paint shelves", reason="spring") as operation:
        operation.after = {"colour": "green"}

    row = PluginAuditLog.objects.get(action="paint shelves")
    assert (row.reason, row.after, row.customer_slug) == ("spring", {"colour": "green"}, "acme")


def test_an_operation_has_a_name_that_fits(world):
    with (
        pytest.raises(PluginDefinitionError, match="'shelf': the name of an operation must have 1 to 50 characters"),
        of("acme-operator", customer=world.acme).operation("x" * 51),
    ):
        pass


def test_a_row_keeps_with_the_customer_of_what_it_points_at(world):
    own, foreign = Shelf.objects.of(world.acme).first(), Shelf.objects.of(world.globex).first()
    assert Book.objects.create(shelf=own, title="new").customer == world.acme
    assert Book.objects.create(shelf_id=own.pk, title="new").customer == world.acme

    for wrong in (
        lambda: Book.objects.create(customer=world.acme, shelf=foreign, title="new"),
        lambda: Book.objects.create(customer=world.acme, shelf_id=foreign.pk, title="new"),
        lambda: Book.objects.bulk_create([Book(customer=world.acme, shelf=foreign, title="new")]),
        lambda: Book.objects.bulk_create([Book(customer=world.acme, shelf_id=foreign.pk, title="new")]),
    ):
        with pytest.raises(ForeignReference, match=r"'shelf\.Book\.shelf' refers to a row of another customer"):
            wrong()

"""Writing customers: operators only, one row in the audit log for each change, none for what holds already."""

from __future__ import annotations

import pytest

from tests.accounts.together import run_together
from tests.factories import actor_for, make_customer, make_member, make_operator, make_user
from webnet.accounts import customers
from webnet.audit.models import Generation, PluginAuditLog, RefusalCount
from webnet.audit.operation import lock_customer
from webnet.customers.access import Actor, Role
from webnet.customers.models import Customer
from webnet.errors import InvalidInput, NotFound, PermissionDenied

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Actor:
    return actor_for(make_operator())


def test_create_makes_a_customer_with_its_generation_and_one_audit_row_in_its_chain(operator: Actor):
    customer = customers.create(actor=operator, slug="acme", name=" Acme Inc. ", reason="signed")

    assert (customer.name, customer.is_active) == ("Acme Inc.", True)
    assert Generation.objects.get(customer=customer).token
    row = PluginAuditLog.objects.get()
    assert (row.action, row.chain, row.reason) == ("create_customer", str(customer.pk), "signed")
    assert (row.before, row.after) == (None, {"slug": "acme", "name": "Acme Inc.", "is_active": True})


@pytest.mark.parametrize("slug", ["", "Acme", "-a", "a-", "a_b", "a b", "ä", "a\n", "a\x00", "x" * 51, "\ud800"])
def test_create_refuses_what_is_no_slug(operator: Actor, slug: str, audited):
    with pytest.raises(InvalidInput) as caught:
        customers.create(actor=operator, slug=slug, name="Acme")

    assert (caught.value.code, caught.value.field) == ("INVALID_INPUT", "slug")
    assert audited() == [("create_customer", "refused", "INVALID_INPUT")]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b", "a\nb", "\ud800"])
def test_create_refuses_what_is_no_name(operator: Actor, name: str):
    with pytest.raises(InvalidInput) as caught:
        customers.create(actor=operator, slug="acme", name=name)

    assert caught.value.field == "name"
    assert not Customer.objects.exists()


def test_create_refuses_a_slug_that_is_taken(operator: Actor, audited):
    make_customer("acme")

    with pytest.raises(InvalidInput) as caught:
        customers.create(actor=operator, slug="acme", name="Another")

    assert (caught.value.code, caught.value.field) == ("NAME_TAKEN", "slug")
    assert audited() == [("create_customer", "refused", "NAME_TAKEN")]


@pytest.mark.django_db(transaction=True)
def test_of_creates_of_one_slug_at_the_same_time_one_gets_it(operator: Actor, audited):
    calls = [lambda: customers.create(actor=operator, slug="acme", name="Acme") for _ in range(8)]

    answers = run_together(calls)

    assert sorted(answers) == ["NAME_TAKEN"] * 7 + ["ok"]
    assert Customer.objects.count() == Generation.objects.exclude(customer=None).count() == 1
    assert audited() == [("create_customer", "succeeded", ""), ("create_customer", "refused", "NAME_TAKEN")]
    assert RefusalCount.objects.get().count == 6


def test_create_is_for_operators_only():
    admin = actor_for(make_member("admin", make_customer("globex"), Role.ADMIN))

    with pytest.raises(PermissionDenied) as caught:
        customers.create(actor=admin, slug="acme", name="Acme")

    assert caught.value.code == "OPERATORS_ONLY"


def test_an_operator_with_a_limited_token_creates_no_customer():
    limited = actor_for(make_operator(), maximum_role=Role.ADMIN)

    with pytest.raises(PermissionDenied):
        customers.create(actor=limited, slug="acme", name="Acme")


def test_deactivating_renews_the_customers_generation_and_is_audited(operator: Actor):
    customer = make_customer()
    token_before = Generation.objects.get(customer=customer).token

    change = customers.update(actor=operator, customer="acme", is_active=False)

    assert (change.changed, change.customer.is_active, change.customer.name) == (True, False, "Acme")
    assert Generation.objects.get(customer=customer).token != token_before
    row = PluginAuditLog.objects.get()
    assert (row.before["is_active"], row.after["is_active"]) == (True, False)


def test_renaming_leaves_the_rest_and_renews_the_generation(operator: Actor):
    customer = make_customer(is_active=False)
    token_before = Generation.objects.get(customer=customer).token

    change = customers.update(actor=operator, customer="acme", name="Acme Ltd.")

    assert (change.customer.name, change.customer.is_active) == ("Acme Ltd.", False)
    assert Generation.objects.get(customer=customer).token != token_before


@pytest.mark.parametrize("values", [{}, {"name": "Acme"}, {"is_active": True}, {"name": None, "is_active": None}])
def test_updating_to_what_holds_already_writes_nothing(operator: Actor, values: dict[str, object], audited):
    customer = make_customer()
    token_before = Generation.objects.get(customer=customer).token

    change = customers.update(actor=operator, customer="acme", **values)

    assert change.changed is False
    assert audited() == []
    assert Generation.objects.get(customer=customer).token == token_before


def test_update_refuses_an_empty_name(operator: Actor):
    make_customer()

    with pytest.raises(InvalidInput) as caught:
        customers.update(actor=operator, customer="acme", name=" ")

    assert caught.value.field == "name"


def test_a_customers_admin_does_not_update_it():
    admin = actor_for(make_member("admin", make_customer(), Role.ADMIN))

    with pytest.raises(PermissionDenied) as caught:
        customers.update(actor=admin, customer="acme", is_active=False)

    assert caught.value.code == "OPERATORS_ONLY"
    assert Customer.objects.get().is_active


def test_a_foreign_customer_and_a_missing_one_get_the_same_answer_and_the_same_audit_row():
    make_customer("acme")

    for slug in ("acme", "nope"):
        with pytest.raises(NotFound) as caught:
            customers.update(actor=actor_for(make_user(f"stranger-to-{slug}")), customer=slug, name="Mine")
        assert caught.value.message == f"There is no customer '{slug}'."

    foreign, missing = PluginAuditLog.objects.order_by("position")
    assert foreign.chain == missing.chain == "platform"
    assert foreign.error_code == missing.error_code == "CUSTOMER_NOT_FOUND"
    assert foreign.customer_slug == missing.customer_slug == ""


def test_a_change_that_waited_for_the_purge_of_its_customer_finds_none(operator: Actor):
    """It read the customer before the purge; what it writes would fail at the commit."""
    customer = make_customer("acme")
    customers.purge(actor=operator, customer="acme")

    with pytest.raises(NotFound) as caught:
        lock_customer(customer)

    assert caught.value.code == "CUSTOMER_NOT_FOUND"
    assert not Generation.objects.filter(customer_id=customer.pk).exists()

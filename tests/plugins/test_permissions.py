"""Plugins' own permissions: who has them by default, what a customer decides otherwise, and when they grant nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import actor_for, make_customer, make_member, make_membership, make_operator, make_user
from webnet.audit.models import Generation, PluginAuditLog
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.errors import NotFound, PermissionDenied
from webnet.plugins.base import Permission, PluginBase
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.gate.permissions import grants, permissions_of, require_permission
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig

SYSTEM = Actor.system("tests")

pytestmark = pytest.mark.django_db(transaction=True)


class Painter(PluginBase):
    name = "painter"
    version = "1.0"

    def get_permissions(self) -> list[Permission]:
        return [
            Permission(name="look", description="May look.", minimum_role="viewer"),
            Permission(name="paint", description="May paint."),
            Permission(name="burn", description="May burn.", minimum_role="admin"),
        ]


@pytest.fixture
def acme(install: Callable[..., None]) -> Customer:
    """A customer for whom the painter is effective, with an admin, an operator and a viewer."""
    install(Painter(), enabled=True)
    acme = make_customer("acme")
    for name, role in (("ann", Role.ADMIN), ("oscar", Role.OPERATOR), ("vera", Role.VIEWER)):
        make_member(name, acme, role)
    manager.enable("painter", actor=SYSTEM, customer="acme")
    return fresh(acme)


def fresh(customer: Customer) -> Customer:
    """The customer as it is now, read for nobody in particular."""
    return Customer.objects.get(pk=customer.pk)


def actor(customer: Customer, role: Role) -> Actor:
    return actor_for(customer.memberships.get(role=role.value).user)


def held(customer: Customer) -> dict[str, set[str]]:
    """By role, what its member may do now."""
    names = {role: permissions_of(actor(customer, role), fresh(customer)) for role in Role}
    return {role.value: {name.removeprefix("painter.") for name in found} for role, found in names.items()}


def decide(permission: str, role: Role, granted: bool | None, *, by: Actor = SYSTEM, customer: str = "acme") -> bool:
    return manager.set_permission(permission, actor=by, customer=customer, role=role, granted=granted).changed


BY_DEFAULT = {"viewer": {"look"}, "operator": {"look", "paint"}, "admin": {"look", "paint", "burn"}}


def test_each_role_has_what_the_plugin_declares_for_it_or_for_a_lower_one(acme):
    assert held(acme) == BY_DEFAULT


def test_a_permission_given_to_a_role_is_had_by_the_higher_ones_too(acme):
    decide("painter.burn", Role.VIEWER, True)

    everywhere = {"look", "burn"}
    assert held(acme) == {"viewer": everywhere, "operator": everywhere | {"paint"}, "admin": everywhere | {"paint"}}


def test_a_permission_is_taken_from_the_one_role_that_is_named(acme):
    decide("painter.look", Role.OPERATOR, False)

    assert held(acme) == BY_DEFAULT | {"operator": {"paint"}}


def test_taking_it_from_a_role_holds_whatever_lower_roles_are_given(acme):
    decide("painter.paint", Role.OPERATOR, False)
    decide("painter.paint", Role.VIEWER, True)

    assert held(acme) == BY_DEFAULT | {"viewer": {"look", "paint"}, "operator": {"look"}}


def test_resetting_goes_back_to_the_default(acme):
    decide("painter.burn", Role.VIEWER, True)
    decide("painter.look", Role.VIEWER, False)

    assert decide("painter.burn", Role.VIEWER, None)
    assert decide("painter.look", Role.VIEWER, None)

    assert held(acme) == BY_DEFAULT
    assert CustomerPluginConfig.objects.get().permissions == {}


def test_a_decision_holds_for_one_customer_only(acme):
    globex = make_customer("globex")
    gus = actor_for(make_member("gus", globex, Role.VIEWER))
    manager.enable("painter", actor=SYSTEM, customer="globex")

    decide("painter.burn", Role.VIEWER, True)

    assert "painter.burn" not in permissions_of(gus, globex)
    assert "painter.burn" in permissions_of(actor(acme, Role.VIEWER), fresh(acme))


def test_a_disabled_plugin_grants_nothing_and_remembers_what_was_decided(acme):
    decide("painter.burn", Role.VIEWER, True)
    manager.disable("painter", actor=SYSTEM, customer="acme")
    while_off = held(acme)
    manager.enable("painter", actor=SYSTEM, customer="acme")

    assert while_off == {"viewer": set(), "operator": set(), "admin": set()}
    assert "burn" in held(acme)["viewer"]


def test_what_is_granted_is_no_longer_granted_on_the_very_next_question(acme):
    vera = actor(acme, Role.VIEWER)
    assert "painter.look" in permissions_of(vera, fresh(acme))

    decide("painter.look", Role.VIEWER, False)

    assert "painter.look" not in permissions_of(vera, fresh(acme))


def test_a_limited_token_has_no_more_than_its_role(acme):
    ann = acme.memberships.get(role=Role.ADMIN.value).user
    limited = actor_for(ann, maximum_role=Role.VIEWER)
    elsewhere = actor_for(ann, only_customer_id=acme.pk + 1)

    assert permissions_of(limited, acme) == {"painter.look"}
    assert permissions_of(elsewhere, acme) == frozenset()


@pytest.mark.parametrize("codename", ["painter.unheard", "unheard.look", "painter", "look", ""])
def test_what_nobody_declares_nobody_has(acme, codename):
    assert codename not in permissions_of(actor_for(make_operator()), acme)


def test_requiring_names_the_permission_and_the_lowest_role_that_has_it(acme):
    decide("painter.burn", Role.OPERATOR, True)

    with pytest.raises(PermissionDenied, match=r"needs the permission 'painter\.burn' for 'acme'") as refused:
        require_permission(actor(acme, Role.VIEWER), fresh(acme), "painter.burn")

    assert (refused.value.code, refused.value.required_role) == ("PERMISSION_MISSING", "operator")
    require_permission(actor(acme, Role.OPERATOR), fresh(acme), "painter.burn")


def test_requiring_does_not_betray_a_customer_to_strangers(acme):
    stranger = actor_for(make_user("stranger"))

    with pytest.raises(NotFound) as refused:
        require_permission(stranger, acme, "painter.look")

    assert refused.value.message == NotFound.customer("acme").message


def test_only_admins_of_the_customer_decide(acme):
    make_membership(make_user("gus"), make_customer("globex"), Role.ADMIN)
    decide("painter.burn", Role.VIEWER, True, by=actor(acme, Role.ADMIN))

    with pytest.raises(PermissionDenied) as refused:
        decide("painter.burn", Role.OPERATOR, True, by=actor(acme, Role.OPERATOR))
    with pytest.raises(NotFound):
        decide("painter.burn", Role.OPERATOR, True, by=actor_for(make_user("nobody")))

    assert refused.value.required_role == "admin"
    assert CustomerPluginConfig.objects.get().permissions == {"burn": {"viewer": True}}


@pytest.mark.parametrize(
    ("codename", "code"),
    [
        ("painter.unheard", "PERMISSION_NOT_FOUND"),
        ("painter", "PERMISSION_NOT_FOUND"),
        ("painter.painter.look", "PERMISSION_NOT_FOUND"),
        ("unheard.look", "PLUGIN_NOT_FOUND"),
    ],
)
def test_what_is_not_declared_can_not_be_given(acme, codename, code):
    with pytest.raises(NotFound) as refused:
        decide(codename, Role.VIEWER, True)

    assert refused.value.code == code


def test_a_decision_is_audited_and_renews_the_generation(acme):
    before = Generation.objects.get(customer=acme)

    changed = decide("painter.burn", Role.VIEWER, True)

    row = PluginAuditLog.objects.first()
    assert changed and row is not None
    assert (row.action, row.plugin_name, row.customer_slug) == ("set_role_permission", "painter", "acme")
    assert row.before == {"permission": "painter.burn", "role": "viewer", "granted": None}
    assert row.after == {"permission": "painter.burn", "role": "viewer", "granted": True}
    assert Generation.objects.get(customer=acme).token != before.token


def test_deciding_what_is_decided_already_writes_nothing(acme):
    decide("painter.burn", Role.VIEWER, True)
    rows, generation = PluginAuditLog.objects.count(), Generation.objects.get(customer=acme).token

    assert not decide("painter.burn", Role.VIEWER, True)

    assert (PluginAuditLog.objects.count(), Generation.objects.get(customer=acme).token) == (rows, generation)


def test_a_decision_that_says_the_same_as_the_default_outlives_another_default(acme):
    assert decide("painter.look", Role.VIEWER, True)

    assert CustomerPluginConfig.objects.get().permissions == {"look": {"viewer": True}}


def test_the_matrix_tells_the_default_from_the_decision(acme):
    decide("painter.burn", Role.OPERATOR, True)
    burn = Painter().get_permissions()[2]

    matrix = grants(customer_state(fresh(acme)), "painter", burn)

    told = [(each.role.value, each.granted, each.granted_by_default, each.decision) for each in matrix]
    assert told == [("viewer", False, False, None), ("operator", True, False, True), ("admin", True, True, None)]


def test_decisions_can_be_made_before_the_plugin_is_switched_on(acme):
    manager.disable("painter", actor=SYSTEM, customer="acme")

    assert decide("painter.burn", Role.VIEWER, True)

    assert held(acme)["viewer"] == set()


def test_settings_and_choice_stay_as_they_are(acme):
    decide("painter.burn", Role.VIEWER, True)

    config = CustomerPluginConfig.objects.get()
    assert (config.enabled, config.settings, config.settings_revision) == (True, {}, 0)


def test_a_known_state_is_asked_without_a_statement(acme):
    operator = actor_for(make_operator())
    state = customer_state(acme)

    with CaptureQueriesContext(connection) as statements:
        found = permissions_of(operator, acme, state=state)

    assert found == {"painter.look", "painter.paint", "painter.burn"}
    assert len(statements) == 0

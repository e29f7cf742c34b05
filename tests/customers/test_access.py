"""Who may do what: roles, limits of tokens, and customers that exist for some only."""

from __future__ import annotations

import pytest

from tests.factories import actor_for, make_customer, make_member, make_membership, make_operator, make_user
from webnet.customers.access import (
    Actor,
    Role,
    find_customer,
    require,
    require_operator,
    require_signed_in,
    role_in,
    visible_customers,
)
from webnet.customers.models import Membership
from webnet.errors import NotFound, PermissionDenied, show

pytestmark = pytest.mark.django_db


def slugs(actor: Actor) -> list[str]:
    return [customer.slug for customer in visible_customers(actor)]


def test_members_see_their_customers_with_their_roles_in_one_statement(django_assert_num_queries):
    acme, globex = make_customer("acme"), make_customer("globex")
    make_customer("initech")
    user = make_member("ada", acme, Role.ADMIN)
    make_membership(user, globex, Role.VIEWER)
    make_member("bob", globex, Role.ADMIN)
    actor = actor_for(user)

    with django_assert_num_queries(1):
        customers = list(visible_customers(actor))
        roles = [role_in(actor, customer) for customer in customers]
        tokens = [customer.generation.token for customer in customers]

    assert [customer.slug for customer in customers] == ["acme", "globex"]
    assert roles == [Role.ADMIN, Role.VIEWER]
    assert all(tokens)


def test_a_role_that_was_set_on_a_customer_is_not_believed():
    customer = make_customer()
    stranger, viewer = actor_for(make_user("eve")), actor_for(make_member("ada", customer, Role.VIEWER))
    customer.member_role = Role.ADMIN.value

    assert role_in(stranger, customer) is None
    assert role_in(viewer, customer) is Role.VIEWER


def test_a_role_that_was_read_for_one_actor_is_not_believed_of_another():
    customer = make_customer()
    ada = actor_for(make_member("ada", customer, Role.ADMIN))
    seen_by_ada = find_customer(ada, "acme")

    assert role_in(ada, seen_by_ada) is Role.ADMIN
    assert role_in(actor_for(make_user("eve")), seen_by_ada) is None
    assert role_in(actor_for(make_member("bob", customer, Role.VIEWER)), seen_by_ada) is Role.VIEWER


def test_a_role_that_was_read_in_an_earlier_request_is_not_believed():
    customer = make_customer()
    user = make_member("ada", customer, Role.ADMIN)
    kept = find_customer(actor_for(user), "acme")
    Membership.objects.filter(user=user).update(role=Role.VIEWER)

    assert role_in(actor_for(user), kept) is Role.VIEWER


def test_operators_and_the_system_see_every_customer_as_admins():
    customer = make_customer()

    for actor in (actor_for(make_operator()), Actor.system("test")):
        assert slugs(actor) == ["acme"]
        assert role_in(actor, customer) is Role.ADMIN


def test_nobody_sees_nothing():
    customer = make_customer()

    assert slugs(Actor(name="anonymous")) == []
    assert role_in(Actor(name="anonymous"), customer) is None


def test_a_token_for_one_customer_reaches_no_other():
    acme, globex = make_customer("acme"), make_customer("globex")
    user = make_member("ada", acme, Role.ADMIN)
    make_membership(user, globex, Role.ADMIN)

    for limited in (actor_for(user, only_customer_id=acme.pk), actor_for(make_operator(), only_customer_id=acme.pk)):
        assert slugs(limited) == ["acme"]
        assert role_in(limited, globex) is None
        assert role_in(limited, acme) is Role.ADMIN
        with pytest.raises(NotFound):
            require(limited, Role.VIEWER, customer=globex)


@pytest.mark.parametrize(
    ("held", "maximum", "effective"),
    [
        (Role.ADMIN, Role.VIEWER, Role.VIEWER),
        (Role.VIEWER, Role.ADMIN, Role.VIEWER),
        (Role.OPERATOR, Role.OPERATOR, Role.OPERATOR),
        (Role.OPERATOR, None, Role.OPERATOR),
    ],
)
def test_a_tokens_highest_role_lowers_and_never_raises(held: Role, maximum: Role | None, effective: Role):
    customer = make_customer()
    actor = actor_for(make_member("ada", customer, held), maximum_role=maximum)

    assert role_in(actor, customer) is effective
    assert role_in(actor, find_customer(actor, "acme")) is effective


@pytest.mark.parametrize("held", Role)
@pytest.mark.parametrize("needed", Role)
def test_require_takes_the_role_and_those_above_it(held: Role, needed: Role):
    customer = make_customer()
    actor = actor_for(make_member("ada", customer, held))

    if list(Role).index(held) >= list(Role).index(needed):
        require(actor, needed, customer=customer)
        return
    with pytest.raises(PermissionDenied) as caught:
        require(actor, needed, customer=customer)
    assert (caught.value.code, caught.value.required_role) == ("ROLE_TOO_LOW", needed.value)


@pytest.mark.parametrize("slug", ["globex", "missing", "a\x00", "\ud800", "", "x" * 9999])
def test_a_foreign_customer_and_a_missing_one_are_the_same(slug: str):
    make_customer("globex")
    actor = actor_for(make_member("ada", make_customer("acme")))

    with pytest.raises(NotFound) as caught:
        find_customer(actor, slug)

    assert (caught.value.code, caught.value.message) == ("CUSTOMER_NOT_FOUND", f"There is no customer '{show(slug)}'.")


@pytest.mark.parametrize("limits", [{"maximum_role": Role.ADMIN}, {"only_customer_id": 1}])
def test_a_limited_token_makes_no_operator(limits: dict[str, object]):
    operator = make_operator()

    require_operator(actor_for(operator))
    with pytest.raises(PermissionDenied) as caught:
        require_operator(actor_for(operator, **limits))
    assert caught.value.code == "OPERATORS_ONLY"


def test_only_somebody_is_signed_in():
    user = make_user()

    assert require_signed_in(actor_for(user)) == user.pk
    for nobody in (Actor(name="anonymous"), Actor.system("test")):
        with pytest.raises(PermissionDenied) as caught:
            require_signed_in(nobody)
        assert caught.value.code == "NOT_SIGNED_IN"

"""The statements of browsers' requests that are written by hand say the same as the queries that Django would make."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.utils import timezone

from tests.factories import make_customer, make_member, make_membership, make_operator, make_user
from webnet.accounts.authentication import SessionBackend, users_with_platform_token
from webnet.accounts.session_statements import SessionStore, find_view
from webnet.audit.operation import create_generation
from webnet.customers.access import Actor, Role, find_customer
from webnet.customers.models import Membership, User
from webnet.errors import NotFound

pytestmark = pytest.mark.django_db


def values_of(row: Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def actor_for(user: User | None, **limits: object) -> Actor:
    return Actor(name="x", user_id=user and user.pk, is_superuser=bool(user and user.is_superuser), **limits)


@pytest.mark.parametrize("has_platform_row", [True, False])
def test_the_user_of_a_session_is_as_django_finds_them(has_platform_row):
    if has_platform_row:
        create_generation(None)
    user = make_user("ada")

    found = SessionBackend().get_user(user.pk)

    expected = users_with_platform_token().get(pk=user.pk)
    assert found is not None
    assert values_of(found) == values_of(expected)
    assert found.platform_token == expected.platform_token
    assert (found._state.db, found._state.adding) == (expected._state.db, False)


def test_an_inactive_user_and_one_that_is_gone_are_nobody():
    user = make_user("ada", is_active=False)

    assert SessionBackend().get_user(user.pk) is None
    assert SessionBackend().get_user(user.pk + 1) is None


def test_the_view_is_as_the_query_finds_it_whoever_asks_for_what():
    acme, globex, bare = make_customer("acme", is_active=False), make_customer("globex"), make_customer("bare")
    bare.generation.delete()
    ada = make_member("ada", acme, Role.OPERATOR)
    make_membership(ada, globex, Role.ADMIN)
    Membership.objects.filter(customer=globex).update(is_default=True)
    platform = make_operator()
    make_membership(platform, acme, Role.VIEWER)
    actors = [
        actor_for(ada),
        actor_for(make_user("eve")),
        actor_for(platform),
        actor_for(None),
        actor_for(ada, only_customer_id=acme.pk),
        actor_for(platform, only_customer_id=acme.pk),
    ]
    seen = 0

    for actor in actors:
        for slug in ("acme", "globex", "bare", "missing", "", "no slug", "\x00", "ACME"):
            try:
                expected = find_customer(actor, slug)
            except NotFound as refused:
                with pytest.raises(NotFound, match=f"^{refused.message}$".replace("\x00", ".")):
                    find_view(actor, slug)
                continue
            found = find_view(actor, slug)
            assert values_of(found) == values_of(expected)
            assert hasattr(found, "generation") == hasattr(expected, "generation")
            if slug != "bare":
                assert values_of(found.generation) == values_of(expected.generation)
            assert (found.member_role, bool(found.is_own_default), found.member_mark) == (
                expected.member_role,
                bool(expected.is_own_default),
                expected.member_mark,
            )
            seen += 1

    assert seen == 2 + 3 + 1 + 1


def test_a_session_is_read_as_django_reads_it_and_forgotten_once_it_has_expired(settings):
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store["words"] = ["ä", 1]
    store.create()
    store.save()

    assert SessionStore(store.session_key).load() == db.SessionStore(store.session_key).load() == {"words": ["ä", 1]}

    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    expired = SessionStore(store.session_key)

    assert expired.load() == {}
    assert expired.session_key is None

"""The Django admin: to read, for platform operators; what it changes goes through the audited writers."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client

from tests.factories import PASSWORD, make_customer, make_member, make_operator, make_token, make_user
from webnet.accounts.authentication import is_usable
from webnet.audit.models import Generation, PluginAuditLog
from webnet.customers.models import ApiToken, Customer, User
from webnet.plugins.models import PluginConfig

pytestmark = pytest.mark.django_db

EXAMPLES = ("device_inventory", "labels", "reachability", "shelf", "site_map")
OURS = [model for model in admin.site._registry if model._meta.app_label not in EXAMPLES]


@pytest.fixture
def operator(client: Client) -> User:
    user = make_operator(password=PASSWORD)
    client.force_login(user)
    return user


def page_of(model: type, *rest: object) -> str:
    return "/".join(["/admin", model._meta.app_label, model._meta.model_name, *map(str, rest), ""])


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_page_can_be_read_and_nothing_added(client: Client, operator: User, model: type):
    make_token(make_member("ada", make_customer()))

    assert client.get(page_of(model)).status_code == 200
    assert client.get(page_of(model, "add")).status_code == 403


def test_nothing_is_on_offer_but_to_look(client: Client, operator: User):
    index = client.get("/admin/").content.decode()

    assert "viewlink" in index
    assert "addlink" not in index and "changelink" not in index


def test_rows_can_neither_be_changed_nor_deleted(client: Client, operator: User):
    customer = make_customer()

    assert client.get(page_of(Customer, customer.pk, "change")).status_code == 200
    assert client.post(page_of(Customer, customer.pk, "change"), {"name": "Mine"}).status_code == 403
    assert client.post(page_of(Customer, customer.pk, "delete"), {"post": "yes"}).status_code == 403
    assert client.post(page_of(User, operator.pk, "change"), {"username": "root"}).status_code == 403
    assert Customer.objects.get().name == "Acme"


def test_only_operators_look_in(client: Client):
    client.force_login(make_user(is_staff=True))

    assert client.get(page_of(User)).status_code == 403
    assert b"customers" not in client.get("/admin/").content.lower()


def test_digests_and_sealed_secrets_are_not_shown(client: Client, operator: User):
    make_token(operator)
    token = ApiToken.objects.get()
    config = PluginConfig.objects.create(
        name="p", verbose_name="P", status="loaded", secrets={"/key": {"sealed": "canary"}}
    )

    assert token.digest not in client.get(page_of(ApiToken, token.pk, "change")).content.decode()
    assert "canary" not in client.get(page_of(PluginConfig, config.pk, "change")).content.decode()


def test_the_admin_leads_to_the_one_sign_in_form_and_back(client: Client):
    """There its attempts are audited and limited."""
    make_operator(password=PASSWORD)
    attempt = {"username": "platform", "password": PASSWORD}

    led = client.get("/admin/", follow=True)
    posted = client.post("/admin/login/", attempt)
    back = client.post("/sign-in/", {**attempt, "next": "/admin/"})

    assert [address for address, _ in led.redirect_chain] == ["/admin/login/?next=/admin/", "/sign-in/?next=/admin/"]
    assert (posted.status_code, posted.headers["Location"]) == (302, "/sign-in/?next=/")
    assert (back.status_code, back.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/").status_code == 200


def test_to_who_is_no_staff_the_admin_does_not_exist(client: Client):
    client.force_login(make_user())

    response = client.get("/admin/", follow=True)

    assert response.status_code == 404
    assert "This page does not exist" in response.content.decode()


def test_a_password_can_be_set_and_is_audited(client: Client, operator: User):
    user = make_user()
    form = {"usable_password": "true", "password1": "another long one", "password2": "another long one"}

    response = client.post(page_of(User, user.pk, "password"), form)

    assert response.status_code == 302
    user.refresh_from_db()
    assert user.check_password("another long one")
    row = PluginAuditLog.objects.get()
    assert (row.action, row.actor_id, row.after["username"]) == ("set_password", operator.pk, "ada")
    assert "another long one" not in row.text


def test_a_password_can_be_taken_away(client: Client, operator: User):
    user = make_user(password=PASSWORD)

    client.post(page_of(User, user.pk, "password"), {"usable_password": "false", "unset-password": "1"})

    user.refresh_from_db()
    assert not user.has_usable_password()


def test_operators_keep_their_session_when_they_set_their_own_password(client: Client, operator: User):
    form = {"usable_password": "true", "password1": "another long one", "password2": "another long one"}

    client.post(page_of(User, operator.pk, "password"), form)

    assert client.get("/admin/").status_code == 200


def test_change_password_leads_to_the_page_that_asks_for_the_current_one(client: Client, operator: User):
    form = {"old_password": PASSWORD, "new_password1": "another long one", "new_password2": "another long one"}

    shown = client.get("/admin/password_change/")
    sent = client.post("/admin/password_change/", form)

    assert shown.headers["Location"] == sent.headers["Location"] == "/account/password/"
    operator.refresh_from_db()
    assert operator.check_password(PASSWORD)


def test_actions_call_the_writers(client: Client, operator: User):
    customer, user = make_customer(), make_user()
    make_token(user)
    token = ApiToken.objects.get()
    generation_before = Generation.objects.get(customer=customer).token

    client.post(page_of(Customer), {"action": "deactivate", "_selected_action": [customer.pk]})
    client.post(page_of(User), {"action": "deactivate", "_selected_action": [user.pk, operator.pk]})
    client.post(page_of(ApiToken), {"action": "revoke", "_selected_action": [token.pk]})

    assert not Customer.objects.get().is_active
    assert Generation.objects.get(customer=customer).token != generation_before
    assert list(User.objects.filter(is_active=True)) == [operator]
    assert not is_usable(ApiToken.objects.get())
    assert sorted(PluginAuditLog.objects.values_list("action", "outcome")) == [
        ("revoke_api_token", "succeeded"),
        ("update_customer", "succeeded"),
        ("update_user", "refused"),
        ("update_user", "succeeded"),
    ]


def test_what_was_deactivated_can_be_activated(client: Client, operator: User):
    customer, user = make_customer(is_active=False), make_user(is_active=False)

    client.post(page_of(Customer), {"action": "activate", "_selected_action": [customer.pk]})
    client.post(page_of(User), {"action": "activate", "_selected_action": [user.pk]})

    assert Customer.objects.get().is_active
    assert User.objects.filter(is_active=True).count() == 2

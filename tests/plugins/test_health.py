"""Health checks: asked with a deadline, stored, and never in anybody's way."""

from threading import Event

import pytest

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.customers.access import Role
from webnet.errors import NotFound, PermissionDenied, PluginUnavailable
from webnet.plugins import health
from webnet.plugins.base import HealthReport, PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import HealthStatus, PluginAuditLog, PluginConfig, PluginHealth

pytestmark = pytest.mark.django_db


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"
    answer: object = None

    def health_check(self, context):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def saying(answer):
    return type("Saying", (Inventory,), {"answer": answer})()


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, HealthStatus.HEALTHY),
        (True, HealthStatus.HEALTHY),
        (False, HealthStatus.UNHEALTHY),
        ({"status": "degraded", "message": "slow"}, HealthStatus.DEGRADED),
        (HealthReport(status="unhealthy", details={"a": 1}), HealthStatus.UNHEALTHY),
        (ValueError("private"), HealthStatus.UNHEALTHY),
        (object(), HealthStatus.UNKNOWN),
        ({"status": "splendid"}, HealthStatus.UNKNOWN),
    ],
)
def test_whatever_a_check_answers_is_a_stored_result(install, operator, answer, status):
    install(saying(answer))

    found = manager.check_health("inventory", actor=operator)

    assert found.status == status and "private" not in found.message
    assert PluginHealth.objects.get().status == status
    assert PluginAuditLog.objects.latest("position").after == {"status": status}


def test_a_check_that_hangs_is_unknown_and_holds_nobody_up(install, operator, monkeypatch):
    let_go = Event()

    class Hanging(Inventory):
        def health_check(self, context):
            let_go.wait(30)

    monkeypatch.setattr(health, "DEADLINE_SECONDS", 0.05)
    install(Hanging())

    found = manager.check_health("inventory", actor=operator)

    let_go.set()
    assert found.status == HealthStatus.UNKNOWN and "0.05 s" in found.message


def test_a_customers_check_gets_the_customer_and_its_settings(install, operator):
    seen = {}

    class Asking(Inventory):
        def health_check(self, context):
            seen.update(customer=context.customer.slug, settings=dict(context.settings))

    customer = make_customer("acme")
    install(Asking(), enabled=True)
    ann = actor_for(make_member("ann", customer, Role.OPERATOR))

    manager.check_health("inventory", actor=ann, customer="acme")
    manager.check_health("inventory", actor=operator, customer="acme")

    assert seen == {"customer": "acme", "settings": {}}
    assert PluginHealth.objects.get().customer == customer


def test_who_may_not_ask_is_refused(install, operator):
    customer = make_customer("acme")
    install(Inventory())
    viewer = actor_for(make_member("vic", customer))

    with pytest.raises(PermissionDenied):
        manager.check_health("inventory", actor=viewer)
    with pytest.raises(PermissionDenied):
        manager.check_health("inventory", actor=viewer, customer="acme")
    with pytest.raises(NotFound):
        manager.check_health("nowhere", actor=operator)
    PluginConfig.objects.update(status="failed")
    with pytest.raises(PluginUnavailable):
        manager.check_health("inventory", actor=operator)

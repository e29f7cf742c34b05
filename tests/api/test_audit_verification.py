"""How far the log was verified: the whole of it for the platform's operators, a chain for those who may read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.api.client import GraphQLClient
from tests.factories import make_customer, make_member, make_operator
from tests.plugins.audit_logs import write_rows
from webnet.audit import retention, signing_keys, upkeep, verification_state
from webnet.audit import triggers as audit_triggers
from webnet.audit.models import AuditCheckpoint, AuditHead, PluginAuditLog
from webnet.customers.models import Customer, Role

pytestmark = pytest.mark.django_db(transaction=True)

QUERY = """query($customer: String) { auditVerification(customer: $customer) {
  id status verifiedAt verifiedUntil unverifiedRowCount overdueSince fault faultFoundAt
  checkpoint { number position key isTrusted madeAt }
} }"""


@pytest.fixture
def acme() -> Customer:
    return make_customer("acme")


@pytest.fixture
def platform() -> GraphQLClient:
    return GraphQLClient.of(make_operator())


@pytest.fixture
def operator(acme: Customer) -> GraphQLClient:
    return GraphQLClient.of(make_member("oscar", acme, Role.OPERATOR), view="acme")


@pytest.fixture
def _without_triggers() -> Iterator[None]:
    """The log can be changed, as by somebody who owns the database."""
    audit_triggers.remove(connection)
    yield
    audit_triggers.install(connection)


def ask(client: GraphQLClient, customer: str | None = None) -> Any:
    return client.data(QUERY, customer=customer)["auditVerification"]


def written_at(**place: Any) -> str:
    return PluginAuditLog.objects.get(**place).created_at.isoformat().replace("+00:00", "Z")


def test_rows_are_pending_until_a_checkpoint_and_verified_up_to_it(platform: GraphQLClient) -> None:
    write_rows(3)

    before = ask(platform)
    retention.make_checkpoint()
    write_rows(2)
    after = ask(platform)

    assert (before["status"], before["unverifiedRowCount"], before["checkpoint"]) == ("PENDING", 3, None)
    assert (after["status"], after["unverifiedRowCount"], after["fault"]) == ("VERIFIED", 2, None)
    assert after["verifiedUntil"] == written_at(position=3)
    key = signing_keys.public_text(signing_keys.signing_key())
    assert after["checkpoint"] == {
        "number": 1,
        "position": 3,
        "key": key,
        "isTrusted": True,
        "madeAt": after["verifiedAt"],
    }


def test_rows_that_wait_too_long_are_overdue_but_an_idle_log_never_is(
    platform: GraphQLClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBNET_AUDIT_CHECKPOINTS = True
    write_rows(1)
    retention.make_checkpoint()
    late = timezone.now() + 2 * verification_state.CHECKPOINT_PATIENCE
    monkeypatch.setattr(verification_state.timezone, "now", lambda: late)
    idle = verification_state.of_log()
    monkeypatch.undo()
    write_rows(1)
    monkeypatch.setattr(verification_state.timezone, "now", lambda: late)

    waiting = verification_state.of_log()

    assert (idle.status.name, idle.overdue_since) == ("VERIFIED", None)
    assert waiting.status.name == "OVERDUE"
    first = PluginAuditLog.objects.get(position=2).created_at
    assert waiting.overdue_since == first + timedelta(days=1)
    settings.WEBNET_AUDIT_CHECKPOINTS = False
    assert verification_state.of_log().status.name == "VERIFIED"


@pytest.mark.usefixtures("_without_triggers")
def test_a_fault_is_shown_until_a_checkpoint_follows_it(
    platform: GraphQLClient, operator: GraphQLClient, acme: Customer, settings: Any
) -> None:
    settings.WEBNET_AUDIT_CHECKPOINTS = True
    write_rows(4, customers=[None, acme])
    row = PluginAuditLog.objects.get(position=2)
    PluginAuditLog.objects.filter(position=2).update(reason="another")
    upkeep.look_after_log()

    invalid, own = ask(platform), ask(operator)

    assert invalid["status"] == "INVALID" and invalid["fault"].startswith("Position 2: edited;")
    assert invalid["faultFoundAt"] == written_at(action="verify_audit_log")
    assert (own["status"], own["fault"], own["faultFoundAt"]) == ("PENDING", None, None)
    PluginAuditLog.objects.filter(position=2).update(reason=row.reason)
    upkeep.look_after_log()
    assert ask(platform)["status"] == "VERIFIED"


@pytest.mark.usefixtures("_without_triggers")
def test_a_checkpoint_by_an_unknown_key_is_not_trusted_and_one_that_was_damaged_is_a_fault(
    platform: GraphQLClient, settings: Any
) -> None:
    write_rows(1)
    retention.make_checkpoint()
    settings.WEBNET_AUDIT_KEYS = ["A" * 43 + "="]

    assert ask(platform)["checkpoint"]["isTrusted"] is False

    AuditCheckpoint.objects.update(text="{}")
    damaged = ask(platform)
    assert (damaged["status"], damaged["checkpoint"]) == ("INVALID", None)
    assert damaged["fault"] == "Checkpoint 1: edited; its text can't be read."


def test_who_may_read_a_customers_rows_learns_how_far_its_chain_was_verified_and_nothing_of_others(
    operator: GraphQLClient, platform: GraphQLClient, acme: Customer
) -> None:
    write_rows(6, customers=[acme, make_customer("globex"), None])
    retention.make_checkpoint()
    write_rows(3, customers=[make_customer("initech")])
    retention.make_checkpoint()
    write_rows(2, customers=[acme, None])

    own = ask(operator)

    assert (own["status"], own["unverifiedRowCount"], own["checkpoint"]) == ("VERIFIED", 1, None)
    assert own["verifiedUntil"] == written_at(chain=str(acme.pk), sequence=2)
    # The second checkpoint has verified that nothing was added to the chain.
    assert own["verifiedAt"] == ask(platform)["verifiedAt"]
    assert ask(platform, "acme") == own
    assert own["id"] not in (ask(platform)["id"], ask(platform, "globex")["id"])


def test_it_is_null_for_those_who_may_not_read_the_rows(acme: Customer, operator: GraphQLClient) -> None:
    write_rows(1, customers=[make_customer("globex")])
    viewer = GraphQLClient.of(make_member("vera", acme, Role.VIEWER))

    assert [ask(viewer), ask(viewer, "acme"), ask(viewer.at("acme"))] == [None, None, None]
    assert [ask(operator.at(None)), ask(operator, "globex"), ask(operator, "absent")] == [None, None, None]


@pytest.mark.parametrize("customer", [None, "acme"])
def test_its_statements_do_not_grow_with_the_log(platform: GraphQLClient, acme: Customer, customer: str | None) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            ask(platform, customer)
        return len(found)

    write_rows(2, customers=[None, acme])
    retention.make_checkpoint()
    write_rows(2, customers=[None, acme])
    count()
    few = count()
    for _ in range(5):
        write_rows(10, customers=[None, acme])
        retention.make_checkpoint()
    write_rows(2, customers=[None, acme])

    assert count() == few
    assert AuditHead.objects.exists()

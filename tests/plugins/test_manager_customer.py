"""One customer's choices, and what is offered to it."""

import pytest

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.audit.models import Generation, PluginAuditLog
from webnet.customers.access import Role
from webnet.errors import DependencyRefusal, HookFailed, NotFound, PermissionDenied, PluginUnavailable
from webnet.plugins.base import PluginBase
from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.gate.effective import customer_state
from webnet.plugins.gate.rules import IneffectiveCode
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig

pytestmark = pytest.mark.django_db


class Inventory(PluginBase):
    name = "inventory"
    version = "1.0"


class Sites(PluginBase):
    name = "sites"
    version = "2.0"
    dependencies = ("inventory>=1",)


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def acme():
    return make_customer("acme")


@pytest.fixture
def globex():
    return make_customer("globex")


@pytest.fixture
def ann(acme):
    """An operator of acme."""
    return actor_for(make_member("ann", acme, Role.OPERATOR))


def token_of(customer):
    return Generation.objects.get(customer=customer).token


def effective(customer):
    customer.refresh_from_db()
    return customer_state(customer).effective


def test_a_choice_counts_for_its_customer_alone_and_at_once(install, operator, ann, acme, globex):
    install(Inventory(), enabled=True)
    before, others = token_of(acme), token_of(globex)

    change = manager.enable("inventory", actor=ann, customer="acme")

    assert change.changed and effective(acme) == {"inventory"} and effective(globex) == frozenset()
    assert token_of(acme) != before and token_of(globex) == others
    row = PluginAuditLog.objects.latest("position")
    assert (row.action, row.customer_slug, row.role, row.sequence) == ("enable_customer_plugin", "acme", "operator", 1)


def test_the_same_choice_again_writes_nothing(install, ann, acme):
    install(Inventory(), enabled=True)
    manager.enable("inventory", actor=ann, customer="acme")
    token, rows = token_of(acme), PluginAuditLog.objects.count()

    change = manager.enable("inventory", actor=ann, customer="acme")

    assert not change.changed and (token_of(acme), PluginAuditLog.objects.count()) == (token, rows)


def test_a_foreign_customer_is_refused_like_a_missing_one(install, ann, globex):
    install(Inventory(), enabled=True)
    said = []
    for slug in ("globex", "nowhere"):
        with pytest.raises(NotFound) as refused:
            manager.enable("inventory", actor=ann, customer=slug)
        row = PluginAuditLog.objects.latest("position")
        said.append((refused.value.code, refused.value.message.replace(slug, "…"), row.chain, row.customer_slug))

    assert said[0] == said[1] and said[0][2] == "platform"


def test_a_viewer_may_not_choose(install, acme):
    install(Inventory(), enabled=True)
    viewer = actor_for(make_member("vic", acme))

    with pytest.raises(PermissionDenied) as refused:
        manager.enable("inventory", actor=viewer, customer="acme")

    assert (refused.value.code, refused.value.required_role) == ("ROLE_TOO_LOW", "operator")
    assert PluginAuditLog.objects.latest("position").customer_slug == "acme"


@pytest.mark.parametrize("availability", [Availability.OFFERED, Availability.WITHHELD])
def test_what_is_off_or_withheld_does_not_exist_for_the_customers_people(install, operator, ann, acme, availability):
    install(Inventory(), enabled=availability == Availability.WITHHELD)
    manager.set_availability("inventory", actor=operator, availability=availability)

    with pytest.raises(NotFound):
        manager.enable("inventory", actor=ann, customer="acme")


def test_the_operator_is_told_why_it_can_not_be_enabled(install, operator, acme):
    install(Inventory())

    with pytest.raises(PluginUnavailable) as disabled:
        manager.enable("inventory", actor=operator, customer="acme")
    manager.enable("inventory", actor=operator, availability=Availability.WITHHELD)
    with pytest.raises(PermissionDenied) as withheld:
        manager.enable("inventory", actor=operator, customer="acme")

    assert (disabled.value.code, withheld.value.code) == ("PLUGIN_DISABLED", "AVAILABILITY")


def test_a_required_plugin_is_on_and_can_not_be_switched_off(install, operator, ann, acme):
    install(Inventory(), enabled=True)
    manager.set_availability("inventory", actor=operator, availability=Availability.REQUIRED, customer="acme")

    assert effective(acme) == {"inventory"}
    with pytest.raises(PermissionDenied) as refused:
        manager.disable("inventory", actor=ann, customer="acme")

    assert refused.value.code == "AVAILABILITY" and effective(acme) == {"inventory"}


def test_reset_lets_the_availability_decide_again(install, operator, ann, acme):
    install(Inventory(), enabled=True)
    manager.set_availability("inventory", actor=operator, availability=Availability.DEFAULT_ON)
    manager.disable("inventory", actor=ann, customer="acme")
    assert effective(acme) == frozenset()

    change = manager.reset("inventory", actor=ann, customer="acme")

    assert change.changed and effective(acme) == {"inventory"}
    assert CustomerPluginConfig.objects.get().enabled is None


def test_a_dependency_blocks_until_it_is_enabled_with_it(install, ann, acme):
    install(Inventory(), Sites(), enabled=True)

    with pytest.raises(DependencyRefusal) as refused:
        manager.enable("sites", actor=ann, customer="acme")
    change = manager.enable("sites", actor=ann, customer="acme", with_dependencies=True)

    assert refused.value.message == "'sites' needs 'inventory', which is disabled for 'acme'."
    assert change.also == ("inventory",) and effective(acme) == {"inventory", "sites"}


def test_a_dependent_blocks_until_it_is_disabled_with_it(install, ann, acme):
    install(Inventory(), Sites(), enabled=True)
    manager.enable("sites", actor=ann, customer="acme", with_dependencies=True)

    with pytest.raises(DependencyRefusal):
        manager.disable("inventory", actor=ann, customer="acme")
    change = manager.disable("inventory", actor=ann, customer="acme", with_dependents=True)

    assert change.also == ("sites",) and effective(acme) == frozenset()


def test_hooks_run_when_a_plugin_goes_on_or_off_and_not_when_only_the_choice_changes(install, operator, ann, acme):
    calls = []

    class Telling(Inventory):
        def on_enable(self, context):
            calls.append(("on", context.customer.slug if context.customer else None))

        def on_disable(self, context):
            calls.append(("off", context.customer.slug if context.customer else None))

    install(Telling(), enabled=True)
    manager.set_availability("inventory", actor=operator, availability=Availability.DEFAULT_ON)
    manager.enable("inventory", actor=ann, customer="acme")
    manager.disable("inventory", actor=ann, customer="acme")

    assert calls == [(("off"), "acme")]


def test_a_failing_hook_leaves_the_choice_as_it_was(install, ann, acme):
    class Grumpy(Inventory):
        def on_enable(self, context):
            if context.customer:
                raise RuntimeError

    install(Grumpy(), enabled=True)

    with pytest.raises(HookFailed):
        manager.enable("inventory", actor=ann, customer="acme")

    assert not CustomerPluginConfig.objects.exists()
    row = PluginAuditLog.objects.latest("position")
    assert (row.outcome, row.error_code, row.customer_slug) == ("failed", "HOOK_FAILED", "acme")


def test_a_batch_gives_each_customer_its_own_outcome(install, operator, acme, globex):
    install(Inventory(), enabled=True)
    manager.set_availability("inventory", actor=operator, availability=Availability.WITHHELD, customer="globex")

    outcomes = manager.apply_to_customers(
        "inventory", actor=operator, customers=["acme", "globex", "nowhere"], action=PlanAction.ENABLE
    )

    codes = [outcome.refusal.code if outcome.refusal else "changed" for outcome in outcomes]
    assert codes == ["changed", "AVAILABILITY", "CUSTOMER_NOT_FOUND"] and effective(acme) == {"inventory"}


def test_the_gate_says_why_a_plugin_is_not_effective(install, operator, acme):
    install(Inventory(), Sites(), enabled=True)
    state = customer_state(acme)

    codes = [reason.code for reason in state.reasons("sites")]

    assert codes == [IneffectiveCode.NOT_SWITCHED_ON, IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE]


def test_a_plan_tells_the_steps_and_changes_nothing(install, operator, ann, acme, globex):
    install(Inventory(), Sites(), enabled=True)

    plan = manager.plan("sites", actor=ann, customer="acme", action=PlanAction.ENABLE)

    assert [(step.plugin, step.action) for step in plan.steps] == [("inventory", "enable"), ("sites", "enable")]
    assert plan.affected_customer_count == 1 and not CustomerPluginConfig.objects.exists()


def test_a_global_plan_counts_the_customers_that_would_notice(install, operator, acme, globex):
    install(Inventory(), Sites(), enabled=True)
    manager.enable("sites", actor=operator, customer="acme", with_dependencies=True)

    plan = manager.plan("inventory", actor=operator, action=PlanAction.DISABLE)

    assert [step.plugin for step in plan.steps] == ["sites", "inventory"] and plan.affected_customer_count == 1


def test_a_plan_carries_the_refusal_instead_of_steps(install, ann, acme):
    install(Inventory())

    plan = manager.plan("inventory", actor=ann, action=PlanAction.ENABLE)

    assert plan.steps == () and plan.refusal.code == "OPERATORS_ONLY"


@pytest.mark.parametrize("availability", [Availability.OFFERED, Availability.REQUIRED, Availability.DEFAULT_ON, None])
def test_a_plugin_that_was_withheld_can_be_offered_again(install, operator, ann, acme, availability):
    install(Inventory(), enabled=True)
    manager.enable("inventory", actor=ann, customer="acme")
    manager.set_availability("inventory", actor=operator, customer="acme", availability=Availability.WITHHELD)

    manager.set_availability("inventory", actor=operator, customer="acme", availability=availability)

    assert effective(acme) == {"inventory"}


def test_what_is_withheld_can_not_be_switched_on(install, operator, ann, acme):
    install(Inventory(), enabled=True)
    manager.enable("inventory", actor=ann, customer="acme")
    manager.set_availability("inventory", actor=operator, customer="acme", availability=Availability.WITHHELD)

    with pytest.raises(PermissionDenied, match="is withheld from 'acme'; set its availability first"):
        manager.enable("inventory", actor=operator, customer="acme")

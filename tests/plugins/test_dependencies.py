"""What plugins need of each other, on stored state: plans, refusals, and what happens when a need stops being met."""

import pytest

from tests.factories import actor_for, make_customer, make_operator
from webnet.audit.models import Generation, PluginAuditLog
from webnet.customers.access import Actor
from webnet.errors import DependencyRefusal
from webnet.plugins.base import PluginBase
from webnet.plugins.changes.plans import PlanAction
from webnet.plugins.gate.effective import IneffectiveCode, customer_state, effective_customers, platform_state
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig

pytestmark = pytest.mark.django_db(transaction=True)


def plugin(name, version="1.0", *needs, **members):
    """A throw-away plugin of that version with those needs."""
    return type(name, (PluginBase,), {"name": name, "version": version, "dependencies": needs, **members})()


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def chain(install):
    """`maps` needs `sites`, which needs `inventory`; nothing is enabled."""
    install(plugin("maps", "1.0", "sites"), plugin("sites", "1.0", "inventory>=1,<2"), plugin("inventory"))


def enable_for(operator, *slugs):
    manager.enable("maps", actor=operator, with_dependencies=True)
    for slug in slugs:
        manager.enable("maps", actor=operator, customer=slug, with_dependencies=True)


def switched_on():
    return set(PluginConfig.objects.filter(enabled=True).values_list("name", flat=True))


def test_every_need_that_can_not_be_met_is_named_with_its_way_there(install, operator):
    install(plugin("maps", "1.0", "sites", "tiles>=3", "ghost"), plugin("sites", "1.0", "phantom"), plugin("tiles"))

    with pytest.raises(DependencyRefusal) as refused:
        manager.enable("maps", actor=operator, with_dependencies=True)

    assert refused.value.plugins == ("tiles", "ghost", "phantom")
    assert refused.value.code == "DEPENDENCY_VERSION"
    assert refused.value.message == (
        "'maps' needs 'tiles' in version >=3, but version 1.0 is installed. 'maps' needs 'ghost', which is not "
        "installed. 'maps' needs 'sites', which needs 'phantom', which is not installed."
    )


def test_a_cycle_is_named_in_full(install, operator):
    install(plugin("a", "1.0", "b"), plugin("b", "1.0", "c"), plugin("c", "1.0", "a"))

    plan = manager.plan("a", actor=operator, action=PlanAction.ENABLE)

    assert plan.refusal.code == "DEPENDENCY_CYCLE"
    assert set(plan.refusal.plugins) == {"a", "b", "c"}
    assert "'a' needs 'b', which needs 'c', which needs 'a'" in plan.refusal.message


@pytest.mark.parametrize("slug", [None, "acme"])
def test_the_plan_of_enabling_is_what_enabling_then_does(chain, operator, slug):
    make_customer("acme")
    if slug:
        PluginConfig.objects.update(enabled=True)

    plan = manager.plan("maps", actor=operator, customer=slug, action=PlanAction.ENABLE)
    rows = PluginAuditLog.objects.count()
    change = manager.enable("maps", actor=operator, customer=slug, with_dependencies=True)

    assert [step.plugin for step in plan.steps] == [*change.also, "maps"] == ["inventory", "sites", "maps"]
    assert plan.refusal is None
    assert PluginAuditLog.objects.count() == rows + 3


@pytest.mark.parametrize("slug", [None, "acme"])
def test_the_plan_of_disabling_is_what_disabling_then_does(chain, operator, slug):
    make_customer("acme")
    make_customer("globex")
    enable_for(operator, "acme", "globex")

    plan = manager.plan("inventory", actor=operator, customer=slug, action=PlanAction.DISABLE)
    change = manager.disable("inventory", actor=operator, customer=slug, with_dependents=True)

    assert [step.plugin for step in plan.steps] == [*change.also, "inventory"] == ["maps", "sites", "inventory"]
    assert plan.affected_customer_count == (1 if slug else 2)


def test_a_plan_changes_nothing(chain, operator):
    before = (PluginAuditLog.objects.count(), Generation.objects.get(customer=None).token)

    manager.plan("maps", actor=operator, action=PlanAction.ENABLE)

    assert (PluginAuditLog.objects.count(), Generation.objects.get(customer=None).token) == before


def test_a_plan_is_carried_out_whole_or_not_at_all(install, operator):
    def refuse(self, context):
        raise ValueError

    install(plugin("inventory"), plugin("sites", "1.0", "inventory", on_enable=refuse))

    with pytest.raises(Exception, match="on_enable"):
        manager.enable("sites", actor=operator, with_dependencies=True)

    assert switched_on() == set()
    assert [row.outcome for row in PluginAuditLog.objects.filter(action="enable_plugin")] == ["failed"]


def test_disabling_for_everybody_names_the_dependents_and_the_customers_that_use_them(chain, operator):
    for slug in ("acme", "globex", "idle"):
        make_customer(slug)
    make_customer("gone", is_active=False)
    enable_for(operator, "acme", "globex", "gone")

    with pytest.raises(DependencyRefusal) as refused:
        manager.disable("inventory", actor=operator)

    assert refused.value.plugins == ("sites", "maps")
    assert refused.value.code == "DEPENDENTS_ENABLED"
    assert (refused.value.customers, refused.value.customer_count) == (("acme", "globex"), 2)
    assert refused.value.message.endswith("It concerns 2 customers ('acme', 'globex').")
    assert switched_on() == {"inventory", "sites", "maps"}


def test_of_many_customers_the_first_20_are_named_and_all_are_counted(install, operator):
    install(plugin("inventory"), plugin("sites", "1.0", "inventory"))
    PluginConfig.objects.update(enabled=True, availability=Availability.DEFAULT_ON)
    for number in range(23):
        make_customer(f"c{number:02}")

    with pytest.raises(DependencyRefusal) as refused:
        manager.disable("inventory", actor=operator)

    assert refused.value.customers == tuple(f"c{number:02}" for number in range(20))
    assert refused.value.customer_count == 23
    assert "23 customers ('c00'," in refused.value.message
    assert "'c19', …)" in refused.value.message


def test_an_availability_that_would_break_customers_names_them(chain, operator):
    make_customer("acme")
    make_customer("globex")
    enable_for(operator, "globex")

    with pytest.raises(DependencyRefusal) as blocked:
        manager.set_availability("inventory", actor=operator, availability=Availability.WITHHELD)
    with pytest.raises(DependencyRefusal) as unmet:
        manager.set_availability("sites", actor=operator, availability=Availability.REQUIRED)

    assert blocked.value.customers == ("globex",)
    assert blocked.value.plugins == ("sites",)
    assert unmet.value.customers == ("acme",)
    assert unmet.value.plugins == ("inventory",)


def availabilities():
    return dict(PluginConfig.objects.values_list("name", "availability"))


@pytest.mark.parametrize("customers", [(), ("acme",)])
@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize("wanted", [Availability.DEFAULT_ON, Availability.REQUIRED])
def test_what_is_on_by_default_takes_its_whole_chain_along(chain, operator, wanted, enabled, customers):
    """Also without a customer, since one that comes later makes no choice either."""
    for slug in customers:
        make_customer(slug)
    PluginConfig.objects.update(enabled=enabled)

    change = manager.enable("maps", actor=operator, availability=wanted, with_dependencies=True)
    again = manager.enable("maps", actor=operator, availability=wanted, with_dependencies=True)

    assert (change.also, again.changed) == (("inventory", "sites"), False)
    assert availabilities() == dict.fromkeys(("maps", "sites", "inventory"), wanted)
    assert customer_state(make_customer("later")).effective == {"maps", "sites", "inventory"}


def test_nothing_is_lowered_or_raised_that_is_on_for_everybody_who_gets_it(chain, operator):
    make_customer("acme")
    PluginConfig.objects.filter(name="inventory").update(availability=Availability.REQUIRED)
    PluginConfig.objects.filter(name="sites").update(availability=Availability.DEFAULT_ON)

    manager.enable("maps", actor=operator, availability=Availability.REQUIRED, with_dependencies=True)

    assert availabilities() == {"maps": "required", "sites": "default_on", "inventory": "required"}


def test_a_required_plugin_requires_what_a_customer_has_switched_off(chain, operator):
    make_customer("acme")
    for name in ("inventory", "sites"):
        manager.enable(name, actor=operator, availability=Availability.DEFAULT_ON, with_dependencies=True)
    manager.disable("inventory", actor=operator, customer="acme", with_dependents=True)
    way_out = "Enable 'sites' for them, or set the availability of 'maps' for them, first."

    with pytest.raises(DependencyRefusal, match=rf"It concerns 1 customer \('acme'\)\. {way_out}$"):
        manager.enable("maps", actor=operator, availability=Availability.DEFAULT_ON, with_dependencies=True)
    manager.enable("maps", actor=operator, availability=Availability.REQUIRED, with_dependencies=True)

    assert availabilities() == dict.fromkeys(("maps", "sites", "inventory"), "required")


@pytest.mark.parametrize("cascade", [False, True])
def test_enabling_again_what_was_on_by_default_looks_at_its_dependencies(chain, operator, cascade):
    PluginConfig.objects.filter(name="maps").update(availability=Availability.DEFAULT_ON)
    PluginConfig.objects.exclude(name="maps").update(enabled=True)

    plan = manager.plan("maps", actor=operator, action=PlanAction.ENABLE)
    try:
        manager.enable("maps", actor=operator, with_dependencies=cascade)
    except DependencyRefusal as refusal:
        told = refusal.message

    assert [step.plugin for step in plan.steps] == ["inventory", "sites", "maps"]
    if cascade:
        assert availabilities() == dict.fromkeys(("maps", "sites", "inventory"), "default_on")
    else:
        assert told == (
            "'maps' needs 'sites', which is not on for every customer that would get it. Enable 'maps' with its "
            "dependencies, or set the availability of 'sites' to DEFAULT_ON first."
        )


@pytest.mark.parametrize("cascade", [False, True])
def test_what_is_withheld_is_not_taken_along_and_named_with_the_way_out(chain, operator, cascade):
    make_customer("acme")
    PluginConfig.objects.update(enabled=True)
    PluginConfig.objects.filter(name="sites").update(availability=Availability.WITHHELD)

    with pytest.raises(DependencyRefusal) as refused:
        manager.enable("maps", actor=operator, availability=Availability.DEFAULT_ON, with_dependencies=cascade)

    assert refused.value.message == (
        "'maps' needs 'sites', which is not on for every customer that would get it. It concerns 1 customer ('acme'). "
        "Set the availability of 'sites' to DEFAULT_ON first."
    )
    assert "offered" in availabilities().values(), "nothing is changed by a refusal"


def test_each_way_out_of_setting_an_availability_is_one(chain, operator):
    """Followed to the letter, for everybody and for one customer, up and down."""
    make_customer("acme")
    PluginConfig.objects.update(enabled=True)

    def refusal(plugin, availability, **where):
        with pytest.raises(DependencyRefusal) as refused:
            manager.set_availability(plugin, actor=operator, availability=availability, **where)
        return refused.value.message

    up = refusal("sites", Availability.DEFAULT_ON)
    manager.set_availability("inventory", actor=operator, availability=Availability.DEFAULT_ON)
    manager.set_availability("sites", actor=operator, availability=Availability.DEFAULT_ON)
    down = refusal("inventory", Availability.OFFERED)
    manager.set_availability("sites", actor=operator, availability=Availability.OFFERED)
    manager.set_availability("inventory", actor=operator, availability=Availability.OFFERED)
    one_up = refusal("sites", Availability.DEFAULT_ON, customer="acme")
    manager.enable("inventory", actor=operator, customer="acme")
    manager.set_availability("sites", actor=operator, availability=Availability.DEFAULT_ON, customer="acme")
    one_down = refusal("inventory", Availability.WITHHELD, customer="acme")
    manager.disable("sites", actor=operator, customer="acme")
    manager.set_availability("inventory", actor=operator, availability=Availability.WITHHELD, customer="acme")

    assert up.endswith("with its dependencies, or set the availability of 'inventory' to DEFAULT_ON first.")
    assert down.endswith(
        "which is on by default. It concerns 1 customer ('acme'). Set the availability of 'sites' to OFFERED first."
    )
    assert one_up.endswith("Enable 'inventory' for 'acme' first.")
    assert one_down.endswith("Disable 'sites' for 'acme' first.")


def test_a_dependency_is_not_lowered_below_what_is_on_by_default_even_without_customers(chain, operator):
    manager.enable("sites", actor=operator, availability=Availability.DEFAULT_ON, with_dependencies=True)

    with pytest.raises(DependencyRefusal, match=r"which is on by default\. Set the availability of 'sites' to OFFERED"):
        manager.set_availability("inventory", actor=operator, availability=Availability.OFFERED)


def test_disabling_for_one_customer_names_the_dependents_and_that_customer(chain, operator):
    make_customer("acme")
    enable_for(operator, "acme")

    with pytest.raises(DependencyRefusal) as refused:
        manager.disable("inventory", actor=operator, customer="acme")

    assert refused.value.plugins == ("sites", "maps")
    assert "for 'acme'" in refused.value.message


@pytest.mark.parametrize("enabled", [True, False])
def test_the_platform_says_why_a_plugin_is_effective_for_nobody_and_only_then(install, enabled):
    """`maps` needs `sites`, which needs what is not installed; `rings` need each other, and `tiles` need nothing."""
    install(
        *(
            plugin("maps", "1.0", "sites"),
            plugin("sites", "1.0", "ghost"),
            plugin("tiles"),
            plugin("old", "1.0", "tiles>2"),
        ),
        *(plugin("ring_a", "1.0", "ring_b"), plugin("ring_b", "1.0", "ring_a")),
        enabled=enabled,
    )

    state = platform_state()

    found = {name: [each.message for each in state.reasons(name)] for name in state.plugins}
    off = {name: [] if enabled else [f"'{name}' is disabled for everybody."] for name in found}
    assert found == {
        "maps": [*off["maps"], "'maps' needs 'sites', which is not effective for anybody."],
        "sites": [*off["sites"], "'sites' needs 'ghost', which is not installed."],
        "tiles": off["tiles"],
        "old": [
            *off["old"],
            "'old' needs 'tiles>2', which is 1.0.",
            *([] if enabled else ["'old' needs 'tiles', which is not effective for anybody."]),
        ],
        "ring_a": [*off["ring_a"], "'ring_a' needs 'ring_b', which needs 'ring_a': remove one of these dependencies."],
        "ring_b": [*off["ring_b"], "'ring_b' needs 'ring_a', which needs 'ring_b': remove one of these dependencies."],
    }
    assert {name for name in found if state.needed_by(name) is None} == {name for name, why in found.items() if why}


def test_what_is_not_satisfied_any_more_is_not_effective_and_comes_back_by_itself(chain, registered, operator):
    acme = make_customer("acme")
    enable_for(operator, "acme")
    assert customer_state(acme).effective == {"inventory", "sites", "maps"}

    for version, effective in (("2.0", {"inventory"}), ("2.1", {"inventory"})):
        registered(
            plugin("maps", "1.0", "sites"), plugin("sites", "1.0", "inventory>=1,<2"), plugin("inventory", version)
        )
        manager.sync(actor=Actor.system("tests"))
        state = customer_state(fresh(acme))
        assert state.effective == effective
        (reason,) = state.reasons("sites")
        assert reason.code == IneffectiveCode.DEPENDENCY_NOT_EFFECTIVE
        assert reason.message == f"'sites' needs 'inventory>=1,<2', which is {version}."
        assert [r.message for r in state.reasons("maps")] == [
            "'maps' needs 'sites', which is not effective for 'acme'."
        ]
        assert not effective_customers("maps").exists()

    registered(plugin("maps", "1.0", "sites"), plugin("sites", "1.1", "inventory>=1,<3"), plugin("inventory", "2.1"))
    manager.sync(actor=Actor.system("tests"))

    assert customer_state(fresh(acme)).effective == {"inventory", "sites", "maps"}
    assert set(effective_customers("maps")) == {acme}


def test_a_dependency_that_is_gone_is_told_and_its_return_mends_all(chain, registered, operator):
    acme = make_customer("acme")
    enable_for(operator, "acme")
    choices = list(CustomerPluginConfig.objects.order_by("pk").values_list("plugin__name", "enabled"))
    registered(plugin("maps", "1.0", "sites"), plugin("sites", "1.0", "inventory>=1,<2"))

    manager.sync(actor=Actor.system("tests"))
    state = customer_state(fresh(acme))
    registered(plugin("maps", "1.0", "sites"), plugin("sites", "1.0", "inventory>=1,<2"), plugin("inventory"))
    manager.sync(actor=Actor.system("tests"))

    assert state.effective == set()
    assert state.reasons("inventory")[0].code == IneffectiveCode.NOT_RUNNABLE
    assert customer_state(fresh(acme)).effective == {"inventory", "sites", "maps"}
    assert list(CustomerPluginConfig.objects.order_by("pk").values_list("plugin__name", "enabled")) == choices


def fresh(customer):
    return type(customer).objects.select_related("generation").get(pk=customer.pk)

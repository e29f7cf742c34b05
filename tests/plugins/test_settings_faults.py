"""Global changes that customers' settings do not fit: refused with their names, or allowed and kept out by the gate."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import actor_for, make_customer, make_member, make_operator
from webnet.audit import operation
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import renew_platform
from webnet.customers.access import Actor, Role, visible_customers
from webnet.errors import InvalidSettings
from webnet.plugins.base import PluginBase
from webnet.plugins.gate.effective import customer_states, effective_customers, platform_state
from webnet.plugins.manager import manager
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig
from webnet.plugins.schema import validator
from webnet.plugins.schema.settings_schema import TOO_COSTLY
from webnet.plugins.settings import validity

pytestmark = pytest.mark.django_db(transaction=True)

# What a customer may ask for depends on what the platform has: each half is fine alone.
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "mode": {"enum": ["small", "large"], "default": "large"},
        "size": {"type": "integer", "default": 1},
        "quota": {"type": "integer", "x-webnet-scope": "platform"},
        "key": {"type": "string", "writeOnly": True},
    },
    "if": {"properties": {"mode": {"const": "small"}}},
    "then": {"properties": {"size": {"maximum": 10}}},
}


class Boxes(PluginBase):
    name = "boxes"
    version = "1.0"
    schema = SCHEMA

    def get_settings_schema(self):
        return self.schema


@pytest.fixture
def operator():
    return actor_for(make_operator())


@pytest.fixture
def boxes(install):
    install(Boxes(), enabled=True)
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    renew_platform()


def update(actor, patch, **more):
    return manager.update_settings("boxes", actor=actor, patch=patch, **more)


def reasons(slug):
    """Of one customer; fails where the gate in Python and the gate in SQL disagree on anybody."""
    everybody = list(visible_customers(Actor.system("tests")))
    states = customer_states(everybody, platform_state())
    in_python = {customer.slug for customer in everybody if "boxes" in states[customer.pk].effective}
    assert in_python == set(effective_customers("boxes").values_list("slug", flat=True))
    (state,) = (states[customer.pk] for customer in everybody if customer.slug == slug)
    return [(reason.code.value, reason.message) for reason in state.reasons("boxes")]


def test_a_global_change_that_customers_do_not_fit_is_refused_and_names_the_first_20_and_the_count(boxes, operator):
    for number in range(23):
        make_customer(f"c{number:02}")
        update(operator, {"size": 11}, customer=f"c{number:02}")
    make_customer("fits")
    update(operator, {"size": 10}, customer="fits")

    with pytest.raises(InvalidSettings) as refused:
        update(operator, {"mode": "small"})

    assert refused.value.customers == tuple(f"c{number:02}" for number in range(20))
    assert refused.value.customer_count == 23
    assert [(issue.path, issue.message) for issue in refused.value.issues] == [("/size", "must be 10 or less")]
    assert "those of 23 customers ('c00', 'c01'" in refused.value.message
    assert PluginConfig.objects.get().settings == {}
    assert reasons("c00") == []


def test_a_plan_of_it_is_refused_in_the_same_way_and_changes_nothing(boxes, operator):
    make_customer("acme")
    update(operator, {"size": 11}, customer="acme")
    rows = PluginAuditLog.objects.count()

    planned = manager.plan_settings("boxes", actor=operator, patch={"mode": "small"})
    allowed = manager.plan_settings("boxes", actor=operator, patch={"mode": "small"}, allow_invalid=True)

    with pytest.raises(InvalidSettings) as refused:
        update(operator, {"mode": "small"})
    assert (planned.refusal.message, planned.refusal.customers) == (refused.value.message, ("acme",))
    assert [change.path for change in planned.changes] == [change.path for change in allowed.changes] == ["/mode"]
    assert allowed.refusal is None
    assert PluginConfig.objects.get().settings == {}
    assert PluginAuditLog.objects.count() == rows + 1
    assert reasons("acme") == []


def test_allowed_all_the_same_it_is_not_effective_for_those_until_theirs_fit_again(boxes, operator):
    for slug in ("acme", "beta", "gamma"):
        make_customer(slug)
    update(operator, {"size": 11}, customer="acme")
    update(operator, {"size": 11}, customer="beta")

    update(operator, {"mode": "small"}, allow_invalid=True)

    message = "The settings of 'boxes' do not fit its schema: /size must be 10 or less."
    assert reasons("acme") == reasons("beta") == [("invalid_settings", message)]
    assert reasons("gamma") == []

    update(operator, {"size": 9}, customer="acme")
    assert reasons("acme") == []
    assert reasons("beta") != []
    update(operator, {"mode": "large"})
    assert reasons("beta") == []


def test_a_customer_that_did_not_fit_before_is_no_reason_to_refuse(boxes, operator):
    make_customer("acme")
    update(operator, {"size": 11}, customer="acme")
    update(operator, {"mode": "small"}, allow_invalid=True)

    update(operator, {"quota": 5})

    assert reasons("acme") != []
    assert PluginConfig.objects.get().settings == {"mode": "small", "quota": 5}


def test_global_settings_that_do_not_fit_keep_those_out_who_do_not_override(boxes, operator):
    make_customer("acme")
    make_customer("beta")
    update(operator, {"size": 3}, customer="beta")

    update(operator, {"mode": "small", "size": 99}, allow_invalid=True)

    assert reasons("acme")[0][0] == "invalid_settings"
    assert reasons("beta") == []
    update(operator, {"size": 1})
    assert reasons("acme") == []


def test_customers_are_not_told_of_what_is_the_platforms(boxes, operator):
    acme = make_customer("acme")
    ann = actor_for(make_member("ann", acme, Role.ADMIN))
    update(operator, {"quota": "many"}, allow_invalid=True)

    assert "quota" not in reasons("acme")[0][1]
    with pytest.raises(InvalidSettings) as refused:
        update(ann, {"size": 2}, customer="acme")
    assert [issue.path for issue in refused.value.issues] == [""]
    with pytest.raises(InvalidSettings) as refused:
        update(operator, {"size": 2}, customer="acme")
    assert [issue.path for issue in refused.value.issues] == ["/quota"]


@pytest.mark.parametrize("patch", [{"size": float("nan")}, {"key": "\ud800"}, {"mode": "\0"}, {"size": 2**63}])
def test_what_can_not_be_stored_is_refused_also_when_invalid_is_allowed(boxes, operator, patch):
    with pytest.raises(InvalidSettings):
        update(operator, patch, allow_invalid=True)


def test_only_customers_with_an_override_are_checked_and_all_before_the_lock(boxes, operator, monkeypatch):
    for slug in ("acme", "beta"):
        make_customer(slug)
    update(operator, {"size": 2}, customer="beta")
    seen = []
    validate, lock = validity._validate_over, operation.lock_platform
    monkeypatch.setattr(
        validity,
        "_validate_over",
        lambda schema, below, config, *, plugin: (
            seen.append(config.customer.slug) or validate(schema, below, config, plugin=plugin)
        ),
    )
    monkeypatch.setattr(operation, "lock_platform", lambda: seen.append("lock") or lock())

    update(operator, {"mode": "small"})

    assert seen == ["beta", "lock"]


def test_who_changed_since_is_checked_again_inside_the_lock(boxes, operator, monkeypatch):
    for slug in ("acme", "beta"):
        make_customer(slug)
        update(operator, {"size": 2}, customer=slug)
    lock = operation.lock_platform

    def change_then_lock():
        config = CustomerPluginConfig.objects.get(customer__slug="acme")
        config.settings, config.settings_revision = {"size": 11}, config.settings_revision + 1
        config.save()
        lock()

    monkeypatch.setattr(operation, "lock_platform", change_then_lock)
    with pytest.raises(InvalidSettings) as refused:
        update(operator, {"mode": "small"})

    assert refused.value.customers == ("acme",)


def test_a_global_layer_that_changed_since_makes_the_look_ahead_worthless(boxes, operator, monkeypatch):
    make_customer("acme")
    update(operator, {"size": 11}, customer="acme")
    lock = operation.lock_platform

    def change_then_lock():
        PluginConfig.objects.update(settings={"mode": "small"}, settings_revision=1)
        lock()

    monkeypatch.setattr(operation, "lock_platform", change_then_lock)
    with pytest.raises(InvalidSettings):
        update(operator, {"quota": 5})


def test_a_sync_with_another_schema_checks_everybody_and_one_with_the_same_nobody(
    boxes, install, operator, monkeypatch
):
    for slug in ("acme", "beta"):
        make_customer(slug)
    update(operator, {"size": 5}, customer="acme")
    stricter = {**SCHEMA, "properties": {**SCHEMA["properties"], "size": {"type": "integer", "maximum": 4}}}

    install(type("Newer", (Boxes,), {"schema": stricter})())
    assert reasons("acme")[0][0] == "invalid_settings"
    assert reasons("beta") == []
    install(Boxes())
    assert reasons("acme") == []
    monkeypatch.setattr(validity, "find_issues", None)
    manager.sync(actor=operator)


def test_what_is_required_and_not_set_keeps_the_plugin_off_until_it_is(install, operator):
    needy = {**SCHEMA, "required": ["key"]}
    install(type("Needy", (Boxes,), {"schema": needy})(), enabled=True)
    PluginConfig.objects.update(availability=Availability.REQUIRED)
    renew_platform()
    for slug in ("acme", "beta"):
        make_customer(slug)

    assert reasons("acme") == [("invalid_settings", "The settings of 'boxes' do not fit its schema: /key is required.")]
    update(operator, {"key": "k"}, customer="acme")
    assert reasons("acme") == []
    assert reasons("beta") != []
    update(operator, {"key": "k"})
    assert reasons("beta") == []


def test_overrides_are_read_once_before_the_lock_and_without_their_settings_inside_it(boxes, operator):
    for slug in ("acme", "beta", "gamma"):
        make_customer(slug)
        update(operator, {"size": 2}, customer=slug)

    with CaptureQueriesContext(connection) as queries:
        update(operator, {"mode": "small"})

    table = CustomerPluginConfig._meta.db_table
    reads = [query["sql"] for query in queries if f'FROM "{table}"' in query["sql"]]
    assert [f'"{table}"."secrets",' in sql for sql in reads] == [True, False]


def test_a_plugin_without_a_schema_by_now_can_inherit_everything_again(boxes, install, operator):
    make_customer("acme")
    update(operator, {"size": 2}, customer="acme")
    update(operator, {"quota": 5})
    install(type("Bare", (Boxes,), {"schema": None})())

    manager.revert_settings("boxes", actor=operator, revision=0)

    assert PluginConfig.objects.get().settings == {}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({f"k{index}": index for index in range(10_000)}, "have more than 10,000 values"),
        ({"size": {"x" * 201: 1}}, "have a member whose name is longer than 200 characters"),
        ({"key": "x" * 300_000}, "have more than 262,144 characters"),
    ],
)
def test_settings_have_a_size(install, operator, values, message):
    install(Boxes(), enabled=True)

    with pytest.raises(InvalidSettings) as refused:
        update(operator, values)

    assert [issue.message for issue in refused.value.issues] == [message]


def test_settings_do_not_grow_beyond_their_size_patch_by_patch(install, operator):
    install(type("Growing", (Boxes,), {"schema": {}})(), enabled=True)
    update(operator, {f"a{index}": index for index in range(6_000)})

    with pytest.raises(InvalidSettings):
        update(operator, {f"b{index}": index for index in range(6_000)}, allow_invalid=True)


def test_settings_that_take_too_long_to_check_are_a_fault_everywhere(install, operator, monkeypatch):
    install(Boxes(), enabled=True)
    make_customer("acme")
    monkeypatch.setattr(validator, "MAXIMUM_STEPS", 3)

    with pytest.raises(InvalidSettings) as refused:
        update(operator, {"size": 2})
    update(operator, {"size": 2}, allow_invalid=True)

    assert [issue.message for issue in refused.value.issues] == [TOO_COSTLY[0].message]
    assert "take too long to check" in PluginConfig.objects.get().settings_fault

"""Each change of a customer's availability or choice, from each state, against a table: what it does, or why not."""

from __future__ import annotations

from itertools import product

import pytest

from webnet.customers.models import Customer
from webnet.errors import WebnetError
from webnet.plugins.changes.availabilities import Choice
from webnet.plugins.changes.scopes import CustomerScope
from webnet.plugins.gate.rules import CustomerState, PlatformState
from webnet.plugins.models import Availability, CustomerPluginConfig, PluginConfig, PluginStatus

W, F, D, R = (
    each.value for each in (Availability.WITHHELD, Availability.OFFERED, Availability.DEFAULT_ON, Availability.REQUIRED)
)
CHOICES = (True, False, None)

# Whether a plugin that is enabled for everybody is on, by availability and choice.
IS_ON = {
    (W, True): False, (W, False): False, (W, None): False,
    (F, True): True,  (F, False): False, (F, None): False,
    (D, True): True,  (D, False): False, (D, None): True,
    (R, True): True,  (R, False): True,  (R, None): True,
}  # fmt: skip
# What becomes of a choice, by the availability and the choice that is made: `None` is accepted.
SWITCHING = {
    (W, True): "AVAILABILITY", (W, False): None, (W, None): None,
    (F, True): None, (F, False): None, (F, None): None,
    (D, True): None, (D, False): None, (D, None): None,
    (R, True): None, (R, False): "AVAILABILITY", (R, None): None,
}  # fmt: skip
# Where the plugin is disabled for everybody, only switching it on is refused.
SWITCHING_DISABLED = dict.fromkeys(product((W, F, D, R), CHOICES)) | dict.fromkeys(
    [(each, True) for each in (W, F, D, R)], "PLUGIN_DISABLED"
)


def make_scope(*, enabled: bool, plugins: str, own: str, choice: bool | None) -> CustomerScope:
    row = PluginConfig(name="ledger", enabled=enabled, availability=plugins, status=PluginStatus.LOADED, version="1.0")
    platform = PlatformState(token="t", plugins={"ledger": row}, unloaded={})
    customer = Customer(slug="acme")
    config = CustomerPluginConfig(customer=customer, plugin=row, availability=own, enabled=choice)
    return CustomerScope.of(CustomerState(customer=customer, platform=platform, rows={"ledger": config}))


def outcome_of(change) -> str | None:
    try:
        change()
    except WebnetError as error:
        return error.code
    return None


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize(("plugins", "own"), list(product((W, F, D, R), (W, F, D, R, ""))))
def test_any_availability_can_be_set_in_any_state(enabled: bool, plugins: str, own: str) -> None:
    for choice, wanted in product(CHOICES, (W, F, D, R, "")):
        scope = make_scope(enabled=enabled, plugins=plugins, own=own, choice=choice)
        change = Choice(plugin="ledger", enabled=choice, availability=wanted)

        refused = outcome_of(lambda: scope.check_availability(change))  # noqa: B023 - called at once

        assert refused is None, (choice, wanted)
        assert scope.is_on(change) == (enabled and IS_ON[wanted or plugins, choice]), (choice, wanted)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize(("plugins", "own"), list(product((W, F, D, R), (W, F, D, R, ""))))
def test_a_choice_can_be_made_in_the_states_of_the_table(enabled: bool, plugins: str, own: str) -> None:
    table = SWITCHING if enabled else SWITCHING_DISABLED
    for choice, wanted in product(CHOICES, CHOICES):
        scope = make_scope(enabled=enabled, plugins=plugins, own=own, choice=choice)
        change = Choice(plugin="ledger", enabled=wanted, availability=own)

        refused = outcome_of(lambda: scope.plan_switch(change, cascade=False))  # noqa: B023 - called at once

        assert refused == table[own or plugins, wanted], (choice, wanted)
        assert refused or scope.is_on(change) == (enabled and IS_ON[own or plugins, wanted]), (choice, wanted)


def test_a_choice_and_its_availability_can_be_set_at_once() -> None:
    for wanted, enabled in ((F, True), (D, True), (F, False)):
        scope = make_scope(enabled=True, plugins=F, own=R if enabled is False else W, choice=True)

        scope.plan_switch(Choice(plugin="ledger", enabled=enabled, availability=wanted), cascade=False)

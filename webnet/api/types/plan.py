"""What an action or a change of settings would do, to the schema and for customers as well."""

from __future__ import annotations

import strawberry

from webnet.api.declarations.fields import at_most, object_type
from webnet.api.declarations.refusals import Refusal
from webnet.api.declarations.sizes import MAXIMUM_PLUGINS, MAXIMUM_SETTINGS
from webnet.api.types.customer import Customer
from webnet.api.types.plugin import Plugin
from webnet.api.types.settings_history import ChangedSetting
from webnet.api.vocabulary.enums import PlanAction
from webnet.customers.models import Customer as CustomerRow
from webnet.customers.summary import MAXIMUM_NAMED
from webnet.plugins.kernel.parsing import MAXIMUM_ENTRIES
from webnet.plugins.models import PluginConfig
from webnet.plugins.settings.history import ChangedSetting as Changed


@object_type
class PlanStep:
    """One plugin's part of a plan.

    Attributes:
        plugin: The plugin that would change.
        action: What would be done with it.
    """

    plugin: PluginConfig = strawberry.field(graphql_type=Plugin)
    action: PlanAction


@object_type
class PluginPlan:
    """What an action would do, with dependencies or dependents included.

    Attributes:
        action: The action that was asked about.
        plugin: The plugin that was asked about; null if it does not exist, or the viewer may not see it.
        customer: The customer that was asked about; null if it was for everybody, or the viewer may not see it.
        steps: What would be done, in this order; empty if it would be refused.
        removed_types: The names of the types that would leave the schema that the viewer sees there. Sorted. For
            everybody, those of all plugins that would stop being effective for somebody.
        removed_fields: The fields of other types that would leave it, as schema coordinates such as `Query.sites`.
            Sorted.
        added_types: The names of the types that would come into it. Sorted. For everybody, those of all plugins that
            would start being effective for somebody.
        added_fields: The fields of other types that would come into it, as schema coordinates. Sorted.
        affected_customers: The first 20 of those customers, by slug.
        refusal: Why it would be refused; null if it would not.
    """

    action: PlanAction
    plugin: PluginConfig | None = strawberry.field(graphql_type=Plugin | None)
    customer: CustomerRow | None = strawberry.field(graphql_type=Customer | None)
    steps: list[PlanStep] = at_most(MAXIMUM_PLUGINS)
    affected_customer_count: int = strawberry.field(
        description="The number of the viewer's customers for whom some plugin starts or stops being effective."
    )
    affected_customers: list[CustomerRow] = at_most(MAXIMUM_NAMED, graphql_type=list[Customer])
    removed_types: list[str] = at_most(MAXIMUM_ENTRIES)
    removed_fields: list[str] = at_most(MAXIMUM_ENTRIES)
    added_types: list[str] = at_most(MAXIMUM_ENTRIES)
    added_fields: list[str] = at_most(MAXIMUM_ENTRIES)
    refusal: Refusal | None


@object_type
class PluginSettingsPlan:
    """What a change of settings would do.

    Attributes:
        plugin: The plugin that was asked about; null if it does not exist, or the viewer may not see it.
        customer: The customer that was asked about; null if it was for everybody, or the viewer may not see it.
        current_revision: The revision that the layer has now, for `expectedRevision`; null if the viewer may not change
            it.
        refusal: Why it would be refused; null if it would not.
    """

    plugin: PluginConfig | None = strawberry.field(graphql_type=Plugin | None)
    customer: CustomerRow | None = strawberry.field(graphql_type=Customer | None)
    changes: list[Changed] = at_most(
        MAXIMUM_SETTINGS,
        graphql_type=list[ChangedSetting],
        description=(
            "The values of this layer that would change, also if they are not valid; empty if nothing would, or if it "
            "would be refused before."
        ),
    )
    current_revision: int | None
    refusal: Refusal | None

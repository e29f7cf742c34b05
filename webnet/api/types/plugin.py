"""A plugin as the platform knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry
from django.templatetags.static import static
from strawberry.scalars import JSON

from webnet.api.declarations.connections import Connection, UncountedConnection, connection
from webnet.api.declarations.fields import at_most, field, object_type, row_type
from webnet.api.declarations.sizes import MAXIMUM_PLUGINS, MAXIMUM_REASONS, MAXIMUM_SETTINGS
from webnet.api.declarations.state_reads import StateRead
from webnet.api.paging.pages import Page, PageArguments
from webnet.api.request.context import Info
from webnet.api.resolvers import dependency_graph, histories, last_changes, listings, orders
from webnet.api.resolvers.filters import PluginFilter
from webnet.api.resolvers.settings_view import ShownSettings
from webnet.api.types.audit_log import PluginAuditLog
from webnet.api.types.customer_plugin_config import CustomerPluginConfig
from webnet.api.types.health import PluginHealth
from webnet.api.types.settings_history import SettingsChange
from webnet.api.values.contributions import PluginContributions
from webnet.api.values.references import PluginRef
from webnet.api.values.settings import SecretSetting, SettingSource
from webnet.api.vocabulary.enums import Availability, IneffectiveCode, PluginStatus
from webnet.api.vocabulary.node import Node, global_id
from webnet.api.vocabulary.scalars import Json
from webnet.audit.models import PluginAuditLog as AuditRow
from webnet.plugins import models
from webnet.plugins.kernel.identity import MAXIMUM_DEPENDENCIES, MAXIMUM_KEYWORDS, MAXIMUM_UPGRADE_NOTES
from webnet.plugins.registry import registry
from webnet.values.viewer_language import for_viewer


@object_type
class PluginDependency:
    """A plugin that another one needs.

    Attributes:
        name: The name of the plugin that is needed.
        specifier: The versions that will do, as a version specifier (PEP 440); empty if any will.
        is_satisfied: Whether the plugin is installed in one of these versions.
    """

    name: str
    specifier: str
    is_satisfied: bool

    @field(graphql_type="Plugin | None", reads=StateRead.ANYWHERE)
    def plugin(self, info: Info) -> models.PluginConfig | None:
        """The plugin that is needed; null if it is not installed, or the viewer may not see it."""
        return info.context.reading.find_plugin(self.name)


@object_type
class PluginDependencyLink:
    """A plugin, and one that it needs directly.

    Attributes:
        dependency: What it needs.
    """

    dependent: models.PluginConfig = strawberry.field(
        graphql_type=PluginRef, description="The plugin that needs the other one."
    )
    dependency: PluginDependency


@object_type
class UpgradeNote:
    """What to know before an upgrade to a version of a plugin.

    Attributes:
        version: The version (PEP 440).
        text: What to know, from the manifest.
    """

    version: str
    text: str


def show_globally(plugin: models.PluginConfig, info: Info) -> ShownSettings | None:
    """The global layer, for platform operators only."""
    return ShownSettings(plugin, sees_all=True) if info.context.actor.is_platform_operator else None


@row_type(models.PluginConfig, name="Plugin", filter=PluginFilter, order=orders.PLUGINS)
class Plugin(Node):
    """A plugin, as the platform knows it. Fields about other customers or the platform's internals are null for viewers
    who are not platform operators.

    Attributes:
        name: The name that identifies the plugin everywhere, such as "site_map"; it never changes.
        verbose_name: The name for people, such as "Site map".
        version: The installed version (PEP 440); null while the plugin has never loaded.
        author: Who wrote the plugin; empty if its manifest does not say.
        description: What the plugin is for, in a sentence.
        keywords: Words to find the plugin by, from its manifest.
        status: Whether the plugin's code can run here.
        synced_at: When the plugin's manifest was last read, at a start or by `syncPlugins`.
        enabled: Whether a platform operator has enabled it for everybody; customers can then make their own choice.
        availability: What customers may choose, unless one of them has an availability of its own.
        settings_revision: The number of changes of the global settings, for `expectedRevision`.
    """

    name: str
    verbose_name: str
    version: str | None
    author: str
    description: str
    keywords: list[str] = at_most(MAXIMUM_KEYWORDS)
    status: PluginStatus
    synced_at: datetime
    enabled: bool
    availability: Availability
    settings_revision: int

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def id(root: strawberry.Parent[models.PluginConfig]) -> strawberry.ID:
        """The global id."""
        return global_id("Plugin", root.name)

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def created_at(root: strawberry.Parent[models.PluginConfig]) -> datetime:
        """When the plugin was found for the first time."""
        return root.created_at

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def updated_at(root: strawberry.Parent[models.PluginConfig]) -> datetime:
        """The last change of what is stored of the plugin, its global choice, settings and pauses included; a sync
        that finds nothing new does not count.
        """
        return root.updated_at

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def licence(root: strawberry.Parent[models.PluginConfig]) -> str | None:
        """The licence as an SPDX expression, such as "MIT"; null if the manifest has none."""
        return root.licence or None

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def icon(root: strawberry.Parent[models.PluginConfig]) -> str | None:
        """The address of an image: a static file of this host, or an https address; null if the manifest has none."""
        icon = root.icon
        return (icon if icon.startswith("https://") else static(icon)) if icon else None

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def homepage(root: strawberry.Parent[models.PluginConfig]) -> str | None:
        """The https address of the plugin's home page; null if it has none."""
        return root.homepage or None

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def documentation(root: strawberry.Parent[models.PluginConfig]) -> str | None:
        """The https address of the plugin's documentation; null if it has none."""
        return root.documentation or None

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def support(root: strawberry.Parent[models.PluginConfig]) -> str | None:
        """Where to get help: an https or mailto address; null if the manifest has none."""
        return root.support or None

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def changelog(root: strawberry.Parent[models.PluginConfig]) -> str | None:
        """The https address of the plugin's list of changes; null if it has none."""
        return root.changelog or None

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def status_reason(root: strawberry.Parent[models.PluginConfig], info: Info) -> str | None:
        """Why the status is not LOADED, in a sentence; null if it is, and null for viewers who are not platform
        operators.
        """
        return for_viewer(root.status_reason) or None if info.context.actor.is_platform_operator else None

    @field(reads=StateRead.ANYWHERE)
    @staticmethod
    def status_traceback(root: strawberry.Parent[models.PluginConfig], info: Info) -> str | None:
        """The traceback of the reason; null if there is none, and for viewers who are not platform operators."""
        return root.status_traceback or None if info.context.actor.is_platform_operator else None

    @field(maximum=MAXIMUM_REASONS, reads=StateRead.ANYWHERE)
    @staticmethod
    def ineffective_reasons(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[str]:
        """Why the plugin is effective for nobody, whatever a customer chooses, in sentences. Empty if it depends on the
        customer: see `CustomerPluginConfig`.
        """
        return [for_viewer(reason.message) for reason in listings.reasons_for_everybody(info.context.reading, root)]

    @field(maximum=MAXIMUM_REASONS, reads=StateRead.ANYWHERE)
    @staticmethod
    def ineffective_codes(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[IneffectiveCode]:
        """The same reasons as codes for programs, in the same order as `ineffectiveReasons`."""
        return [reason.code for reason in listings.reasons_for_everybody(info.context.reading, root)]

    @field(graphql_type=list[PluginDependency], maximum=MAXIMUM_DEPENDENCIES, reads=StateRead.ANYWHERE)
    @staticmethod
    def dependencies(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[PluginDependency]:
        """The plugins that this one needs directly."""
        needed = listings.dependencies(info.context.reading, root)
        return [PluginDependency(name=n, specifier=s, is_satisfied=is_satisfied) for n, s, is_satisfied in needed]

    @field(graphql_type="list[Plugin]", maximum=MAXIMUM_PLUGINS, reads=StateRead.ANYWHERE)
    @staticmethod
    def dependents(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[models.PluginConfig]:
        """The plugins that need this one directly, by name."""
        return listings.dependents(info.context.reading, root)

    @field(graphql_type=list[PluginDependencyLink], maximum=MAXIMUM_PLUGINS, reads=StateRead.ANYWHERE)
    @staticmethod
    def dependency_graph(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[PluginDependencyLink]:
        """All that this plugin needs and all that need it, also through other plugins: one item for each pair, the
        nearest ones first.
        """
        return [
            PluginDependencyLink(
                dependent=link.dependent,
                dependency=PluginDependency(name=link.name, specifier=link.specifier, is_satisfied=link.is_satisfied),
            )
            for link in dependency_graph.dependency_graph(info.context.reading, root)
        ]

    @field(graphql_type=list[UpgradeNote], maximum=MAXIMUM_UPGRADE_NOTES, reads=StateRead.ANYWHERE)
    @staticmethod
    def upgrade_notes(root: strawberry.Parent[models.PluginConfig]) -> list[UpgradeNote]:
        """What to know before an upgrade, from the manifest of the installed version, the newest version first; empty
        while the plugin is not loaded.
        """
        entry = registry.find(root.name)
        notes = entry.manifest.upgrade_notes if entry is not None and entry.manifest is not None else ()
        return [UpgradeNote(version=note.version, text=str(note.text)) for note in notes]

    @field(graphql_type=JSON | None, reads=StateRead.ANYWHERE)
    @staticmethod
    def settings_schema(root: strawberry.Parent[models.PluginConfig], info: Info) -> Json:
        """The JSON Schema of the settings (draft 2020-12), for forms and validators; null if the plugin declares none.
        Customers see it without what only the platform can set. Each secret has both `"writeOnly": true` and
        `"format": "password"`.
        """
        return ShownSettings(root, sees_all=info.context.actor.is_platform_operator).schema()

    @field(maximum=MAXIMUM_SETTINGS, reads=StateRead.ANYWHERE)
    @staticmethod
    def platform_only_settings(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[str] | None:
        """The JSON Pointers (RFC 6901) of the settings that only the platform can set, `*` for any name; null for
        viewers who are not platform operators.
        """
        shown = show_globally(root, info)
        return shown.platform_only() if shown else None

    @field(graphql_type=JSON | None, reads=StateRead.ANYWHERE)
    @staticmethod
    def settings(root: strawberry.Parent[models.PluginConfig], info: Info) -> Json:
        """The values of the global layer alone, without secrets; null for viewers who are not platform operators."""
        shown = show_globally(root, info)
        return shown.own() if shown else None

    @field(graphql_type=JSON | None, reads=StateRead.ANYWHERE)
    @staticmethod
    def inherited_settings(root: strawberry.Parent[models.PluginConfig], info: Info) -> Json:
        """The schema's defaults, which hold where the global layer sets nothing; null for viewers who are not platform
        operators.
        """
        shown = show_globally(root, info)
        return shown.inherited() if shown else None

    @field(graphql_type=JSON | None, reads=StateRead.ANYWHERE)
    @staticmethod
    def effective_settings(root: strawberry.Parent[models.PluginConfig], info: Info) -> Json:
        """The global layer merged onto the schema's defaults, without secrets; null for viewers who are not platform
        operators.
        """
        shown = show_globally(root, info)
        return shown.effective() if shown else None

    @field(maximum=MAXIMUM_SETTINGS, reads=StateRead.ANYWHERE)
    @staticmethod
    def setting_sources(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[SettingSource] | None:
        """The layer that each value of `effectiveSettings` comes from; null for viewers who are not platform
        operators.
        """
        shown = show_globally(root, info)
        return shown.sources() if shown else None

    @field(maximum=MAXIMUM_SETTINGS, reads=StateRead.ANYWHERE)
    @staticmethod
    def secret_settings(root: strawberry.Parent[models.PluginConfig], info: Info) -> list[SecretSetting] | None:
        """The secrets of the global layer and whether they are set; null for viewers who are not platform operators."""
        shown = show_globally(root, info)
        return shown.secrets() if shown else None

    @connection(UncountedConnection[SettingsChange] | None)
    @staticmethod
    def settings_history(
        root: strawberry.Parent[models.PluginConfig], info: Info, arguments: PageArguments
    ) -> Page[AuditRow] | None:
        """The changes of the global layer, newest first; null for viewers who are not platform operators."""
        return histories.settings_of(info, root, None, arguments)

    @field(graphql_type=PluginHealth | None)
    @staticmethod
    def health(root: strawberry.Parent[models.PluginConfig], info: Info) -> models.PluginHealth | None:
        """The last check for the platform; null if there was none, and null for viewers who are not platform
        operators.
        """
        reading = info.context.reading
        return reading.find_health(root, customer_id=None) if reading.actor.is_platform_operator else None

    @connection(UncountedConnection[PluginHealth] | None)
    @staticmethod
    def health_history(
        root: strawberry.Parent[models.PluginConfig], info: Info, arguments: PageArguments
    ) -> Page[models.PluginHealth] | None:
        """The checks for the platform, newest first, as many as are kept; null for viewers who are not platform
        operators.
        """
        return histories.health_of_plugin(info, root, arguments)

    @field(graphql_type=PluginContributions | None, reads=StateRead.ANYWHERE)
    @staticmethod
    def contributions(root: strawberry.Parent[models.PluginConfig], info: Info) -> object | None:
        """What the plugin adds while it is effective; null for the role VIEWER, and while the plugin is not loaded."""
        from webnet.api.resolvers import contributions  # It creates navigation items, whose type refers to this one.

        return contributions.find_contributions(info.context.reading, root)

    @connection(Connection[CustomerPluginConfig] | None)
    @staticmethod
    def customer_configs(
        root: strawberry.Parent[models.PluginConfig], info: Info, arguments: PageArguments
    ) -> Page[models.CustomerPluginConfig] | None:
        """The choices that customers have made about the plugin, by customer; null for viewers who are not platform
        operators.
        """
        return listings.configs_of_plugin(info, root, arguments)

    @field(graphql_type=PluginAuditLog | None)
    @staticmethod
    def last_change(root: strawberry.Parent[models.PluginConfig], info: Info) -> AuditRow | None:
        """The last change for everybody: of the choice, the availability, the settings, a pause or the version. Null if
        the audit log has none, and for viewers who are not platform operators.
        """
        return last_changes.of_plugin(info.context.reading, root)

    @connection(UncountedConnection[PluginAuditLog] | None)
    @staticmethod
    def audit_logs(
        root: strawberry.Parent[models.PluginConfig], info: Info, arguments: PageArguments
    ) -> Page[AuditRow] | None:
        """The plugin's rows of the audit log, newest first; null for viewers who are not platform operators."""
        return listings.audit_logs_of_plugin(info, root, arguments)

    @staticmethod
    def find_nodes(info: Info, keys: Sequence[str]) -> Mapping[str, models.PluginConfig | None]:
        reading = info.context.reading
        found = {key: reading.find_plugin(key) for key in keys}
        reading.remember_plugins(filter(None, found.values()))
        return found

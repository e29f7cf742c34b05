"""The plugin class, which webnet reads: metadata, declarations and hooks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from hello_world import __version__
from hello_world.greeting import make_greeting
from hello_world.views import show_greeting
from webnet.plugins.base import (
    DashboardWidget,
    HealthReport,
    HookContext,
    NavigationItem,
    Permission,
    PluginBase,
    UIView,
)

logger = logging.getLogger(__name__)


class Plugin(PluginBase):
    """Greets the customer on the dashboard, with a text that the customer can change."""

    # Metadata. The name can't be changed later: rows, permissions and settings are stored under it.
    name = "hello_world"
    verbose_name = "Hello World"
    version = __version__
    author = "webnet contributors"
    description = "Greets each customer on the dashboard."
    licence = "MIT"
    keywords = ("example", "greeting")
    homepage = "https://example.com/webnet-plugins/hello-world"
    webnet_version = ">=0.1,<1"
    dependencies = ()  # such as ["device_inventory>=1.2,<2"]

    # Declarations. Each of these is called once, when the plugin loads, and mistakes are reported then.

    def get_settings_schema(self) -> dict[str, Any]:
        """JSON Schema: platform operators set these for all customers, and each customer can override them."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "greeting": {
                    "type": "string",
                    "title": "Greeting",
                    "description": "The text before the customer's name.",
                    "default": "Hello",
                    "minLength": 1,
                    "maxLength": 40,
                },
                "punctuation": {
                    "title": "Punctuation",
                    "description": "The end of the greeting.",
                    "enum": [".", "!", "…"],
                    "default": "!",
                },
            },
        }

    def get_permissions(self) -> list[Permission]:
        """Permissions; the full name of this one is `hello_world.greet`."""
        return [Permission(name="greet", description="Be greeted on the dashboard", minimum_role="viewer")]

    def get_navigation_items(self) -> list[NavigationItem]:
        """A link in the navigation; its `url` is relative to the plugin's root, so "" is the page below."""
        return [NavigationItem(label="Hello World", url="", icon="hand", order=10, permission="greet")]

    def get_ui_views(self) -> list[UIView]:
        """The page at `/c/<customer>/plugins/hello_world/`."""
        return [UIView(name="greeting", path="", view=show_greeting, title="Hello World", permission="greet")]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        """A widget of the dashboard; its function is called whenever a customer's dashboard is shown."""
        return [DashboardWidget(name="greeting", title="Greeting", order=10, permission="greet", data=self.greet)]

    def greet(self, context: HookContext) -> dict[str, str]:
        """The widget's data: `{"text": "Hello, Acme!"}`."""
        return {"text": make_greeting(context)}

    # Hooks. Each of these can be omitted, and so can the parameter `context`.

    def on_load(self) -> None:
        """Called once in every process. If it raises, the plugin is disabled and webnet starts without it."""
        # Every command is such a process, and its reader wants to see what the command prints.
        logger.debug("%s %s is loaded.", self.verbose_name, self.version)

    def on_unload(self) -> None:
        """Called when a process ends: release here what on_load has opened."""
        logger.debug("%s is unloaded.", self.verbose_name)

    def on_enable(self, context: HookContext) -> None:
        """Called inside the transaction, for database work only. Raise an exception to refuse the change."""
        logger.info("%s is being enabled for %s.", self.verbose_name, _name_of(context))

    def on_disable(self, context: HookContext) -> None:
        """Called inside the transaction, like on_enable. Keep the customer's data: they may enable it again."""
        logger.info("%s is being disabled for %s.", self.verbose_name, _name_of(context))

    def after_enable(self, context: HookContext) -> None:
        """Called after the commit, at least once: for idempotent calls over the network."""
        logger.info("%s is enabled for %s.", self.verbose_name, _name_of(context))

    def after_disable(self, context: HookContext) -> None:
        """Called after the commit, like after_enable."""
        logger.info("%s is disabled for %s.", self.verbose_name, _name_of(context))

    def on_upgrade(self, from_version: str) -> None:
        """Called when a newer version of the plugin is synced for the first time."""
        logger.info("%s is upgraded from version %s.", self.verbose_name, from_version)

    def migrate_settings(self, from_version: str, settings: dict[str, Any]) -> Mapping[str, Any]:
        """Convert stored settings of an older version; here, versions before 1.0 called the greeting `text`."""
        if from_version.startswith("0.") and "text" in settings:
            settings = {"greeting": settings["text"], **settings}
            del settings["text"]
        return settings

    def health_check(self, context: HookContext) -> HealthReport:
        """The health of the plugin, for a customer or for the platform."""
        greeting = context.settings["greeting"]
        if len(greeting) > 1 and greeting.isupper():
            return HealthReport(
                status="degraded", message="The greeting is in capitals.", details={"setting": "/greeting"}
            )
        return HealthReport(status="healthy", message="Ready to greet.")


def _name_of(context: HookContext) -> str:
    return str(getattr(context.customer, "name", "everybody"))

"""What webnet reads of this package: who the plugin is, what it declares, and what it does when something happens."""

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
    """Greets the customer on the dashboard, in words that the customer may change."""

    # Who it is. The name is for good: rows, permissions and settings are kept under it.
    name = "hello_world"
    verbose_name = "Hello World"
    version = __version__
    author = "webnet contributors"
    description = "Greets each customer on the dashboard."
    homepage = "https://example.com/webnet-plugins/hello-world"
    webnet_version = ">=0.1,<1"
    dependencies = ()  # such as ["device_inventory>=1.2,<2"]

    # What it declares. Each of these is called once, when the plugin loads, and mistakes are told at once.

    def get_settings_schema(self) -> dict[str, Any]:
        """JSON Schema: the operator sets these for everybody, and each customer may set its own over them."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "greeting": {
                    "type": "string",
                    "title": "Greeting",
                    "description": "The word before the customer's name.",
                    "default": "Hello",
                    "minLength": 1,
                    "maxLength": 40,
                },
                "punctuation": {
                    "title": "Punctuation",
                    "description": "How the greeting ends.",
                    "enum": [".", "!", "…"],
                    "default": "!",
                },
            },
        }

    def get_permissions(self) -> list[Permission]:
        """What members may do: `hello_world.greet` is its full name."""
        return [Permission(name="greet", description="Be greeted on the dashboard", minimum_role="viewer")]

    def get_navigation_items(self) -> list[NavigationItem]:
        """An entry of the menu; its `url` is relative to the plugin's own pages, so "" is the first of them."""
        return [NavigationItem(label="Hello World", url="", icon="hand", order=10, permission="greet")]

    def get_ui_views(self) -> list[UIView]:
        """Its page, at `/c/<customer>/plugins/hello_world/`."""
        return [UIView(name="greeting", path="", view=show_greeting, title="Hello World", permission="greet")]

    def get_dashboard_widgets(self) -> list[DashboardWidget]:
        """A widget of the dashboard: its function is called each time, for the customer who looks."""
        return [DashboardWidget(name="greeting", title="Greeting", order=10, permission="greet", data=self.greet)]

    def greet(self, context: HookContext) -> dict[str, str]:
        """The widget's data: `{"text": "Hello, Acme!"}`."""
        return {"text": make_greeting(context)}

    # What it does when something happens. Each of these may be left out, as may the context.

    def on_load(self) -> None:
        """Once in every process. Raising here sets the plugin aside, and the host starts all the same."""
        logger.info("%s %s is loaded.", self.verbose_name, self.version)

    def on_unload(self) -> None:
        """When a process is done with the plugin: the place to close what on_load has opened."""
        logger.info("%s is unloaded.", self.verbose_name)

    def on_enable(self, context: HookContext) -> None:
        """Inside the transaction: for database work only. Raising here refuses the change, and nothing has happened."""
        logger.info("%s is being enabled for %s.", self.verbose_name, _name_of(context))

    def on_disable(self, context: HookContext) -> None:
        """Inside the transaction, like on_enable. Keep the customer's data: they may come back."""
        logger.info("%s is being disabled for %s.", self.verbose_name, _name_of(context))

    def after_enable(self, context: HookContext) -> None:
        """After the commit, at least once: for calls over the network, made so that twice does no harm."""
        logger.info("%s is enabled for %s.", self.verbose_name, _name_of(context))

    def after_disable(self, context: HookContext) -> None:
        """After the commit, like after_enable."""
        logger.info("%s is disabled for %s.", self.verbose_name, _name_of(context))

    def on_upgrade(self, from_version: str) -> None:
        """When a newer version of the plugin is seen for the first time."""
        logger.info("%s comes from version %s.", self.verbose_name, from_version)

    def migrate_settings(self, from_version: str, settings: dict[str, Any]) -> Mapping[str, Any]:
        """One layer of settings, as an older version had them: here, that one called the greeting `text`."""
        if from_version.startswith("0.") and "text" in settings:
            settings = {"greeting": settings["text"], **settings}
            del settings["text"]
        return settings

    def health_check(self, context: HookContext) -> HealthReport:
        """How the plugin is, for one customer or for the platform: asked for by people and by monitoring."""
        greeting = context.settings["greeting"]
        if len(greeting) > 1 and greeting.isupper():
            return HealthReport(status="degraded", message="The greeting shouts.", details={"setting": "/greeting"})
        return HealthReport(status="healthy", message="Ready to greet.")


def _name_of(context: HookContext) -> str:
    return str(getattr(context.customer, "name", "everybody"))

"""The types of the fixtures that are functions, for type annotations in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from webnet.plugins.base import HookContext
from webnet.sdk.trial.client import WebnetClient

if TYPE_CHECKING:  # models can only be imported once Django is ready
    from webnet.customers.models import Customer


class MakeCustomer(Protocol):
    """The fixture `make_webnet_customer`."""

    def __call__(self, slug: str, name: str = "") -> Customer: ...


class MakeClient(Protocol):
    """The fixture `make_webnet_client`."""

    def __call__(self, role: str, customer: Customer | None = None) -> WebnetClient: ...


class SwitchPlugin(Protocol):
    """The fixtures `enable_plugin` and `disable_plugin`."""

    def __call__(self, plugin: str, *, customer: Customer | None = None) -> None: ...


class SetSettings(Protocol):
    """The fixture `webnet_settings`."""

    def __call__(self, plugin: str, *, customer: Customer | None = None, **values: Any) -> None: ...


class MakeHookContext(Protocol):
    """The fixture `hook_context`."""

    def __call__(self, plugin: str, *, customer: Customer | None = None) -> HookContext: ...

"""The context of a request for a plugin's code: the customer, settings, permissions, rows and audited operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar, overload

from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.db.models import QuerySet

from webnet.api.request.reader import Reading
from webnet.audit.models import PluginAuditLog
from webnet.audit.operation import Operation
from webnet.customers.access import Actor
from webnet.customers.models import Customer, Role
from webnet.errors import CustomerRequired, HookFailed, NotFound, PermissionDenied, PluginDefinitionError, Refusal
from webnet.plugins.gate.permissions import permissions_of, require_permission
from webnet.plugins.registry import registry
from webnet.plugins.settings import layers
from webnet.sdk.errors import refuse_invalid
from webnet.sdk.scope import all_rows, scope
from webnet.sentences import sentence
from webnet.values.platform_language import read_for_all

Settings = TypeVar("Settings")


@dataclass(frozen=True, kw_only=True)
class PluginContext:
    """A request, as one plugin sees it. In resolvers it is `info.context`; pages create it with `of()`."""

    plugin: str
    reading: Reading = field(repr=False)

    @classmethod
    def of(cls, plugin: str, *, actor: Actor, customer: Customer) -> PluginContext:
        """The context of a page, for this actor and customer. Raises NotFound if the actor may not see the customer."""
        reading = Reading(actor=actor, platform_token=None)
        reading.enter_view(customer.slug)
        return cls(plugin=plugin, reading=reading)

    @property
    def actor(self) -> Actor:
        """Who makes the request: `name`, `user_id` and the limits of their token."""
        return self.reading.actor

    @property
    def customer(self) -> Customer:
        """The customer of this view, or the actor's only customer or default. Raises CustomerRequired."""
        customer = self.reading.find_own_customer()
        # On the view of all their customers, a plugin may be effective for others than their default.
        is_default = customer is not None and self.reading.view is None
        if customer is None or (is_default and self.plugin not in self.reading.state_of(customer).effective):
            raise CustomerRequired
        return customer

    @overload
    def settings(self, plugin: str | None = None) -> Mapping[str, Any]: ...
    @overload
    def settings(self, plugin: str | None = None, *, into: type[Settings]) -> Settings: ...

    def settings(self, plugin: str | None = None, *, into: type[Any] | None = None) -> Any:
        """The customer's effective settings: of this plugin with its secrets, of other plugins without.

        `into` is a dataclass to return; settings for which it has no field are ignored.
        """
        name = plugin or self.plugin
        row = self.reading.platform.plugins.get(name)
        if row is None:
            raise NotFound.plugin(name)
        config = self.reading.state_of(self.customer).config(name)
        if name == self.plugin:
            merged: Mapping[str, Any] = layers.opened(row, config)
        else:
            merged = layers.as_read_by_plugins(name, layers.effective_settings(row, config))
        return merged if into is None else _fill(into, merged)

    def has(self, permission: str, *, customer: Customer | None = None) -> bool:
        """Whether the actor has the permission: "my_plugin.edit", or just "edit" for one of this plugin."""
        at = customer or self.customer
        state = self.reading.state_of(at)
        return self._codename(permission) in permissions_of(self.actor, at, state=state)

    def require(self, permission: str, *, customer: Customer | None = None) -> None:
        """Raise PermissionDenied unless the actor has the permission."""
        at = customer or self.customer
        require_permission(self.actor, at, self._codename(permission), state=self.reading.state_of(at))

    def require_role(self, role: Role) -> None:
        """Raise PermissionDenied unless the actor has at least this role for the customer."""
        if not self.reading.has_role(role, self.customer):
            message = sentence(
                "This needs the role {role} for '{customer}'.",
                role=sentence(role.label.lower()),
                customer=self.customer.slug,
            )
            raise PermissionDenied(message, required_role=role.value)

    def rows(self, model: Any) -> QuerySet[Any]:
        """The model's rows that may be seen: of the customers in view for whom the plugin is effective.

        For a model of another plugin, that one must be effective for them as well.
        """
        return scope(all_rows(model), self.reading, shown_by=self.plugin)

    def operation(self, action: str, *, reason: str = "") -> AbstractContextManager[PluginOperation]:
        """A transaction with a row in the customer's audit log: `with context.operation("import devices"):`."""
        return open_operation(action, plugin=self.plugin, actor=self.actor, customer=self.customer, reason=reason)

    def _codename(self, permission: str) -> str:
        return permission if "." in permission else f"{self.plugin}.{permission}"


def _fill(into: type[Any], merged: Mapping[str, Any]) -> Any:
    if not is_dataclass(into):
        raise TypeError(f"Settings need a dataclass, which {into.__name__} is not: decorate it with @dataclass.")
    names = {each.name for each in fields(into) if each.init}
    return into(**{name: value for name, value in merged.items() if name in names})


@dataclass(kw_only=True)
class PluginOperation:
    """What the audit log shall show of a plugin's own operation (JSON, without secrets)."""

    before: Any = None
    after: Any = None
    changed: bool = True


class _Raised(HookFailed):
    """What a plugin's block raised, for its audit row; the text may hold what only the plugin should know."""

    code = "OPERATION_FAILED"

    def __init__(self, error: Exception, *, plugin: str) -> None:
        super().__init__(f"'{plugin}' raised {type(error).__name__}.", plugin_name=plugin)
        self.error = error


@contextmanager
def open_operation(
    action: str, *, plugin: str, actor: Actor, customer: Customer | None, reason: str = ""
) -> Iterator[PluginOperation]:
    """Run the block in a transaction, and record it in the customer's audit log.

    If the block raises a refusal, it is recorded as refused, and any other error as failed; then it is raised again. A
    ValidationError of Django becomes InvalidInput. Set `before` and `after` to what the log shall show (JSON, without
    secrets). Set `changed = False` if there was nothing to change: then nothing is recorded.
    """
    action = read_for_all(action)
    longest = PluginAuditLog._meta.get_field("action").max_length or 0
    if not 0 < len(action) <= longest:
        raise PluginDefinitionError(
            f"'{plugin}': the name of an operation must have 1 to {longest} characters, not '{action}'."
        )
    entry = registry.get(plugin)
    version = entry.identity.version if entry.identity is not None else ""
    operation = Operation(
        actor=actor,
        action=action,
        reason=read_for_all(reason),
        customer=customer,
        plugin_name=plugin,
        plugin_version=version,
    )
    try:
        # Unlike an `audited` function, a block can't be tried again after a deadlock.
        with operation.transaction():
            block = PluginOperation()
            try:
                yield block
            except (Refusal, OperationalError):
                raise
            except ValidationError as error:
                raise refuse_invalid(error) from error
            except Exception as error:
                raise _Raised(error, plugin=plugin) from error
            if block.changed:
                operation.record(before=read_for_all(block.before), after=read_for_all(block.after))
    except _Raised as failed:
        raise failed.error from failed.error.__cause__

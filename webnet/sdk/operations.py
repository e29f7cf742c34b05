"""A plugin's own changes: one transaction, with their audit row last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError

from webnet.audit.operation import Operation
from webnet.customers.access import Actor
from webnet.customers.models import Customer
from webnet.errors import PluginDefinitionError
from webnet.plugins.models import PluginAuditLog
from webnet.plugins.registry import registry
from webnet.sdk.errors import refuse_invalid


@contextmanager
def open_operation(
    action: str, *, plugin: str, actor: Actor, customer: Customer | None, reason: str = ""
) -> Iterator[Operation]:
    """Everything in the block happens, or nothing; either way it is in the customer's audit log.

    A refusal is recorded as refused and anything else that the block raises as failed, and then it is raised again;
    a ValidationError of Django's becomes InvalidInput. Set `before` and `after` to what the log shall show (JSON,
    without secrets), and `changed = False` where everything already was as wished: then nothing is recorded.
    """
    longest = PluginAuditLog._meta.get_field("action").max_length or 0
    if not 0 < len(action) <= longest:
        raise PluginDefinitionError(f"'{plugin}': the name of an operation has 1 to {longest} letters: '{action}'.")
    entry = registry.get(plugin)
    version = entry.identity.version if entry.identity is not None else ""
    operation = Operation(
        actor=actor, action=action, reason=reason, customer=customer, plugin_name=plugin, plugin_version=version
    )
    with operation.block():
        operation.changed = True
        try:
            yield operation
        except ValidationError as error:
            raise refuse_invalid(error) from error

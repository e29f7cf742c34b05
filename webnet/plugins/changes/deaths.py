"""Finds processes that ended while they ran plugins' code, and pauses the plugin that this happens to again."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from webnet import black_box
from webnet.audit.operation import Operation
from webnet.black_box import Death, OpenCall
from webnet.customers.access import Actor, visible_customers
from webnet.customers.models import Customer, User
from webnet.errors import Refusal
from webnet.plugins.changes import pauses
from webnet.plugins.gate.effective import effective_customers
from webnet.plugins.runtime import deaths
from webnet.plugins.runtime.failures import Pair
from webnet.sentences import sentence

logger = logging.getLogger(__name__)

# One death says little: somebody may have killed the process. If several plugins ran each time, a third one decides.
SUFFICIENT_ALONE = 2
SUFFICIENT = 3


def count_and_pause() -> None:
    """Count the deaths that were not found yet, by this or another process."""
    for death in black_box.take_deaths(settings.WEBNET_DATA_DIR / black_box.FOLDER):
        # Whoever told it to end may also kill it, which says nothing about plugins.
        if death.calls and not death.was_ending:
            _blame(death)
    deaths.refresh()


def _blame(death: Death) -> None:
    """Pause those whom the most deaths speak against, if that is clear."""
    now = timezone.now()
    places: dict[Pair, OpenCall] = {}
    for call in death.calls:
        logger.error("Process %d has ended while plugin '%s' ran (in %s).", death.process, call.plugin, call.place)
        places |= {(call.plugin, customer): call for customer in _find_affected(call)}
    deaths.store(places, now=now)
    counts = deaths.count(places)
    most = max(counts.values(), default=0)
    likely = [pair for pair, counted in counts.items() if counted == most]
    is_clear = len({plugin for plugin, _ in likely}) == 1
    if most < (SUFFICIENT_ALONE if is_clear else SUFFICIENT):
        return
    slugs = dict(Customer.objects.filter(pk__in={customer for _, customer in likely}).values_list("pk", "slug"))
    for plugin, customer in likely:
        if customer and customer not in slugs:  # it was purged in the meantime
            continue
        reason = sentence("{count} processes have ended in it within a day.", count=most)
        operation = Operation(actor=pauses.QUARANTINE, action="pause_plugin", plugin_name=plugin, reason=reason)
        error = sentence("the process ended in {place}", place=places[plugin, customer].place)
        try:
            pauses.pause(operation, customer=slugs.get(customer), error=error, now=now)
        except Refusal as refusal:  # it was uninstalled in the meantime
            logger.warning("Plugin '%s' could not be paused: %s", plugin, refusal.message)
        except DatabaseError:  # not raised, or the death would be found and counted again
            logger.exception("Plugin '%s' could not be paused; its next death will pause it.", plugin)


def _find_affected(call: OpenCall) -> list[int]:
    """The request's customer; on the platform's view, the customers of its user; 0, the platform, for anything else."""
    if call.customer_id is not None:
        return [call.customer_id]
    user = User.objects.filter(pk=call.user_id).first() if call.user_id is not None else None
    if user is None or user.is_superuser:
        return [0]
    actor = Actor(name="", user_id=user.pk, is_superuser=False)
    return list(visible_customers(actor).filter(pk__in=effective_customers(call.plugin)).values_list("pk", flat=True))

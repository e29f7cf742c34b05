"""Remembers which plugins' code ran in processes that ended in the midst of it, and for which customers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from webnet.plugins.models import PluginDeath
from webnet.plugins.runtime.failures import Pair

# As long as a pause lengthens the next one.
REMEMBERED = timedelta(days=1)


def store(pairs: Iterable[Pair], *, now: datetime) -> None:
    """Add a death for each of the pairs, and delete those that are no longer remembered."""
    PluginDeath.objects.filter(died_at__lte=now - REMEMBERED).delete()
    PluginDeath.objects.bulk_create(
        PluginDeath(plugin_name=plugin, customer_id=customer, died_at=now) for plugin, customer in sorted(set(pairs))
    )


def count(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """How many deaths are remembered of each of the pairs."""
    wanted = set(pairs)
    rows = PluginDeath.objects.filter(plugin_name__in={plugin for plugin, _ in wanted})
    counted = rows.values_list("plugin_name", "customer_id").annotate(Count("pk"))
    return {(plugin, customer): deaths for plugin, customer, deaths in counted if (plugin, customer) in wanted}


def forget(plugin: str, customer_id: int) -> None:
    """Delete the deaths of this pair, so that it starts at zero."""
    PluginDeath.objects.filter(plugin_name=plugin, customer_id=customer_id).delete()


def is_suspect(plugin: str) -> bool:
    """Whether a process has ended in the plugin's code, as of the last `refresh`, so that no statement is needed."""
    return plugin in _suspects


def refresh() -> None:
    """Read which plugins are suspect: regularly in a server, and before a command that may call plugins' hooks."""
    global _suspects  # noqa: PLW0603 - a cache, replaced as a whole
    rows = PluginDeath.objects.filter(died_at__gt=timezone.now() - REMEMBERED)
    _suspects = frozenset(rows.values_list("plugin_name", flat=True).distinct())


_suspects: frozenset[str] = frozenset()

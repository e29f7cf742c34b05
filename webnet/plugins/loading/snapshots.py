"""Surrounds the code that a plugin runs while it is loaded: what belongs to others is as before when it returns."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from webnet.containment import deadline
from webnet.errors import PluginDefinitionError
from webnet.plugin_calls import PluginCall
from webnet.plugins.loading.django_state import DjangoState
from webnet.plugins.loading.host_code import PACKAGES, host_code
from webnet.plugins.loading.process_state import Change, ProcessState

logger = logging.getLogger(__name__)

# The plugin that was the first to import a library, by the library's top-level name.
imported_by: dict[str, str] = {}

# For an import, `ready()` and `on_load()`: a large library takes seconds on a slow disk, and some ask for a licence.
LOADING_SECONDS = 60
# In a reason, which is one line.
MAXIMUM_NAMED = 5


@contextmanager
def watching(module: str) -> Iterator[None]:
    """Run code of the plugin in this module, and put back what it changes of others.

    Raises PluginDefinitionError, which names the changes, where it touched the host's code or settings, signal
    handlers, or what others had registered. Other changes are logged.
    """
    host_code.begin()
    modules = frozenset(sys.modules)
    django_state, process_state = DjangoState(module), ProcessState()
    has_returned = False
    try:
        # A call, so that a database connection refuses to be changed. The plugin's name is not known yet.
        with deadline(LOADING_SECONDS), PluginCall(module, "what it runs while it is loaded"):
            yield
        has_returned = True
    finally:
        fresh = sys.modules.keys() - modules
        for library in {name.partition(".")[0] for name in fresh} - modules - PACKAGES:
            imported_by.setdefault(library, module)
        # The process first: the others look into modules, of which it has put back some.
        changes = [*process_state.restore(), *django_state.restore(), *host_code.restore()]
        harmful = [change for change in changes if change.is_harmful]
        if harmful and has_returned:
            raise PluginDefinitionError(f"'{module}' changed {_list(harmful)}: {WAY_OUT}")
        if changes:
            logger.warning("Plugin '%s' changed %s, which belongs to others. It was put back.", module, _list(changes))


WAY_OUT = "these belong to others, so they were put back; leave them alone while the plugin is loaded."


def _list(changes: list[Change]) -> str:
    named = [change.what for change in changes[:MAXIMUM_NAMED]]
    more = f" and {len(changes) - len(named)} more" if len(changes) > len(named) else ""
    return f"{', '.join(named)}{more}"

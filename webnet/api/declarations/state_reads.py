"""What a field's value depends on: metadata of a field, read before a document runs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

STATE_READ = "webnet.state_read"


class StateRead(Enum):
    """A field that depends on nothing but the plugins' state, the viewer's rights, the language and its arguments.

    The state is that under the generation tokens: plugins' rows, choices, settings and permissions. The rights are the
    viewer's role in the view, and whether they are a platform operator; not who they are.
    """

    ANYWHERE = "anywhere"
    IN_VIEW = "in_view"  # On the platform's view it reads other customers.


def reads_state(where: StateRead = StateRead.ANYWHERE) -> Mapping[Any, Any]:
    """The metadata of a field whose answers may be kept until the plugins' state changes."""
    return {STATE_READ: where}

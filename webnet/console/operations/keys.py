"""The server's keys: which are in use, and what still needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from webnet.console.frame.entry import for_platform, not_found
from webnet.console.frame.page_frame import Frame
from webnet.program import PROGRAM

# What the keys of each purpose are for.
PURPOSES: Mapping[str, str | Promise] = {
    "SETTINGS": _("The current key encrypts secrets; former ones still open what they encrypted."),
    "CHECKPOINTS": _("The current key signs checkpoints; signatures of all of these are trusted."),
    "SESSIONS": _("The current key signs what browsers and clients keep; former ones are still accepted."),
}


@require_safe
@for_platform
def show_keys(request: HttpRequest, frame: Frame) -> HttpResponse:
    """For platform operators; for others there is no such page."""
    keys = frame.run("keys")["keys"]
    if keys is None:
        return not_found(request)
    return frame.render("webnet/keys/list.html", {"groups": _group(keys), "program": PROGRAM})


def _group(keys: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"purpose": purpose, "text": text, "keys": [key for key in keys if key["purpose"] == purpose]}
        for purpose, text in PURPOSES.items()
    ]

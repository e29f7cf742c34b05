"""The event stream that a page follows: a subscription by GET, which is all that an EventSource of a browser sends."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from webnet.console.frame.documents import read_document
from webnet.console.frame.page_frame import Frame


def make_stream_address(frame: Frame, plugin: str, *, after: str | None) -> str:
    """The address of the events about the plugin after this cursor; empty where only trusted documents are served."""
    if settings.WEBNET_TRUSTED_DOCUMENTS_ONLY:
        return ""
    slug = frame.customer.slug if frame.customer else None
    address = reverse("graphql-customer", kwargs={"customer": slug}) if slug else reverse("graphql")
    variables = json.dumps({"plugin": plugin, "after": after}, separators=(",", ":"))
    return f"{address}?{urlencode({'query': read_document('plugin_events'), 'variables': variables})}"

"""`{% load webnet_console %}`: moments in the viewer's time zone, and GraphQL's enum values as words."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext

from webnet.console.time_zones import find_zone
from webnet.console.words import find_word

register = template.Library()


@register.simple_tag(takes_context=True)
def moment(context: template.Context, value: datetime | str | None) -> SafeString:
    """A `<time>` element in the viewer's time zone with UTC as its title; nothing for None.

    The value is an aware datetime, or one as text, as the API has it (RFC 3339).
    """
    if not value:
        return SafeString()
    aware = datetime.fromisoformat(value) if isinstance(value, str) else value
    # A RequestContext has the request itself, also in what is included with `only`.
    request = getattr(context, "request", None) or context.get("request")
    exact = aware.astimezone(UTC)
    try:
        local = aware.astimezone(find_zone(request))
    except OverflowError:
        # In its last hours, as a token may expire, the year 9999 is over elsewhere, and there is none after it.
        local = exact
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        exact.isoformat().replace("+00:00", "Z"),
        f"{exact:%Y-%m-%d %H:%M:%S}",
        # Translators: a date with its time, as in https://docs.djangoproject.com/en/stable/ref/templates/builtins/#date
        date_format(local, pgettext("format of a moment", "j M Y, H:i")),
    )


@register.filter
def word(value: object) -> str:
    """An enum value of GraphQL, such as `NEEDS_MIGRATION`, as a word in the viewer's language; "" for None."""
    return find_word(str(value)) if value else ""

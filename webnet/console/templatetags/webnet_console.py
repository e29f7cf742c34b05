"""`{% load webnet_console %}`: what the console's templates show times with."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def moment(value: datetime | str | None) -> SafeString | str:
    """The time in the person's zone, with UTC in the title; nothing for None. A text is RFC 3339, as the API has it."""
    if not value:
        return ""
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    in_utc = instant.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        in_utc.isoformat(),
        in_utc.strftime("%Y-%m-%d %H:%M:%S"),
        date_format(timezone.localtime(instant), "SHORT_DATETIME_FORMAT"),
    )

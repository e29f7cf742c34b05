"""Reads what an address asks a list for: the page, and words to search for; and what a form switches."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

ROWS_PER_PAGE = 50
# As much as anybody types to find something.
LONGEST_TEXT = 200


def read_page(request: HttpRequest, *, rows: int = ROWS_PER_PAGE) -> dict[str, Any]:
    """The variables of a connection for `?after=` or `?before=`: a cursor of the page before."""
    before = request.GET.get("before")
    return {"last": rows, "before": before} if before else {"first": rows, "after": request.GET.get("after") or None}


def read_text(request: HttpRequest, name: str) -> str:
    """What somebody typed into the field; without what no database can search for."""
    return request.GET.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT]


def read_switch(request: HttpRequest, name: str) -> bool | str:
    """Whether the form switches something on or off; what says neither stays what it is, for the API to refuse."""
    sent = request.POST.get(name, "")
    return {"true": True, "false": False}.get(sent, sent)

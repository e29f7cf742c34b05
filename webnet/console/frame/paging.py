"""Reads what an address asks a list for: the page, and words to search for; and what a form switches."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise

ROWS_PER_PAGE = 50
# As much as anybody types to find something.
LONGEST_TEXT = 200
# What an address names the place in a list by.
CURSORS = ("after", "before")


class UnknownChoice(Exception):
    """A filter in the address has a value that its list does not offer; `label` is what the page calls the filter."""

    def __init__(self, label: str | Promise) -> None:
        super().__init__(f"The filter '{label}' has a value that does not exist.")
        self.label = label


def read_page(request: HttpRequest, *, rows: int = ROWS_PER_PAGE) -> dict[str, Any]:
    """The variables of a connection for `?after=` or `?before=`: a cursor of the page before."""
    before = request.GET.get("before")
    return {"last": rows, "before": before} if before else {"first": rows, "after": request.GET.get("after") or None}


def read_text(request: HttpRequest, name: str) -> str:
    """What somebody typed into the field; without what no database can search for."""
    return request.GET.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT]


def read_choice(request: HttpRequest, name: str, choices: Container[str], *, label: str | Promise) -> str:
    """What was chosen of a filter's list; empty for all. Raises UnknownChoice, for which `entry` shows a page."""
    return check_choice(read_text(request, name), choices, label=label)


def check_choice(chosen: str, choices: Container[str], *, label: str | Promise) -> str:
    """What was chosen, if the list offers it; empty for all. Raises UnknownChoice."""
    if chosen and chosen not in choices:
        raise UnknownChoice(label)
    return chosen


def read_switch(request: HttpRequest, name: str) -> bool | str:
    """Whether the form switches something on or off; what says neither stays what it is, for the API to refuse."""
    sent = request.POST.get(name, "")
    return {"true": True, "false": False}.get(sent, sent)

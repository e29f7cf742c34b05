"""Forms of pages, as a browser without JavaScript fills and sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    """A form with the entries that a browser would send."""

    action: str
    entries: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values: dict[str, Any] = {name: value if value is not None else "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(action=values.get("action", "")))
        elif not self.forms:
            return
        entries = self.forms[-1].entries
        if tag in ("input", "textarea") and "name" in values:
            entries[values["name"]] = values.get("value", "")
        elif tag == "select":
            self._select = values.get("name", "")
        elif tag == "option" and self._select and (self._select not in entries or "selected" in values):
            entries[self._select] = values.get("value", "")


def read_forms(page: str) -> list[Form]:
    """All forms of the page, in order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def find_form(page: str, *names: str) -> Form:
    """The one form with these entries."""
    [found] = [each for each in read_forms(page) if set(names) <= set(each.entries)]
    return found
